"""Mutation.heartbeats: what the gateway says of its clients, each judged as by `heartbeat`, and refused alone."""

import uuid
from typing import Any

import pytest

from chat.rules.devices import FRESH_MS
from chat.steps.heartbeat_request import MOST_PEOPLE, MOST_POSITIONS, MOST_ROOMS
from chat.steps.presence_items import HEARTBEATS
from tests.resolvers.harness import Harness, Refusal

EVENT = "Mutation.heartbeats"
NOTHING = dict.fromkeys(["seq", "rev", "epoch", "unread", "unreadMentions"])


def person_id() -> str:
    """A user whose client has sent no heartbeat yet."""
    return f"p-{uuid.uuid4().hex[:8]}"


def said(user_id: str, *rooms: tuple[str, int], **more: object) -> dict[str, Any]:
    named = [{"roomId": room, "seq": seq} for room, seq in rooms]
    return {"userId": user_id, "deviceId": "desk", "rooms": named, **more}


def heartbeats(harness: Harness, *people: object) -> dict[str, Any]:
    return harness.event(EVENT, people=list(people))


def of(answer: Any) -> list[str | None]:
    """The refusals' names."""
    return [each["errorType"] for each in answer]


def presence(harness: Harness, user_id: str) -> dict[str, Any] | None:
    found = [
        each for each in harness.partition("gg_core", f"USER#{user_id}") if each["SK"]["S"] == "PRESENCE"
    ]
    return found[0] if found else None


def test_the_demo_event_is_answered_for_each_person_without_what_is_theirs(harness: Harness) -> None:
    room, guild = harness.room(), harness.room({"alice": "owner"}, guild=True)
    ann, bob = person_id(), person_id()
    for user in (ann, bob):
        harness.member(room, user, status="active", role="member")
    harness.send(room, "one")
    event = heartbeats(harness, said(ann, (room, 0), watching=room), said(bob, (room, 1), (guild, 0)))
    answer = harness.run(event, writes=["AT", "AT", "PRESENCE", "PRESENCE", "WINDOW"])
    head = {
        "roomId": room,
        "seq": 1,
        "rev": 2,
        "epoch": 1,
        "unread": None,
        "unreadMentions": None,
        "left": False,
    }
    assert answer == [
        {"userId": ann, "deviceId": "desk", "rooms": [head], "errorType": None, "message": None},
        {
            "userId": bob,
            "deviceId": "desk",
            "rooms": [head, {"roomId": guild, **NOTHING, "left": True}],
            "errorType": None,
            "message": None,
        },
    ]


def test_what_is_stored_is_what_single_heartbeats_store(harness: Harness) -> None:
    room, ann, bob = harness.room(), person_id(), person_id()
    for user in (ann, bob):
        harness.member(room, user, status="active", role="member", joinedSeq=0)
    harness.send(room, "one", "two")
    harness.invoke(heartbeats(harness, said(ann, (room, 1))))
    single = harness.event(
        "Mutation.heartbeat", bob, watching=None, deviceId="desk", rooms=[{"roomId": room, "seq": 1}]
    )
    harness.invoke(single)
    together, alone = (harness.item(room, f"AT#ROOM#{room}", user) for user in (ann, bob))
    for each in (together, alone):
        assert each.pop("dueAt") > 0
        each.pop("PK")
    assert together == alone
    shown = [presence(harness, user) for user in (ann, bob)]
    assert shown[0] is not None
    assert shown[1] is not None
    assert shown[0].keys() == shown[1].keys()


def test_nobody_but_the_gateway_may_say_it(harness: Harness) -> None:
    for variant in ("person", "admin"):
        harness.refused(harness.event(f"{EVENT}.{variant}"), "NotAllowed", reason="role")


def test_one_persons_fault_is_no_other_persons(harness: Harness) -> None:
    room, ann, eve = harness.room(), person_id(), person_id()
    for user in (ann, eve):
        harness.member(room, user, status="active", role="member")
    bare = harness.event("Mutation.heartbeat.bare", eve)
    while not isinstance(harness.invoke(bare), Refusal):
        pass
    people = [
        said(ann, (room, 0)),
        said("", (room, 0)),
        said(person_id(), deviceId="a phone"),
        said(person_id(), ("a room", 0)),
        said(person_id(), status="BUSY"),
        said(person_id(), watching="#"),
        said(person_id(), *((f"r-{number}", 0) for number in range(MOST_ROOMS + 1))),
        said(person_id(), rooms=[{"roomId": room, "seq": -1}]),
        said(eve, (room, 0)),
    ]
    answer = harness.run(heartbeats(harness, *people), writes=["PRESENCE"])
    assert of(answer) == [None, *["InvalidInput"] * 7, "RateLimited"]
    assert [each["rooms"] is None for each in answer] == [False, *[True] * 8]
    assert answer[1]["userId"] == ""
    assert "argument=deviceId" in answer[2]["message"]
    assert "retryAfterMs=" in answer[8]["message"]
    event = harness.event(f"{EVENT}.malformed-person")
    assert of(harness.invoke(event)) == [None, "InvalidInput", "InvalidInput"]


def test_membership_is_what_it_is_now(harness: Harness) -> None:
    room, ann = harness.room(), person_id()
    harness.member(room, ann, status="active", role="member")
    event = heartbeats(harness, said(ann, (room, 0)))
    assert harness.invoke(event)[0]["rooms"][0]["left"] is False
    for status in ("left", "banned", "invited"):
        harness.member(room, ann, status=status)
        assert harness.invoke(event)[0]["rooms"] == [{"roomId": room, **NOTHING, "left": True}]


def test_what_was_just_said_is_not_written_again_and_what_is_new_is(harness: Harness) -> None:
    room, ann = harness.room(), person_id()
    harness.member(room, ann, status="active", role="member")
    assert FRESH_MS < 75_000 / 2 + 5_000
    harness.run(heartbeats(harness, said(ann, (room, 0))), writes=["PRESENCE"])
    harness.run(heartbeats(harness, said(ann, (room, 0))), writes=[])
    harness.run(heartbeats(harness, said(ann, (room, 0), status="AWAY")), writes=["PRESENCE"])
    harness.run(heartbeats(harness, said(ann, (room, 0), deviceId="phone")), writes=["PRESENCE"])
    harness.run(heartbeats(harness, said(ann, status="OFFLINE")), writes=["PRESENCE"])
    harness.run(heartbeats(harness, said(ann, status="OFFLINE")), writes=[])
    harness.send(room, "one")
    harness.run(heartbeats(harness, said(ann, (room, 1), deviceId="phone")), writes=["AT", "HOUR"])


def test_two_devices_of_a_person_are_taken_in_one_after_the_other(harness: Harness) -> None:
    room, ann = harness.room(), person_id()
    harness.member(room, ann, status="active", role="member")
    harness.send(room, "one", "two")
    event = heartbeats(
        harness,
        said(ann, (room, 2)),
        said(ann, (room, 1), deviceId="phone", status="AWAY"),
        said(ann, deviceId=None),
    )
    assert of(harness.run(event, writes=["AT", "PRESENCE"])) == [None, None, None]
    assert harness.item(room, f"AT#ROOM#{room}", ann)["deliveredSeq"] == 2
    stored = presence(harness, ann)
    assert stored is not None
    assert stored["devices"]["S"].count("[") == 2
    assert stored["status"]["S"] == "online"


def test_a_ledger_is_written_once_for_all_of_a_room(harness: Harness) -> None:
    room = harness.room()
    people = [person_id() for _ in range(5)]
    for user in people:
        harness.member(room, user, status="active", role="member", joinedSeq=0)
    first = heartbeats(harness, *(said(user, (room, 0), watching=room) for user in people))
    answer = harness.invoke(first)
    assert of(answer) == [None] * 5
    watching = harness.invoke(harness.event("Query.presence", "alice", roomId=room))["watching"]
    assert watching == 5
    for user in people:
        # Noted a while ago, so that it is judged now.
        harness.receipts(room, user, dueSeq=1, dueAt=1, judgedSeq=0)
    harness.send(room, "one")
    harness.invoke(heartbeats(harness, *(said(user, (room, index % 2)) for index, user in enumerate(people))))
    report = harness.invoke(harness.event("Query.delivery", "alice", roomId=room, hours=1))
    assert (report["sent"], report["delivered"]) == (5, 2)


def test_a_room_that_is_not_adopted_yet_is_answered_as_heartbeat_answers_it(harness: Harness) -> None:
    room, ann = "not-adopted-heartbeats", person_id()
    harness.member(room, ann, status="active", role="member")
    answer = harness.run(heartbeats(harness, said(ann, (room, 0))), writes=["PRESENCE"])
    assert answer[0]["rooms"] == [
        {
            "roomId": room,
            "seq": 0,
            "rev": 0,
            "epoch": 1,
            "unread": None,
            "unreadMentions": None,
            "left": False,
        }
    ]


@pytest.mark.parametrize("people", [None, "ann", {}, 7, [None], ["ann"], [[]]])
def test_what_is_no_list_of_people_is_refused(harness: Harness, people: object) -> None:
    event = harness.event(EVENT)
    event["arguments"]["people"] = people
    outcome = harness.invoke(event)
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, outcome.values) == (
        "InvalidInput",
        {"argument": "people", "max": str(MOST_PEOPLE)},
    )


def test_a_hundred_people_and_five_hundred_rooms_are_taken_and_no_more(harness: Harness) -> None:
    too_many = harness.event(f"{EVENT}.too-many")
    harness.refused(too_many, "InvalidInput", argument="people", max=MOST_PEOPLE)
    each = MOST_POSITIONS // 10
    people = [said(person_id(), *((f"nowhere-{n}", 0) for n in range(each))) for _ in range(10)]
    more = [*people, said(person_id(), ("nowhere", 0))]
    harness.refused(heartbeats(harness, *more), "InvalidInput", argument="people", max=MOST_POSITIONS)
    assert of(harness.invoke(heartbeats(harness, *people))) == [None] * 10
    assert harness.invoke(heartbeats(harness)) == []


def test_the_devices_of_one_call_take_from_the_persons_rate_one_after_the_other(harness: Harness) -> None:
    """Somebody may have a hundred connections to the gateway, which are reported together."""
    ann, most = person_id(), HEARTBEATS.burst
    devices = [said(ann, deviceId=f"tab-{number}") for number in range(30)]
    answer = harness.run(heartbeats(harness, *devices, said(person_id())), writes=["PRESENCE", "PRESENCE"])
    assert of(answer) == [None] * most + ["RateLimited"] * (30 - most) + [None]
    assert "retryAfterMs=" in answer[most]["message"]
    ben = person_id()
    again = [said(ben, deviceId="tab-0") for _ in range(30)]  # which says nothing new
    assert of(harness.invoke(heartbeats(harness, *again))) == [None] * 30


def test_a_person_may_be_heard_of_as_often_as_by_their_own_heartbeats(harness: Harness) -> None:
    ann = person_id()
    for number in range(HEARTBEATS.burst):
        status = ("AWAY", "ONLINE")[number % 2]
        assert of(harness.invoke(heartbeats(harness, said(ann, status=status)))) == [None]
    (refused,) = harness.run(heartbeats(harness, said(ann, status="AWAY")), writes=[])
    assert refused["errorType"] == "RateLimited"
