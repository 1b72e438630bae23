"""One client: what it asks the chat for."""

from gateway import documents
from tests.gateway.fakes import Bob, FakeChat, FakeFeed, member


async def test_a_heartbeat_says_which_device_it_is_and_the_last_one_that_it_goes() -> None:
    chat = FakeChat(member(1), {}, {})
    bob = Bob(chat, FakeFeed())
    bob.client.name_device("phone")
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.sends(type="delivered", room="lobby", seq=3)
    assert not bob.client.is_seen(100.0)
    bob.client.heard(100.0, 130.0)
    assert bob.client.is_seen(175.0)
    assert not bob.client.is_seen(176.0)
    await bob.client.say(bob.client.report())
    await bob.client.say(bob.client.report("OFFLINE"))
    sent = [variables for document, variables in chat.asked if document == documents.HEARTBEAT]
    assert [(each["deviceId"], each["status"], each["rooms"]) for each in sent] == [
        ("phone", "ONLINE", [{"roomId": "lobby", "seq": 3}]),
        ("phone", "OFFLINE", []),
    ]
    await bob.hub.close()


async def test_what_was_not_taken_is_said_again_and_never_less_than_before() -> None:
    bob = Bob(FakeChat(), FakeFeed())
    bob.client.delivered("lobby", 3)
    bob.client.delivered("garden", 1)
    report = bob.client.report()
    bob.client.delivered("lobby", 5)
    bob.client.heard(0.0, 30.0)
    bob.client.take_back(report, 6.0)
    assert bob.client.due_at == 6.0
    assert bob.client.report().rooms == {"lobby": 5, "garden": 1}
