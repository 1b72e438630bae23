"""One client: what it asks the chat for."""

from gateway import documents
from gateway.client import HEARTBEAT_ROOMS, HEARTBEAT_SECONDS
from tests.gateway.fakes import UNREACHABLE, Bob, FakeChat, FakeFeed, member


async def test_what_was_delivered_is_passed_on_twice_a_minute_and_not_forgotten_when_that_fails() -> None:
    rooms = [f"r{number}" for number in range(HEARTBEAT_ROOMS + 5)]
    chat = FakeChat(*(member(1) for _ in rooms), UNREACHABLE, {}, {})
    bob = Bob(chat, FakeFeed())
    for second, room in enumerate(rooms):
        await bob.sends(now=float(second), type="subscribe", room=room)
        await bob.sends(now=float(second), type="delivered", room=room, seq=3)
    await bob.joined()
    asked = len(chat.asked)
    for count in (1, 2, 3):
        await bob.client.send_heartbeat(now=count * HEARTBEAT_SECONDS)
        await bob.client.send_heartbeat(now=count * HEARTBEAT_SECONDS + 1)
    assert not bob.client.needs_heartbeat
    sent = [
        variables["rooms"] for document, variables in chat.asked[asked:] if document == documents.HEARTBEAT
    ]
    assert [len(each) for each in sent] == [HEARTBEAT_ROOMS, HEARTBEAT_ROOMS, 5]
    assert {each["roomId"] for rooms in sent[1:] for each in rooms} == set(rooms)
    await bob.hub.close()


async def test_a_heartbeat_says_which_device_it_is_and_the_last_one_that_it_goes() -> None:
    chat = FakeChat(member(1), {}, {})
    bob = Bob(chat, FakeFeed())
    bob.client.name_device("phone")
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.sends(type="delivered", room="lobby", seq=3)
    assert not bob.client.is_seen(100.0)
    await bob.client.send_heartbeat(now=100.0)
    assert bob.client.is_seen(175.0)
    assert not bob.client.is_seen(176.0)
    await bob.client.send_goodbye()
    sent = [variables for document, variables in chat.asked if document == documents.HEARTBEAT]
    assert [(each["device"], each["status"]) for each in sent] == [("phone", "ONLINE"), ("phone", "OFFLINE")]
    await bob.hub.close()
