"""Mutation.setHold, Mutation.liftHold, Query.holds: what is under a legal hold stays, and nobody reads more for it."""

import uuid
from typing import Any

import pytest

from chat.operations.run_jobs import run_jobs
from chat.rules.tally import Tally
from chat.storage.items import plain
from tests.resolvers.harness import Event, Harness


def asked(harness: Harness, name: str, **arguments: object) -> Event:
    event = harness.event(name, None, **arguments)
    event["identity"]["resolverContext"]["roles"] = "privacy"
    return event


def hold(harness: Harness, **subject: str) -> dict[str, Any]:
    """A hold whose job has ended."""
    named = {"roomId": None, "userId": None, **subject}
    made: dict[str, Any] = harness.invoke(asked(harness, "Mutation.setHold", **named, reason="Case 17"))
    assert made["state"] == "PENDING", made
    work(harness)
    return found(harness, made["id"])


def lift(harness: Harness, hold_id: str) -> dict[str, Any]:
    assert harness.invoke(asked(harness, "Mutation.liftHold", id=hold_id))["state"] == "LIFTING"
    work(harness)
    return found(harness, hold_id)


def found(harness: Harness, hold_id: str) -> dict[str, Any]:
    (only,) = [
        each for each in harness.invoke(asked(harness, "Query.holds"))["items"] if each["id"] == hold_id
    ]
    return dict(only)


def work(harness: Harness) -> None:
    run = run_jobs(harness.deployment, 20.0, Tally())
    assert not run.failures


def messages(harness: Harness, room: str) -> list[dict[str, Any]]:
    return stored(harness, room, "MSG#")


def originals(harness: Harness, room: str) -> list[dict[str, Any]]:
    return stored(harness, room, "HELD#")


def stored(harness: Harness, room: str, kind: str) -> list[dict[str, Any]]:
    items = [plain(each) for each in harness.partition("gg_core", f"ROOM#{room}")]
    return [each for each in items if str(each["SK"]).startswith(kind)]


def ends(items: list[dict[str, Any]]) -> set[str]:
    """The attributes that say when the items are gone."""
    return {name for item in items for name in ("expiresAt", "heldExpiresAt") if name in item}


def test_a_room_is_held_with_what_comes_later_and_given_back(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, "first")
    was = [each["expiresAt"] for each in messages(harness, room)]
    held = hold(harness, roomId=room)
    assert (held["state"], held["moved"], held["through"]) == ("ACTIVE", 1, None)
    harness.send(room, "second")
    assert ends(messages(harness, room)) == {"heldExpiresAt"}
    assert [each["heldExpiresAt"] for each in messages(harness, room)][:1] == was
    assert len(harness.invoke(harness.event("Query.messages", roomId=room))["items"]) == 2
    assert lift(harness, held["id"])["state"] == "LIFTED"
    assert ends(messages(harness, room)) == {"expiresAt"}
    assert [each["expiresAt"] for each in messages(harness, room)][:1] == was
    harness.send(room, "third")
    assert ends(messages(harness, room)) == {"expiresAt"}


def test_a_held_room_is_not_deleted_and_is_once_the_hold_is_lifted(harness: Harness) -> None:
    room = harness.room()
    held = hold(harness, roomId=room)
    harness.refused(harness.event("Mutation.deleteRoom", roomId=room), "NotAllowed", reason="legalHold")
    lift(harness, held["id"])
    assert (
        harness.invoke(harness.event("Mutation.deleteRoom", roomId=room))["notice"]["kind"] == "ROOM_DELETED"
    )


def test_what_is_edited_and_removed_under_a_hold_is_kept_and_hidden(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, "as it was")[0]
    held = hold(harness, roomId=room)
    harness.invoke(harness.event("Mutation.editMessage", roomId=room, id=sent["id"], text="as it is"))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=sent["id"]))
    assert [each["text"] for each in originals(harness, room)] == ["as it was", "as it is"]
    (left,) = harness.invoke(harness.event("Query.messages", roomId=room))["items"]
    assert left["text"] is None
    lift(harness, held["id"])
    assert ends(originals(harness, room)) <= {"expiresAt"}


def test_a_person_is_held_in_their_rooms_and_nobody_else_is(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    room = harness.room({user: "owner", "bob": "member"})
    harness.invoke(harness.event("Mutation.sendMessage", user, roomId=room, clientMessageId="c-1"))
    harness.invoke(harness.event("Mutation.sendMessage", "bob", roomId=room, clientMessageId="c-1"))
    held = hold(harness, userId=user)
    assert held["state"] == "ACTIVE"
    harness.invoke(harness.event("Mutation.sendMessage", user, roomId=room, clientMessageId="c-2"))
    by_hold = {each["seq"]: "heldExpiresAt" in each for each in messages(harness, room)}
    assert by_hold == {1: True, 2: False, 3: True}
    harness.refused(harness.event("Mutation.deleteRoom", user, roomId=room), "NotAllowed", reason="legalHold")
    lift(harness, held["id"])
    assert ends(messages(harness, room)) == {"expiresAt"}


def test_of_two_holds_the_other_still_holds(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    room = harness.room({user: "owner", "bob": "member"})
    harness.invoke(harness.event("Mutation.sendMessage", user, roomId=room, clientMessageId="c-1"))
    first, second = hold(harness, roomId=room), hold(harness, userId=user)
    lift(harness, first["id"])
    assert ends(messages(harness, room)) == {"heldExpiresAt"}
    lift(harness, second["id"])
    assert ends(messages(harness, room)) == {"expiresAt"}


def test_a_hold_lifted_before_its_job_has_begun_leaves_nothing_held(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, "first")
    made = harness.invoke(asked(harness, "Mutation.setHold", roomId=room, userId=None, reason="Case 17"))
    assert lift(harness, made["id"])["state"] == "LIFTED"
    assert ends(messages(harness, room)) == {"expiresAt"}


def test_it_is_for_privacy_and_administrators_and_of_one_thing(harness: Harness) -> None:
    harness.refused(harness.event("Mutation.setHold.not-allowed"), "NotAllowed", reason="role")
    harness.refused(harness.event("Mutation.liftHold.not-allowed"), "NotAllowed", reason="role")
    harness.refused(harness.event("Query.holds.not-allowed"), "NotAllowed", reason="role")
    harness.refused(
        harness.event("Mutation.setHold.without-reason"), "InvalidInput", argument="reason", max="500"
    )
    harness.refused(harness.event("Mutation.liftHold"), "InvalidInput", argument="id")
    harness.refused(
        asked(harness, "Mutation.setHold", roomId=None, userId=None), "InvalidInput", argument="roomId"
    )
    room = f"r-{uuid.uuid4()}"
    harness.refused(asked(harness, "Mutation.setHold", roomId=room, userId=None), "NotRoomMember")


def test_a_repeat_answers_the_hold_that_stands(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    event = asked(harness, "Mutation.setHold", roomId=None, userId=user, reason="Case 18")
    first = harness.invoke(event)
    assert harness.invoke(event)["id"] == first["id"]
    work(harness)
    lift(harness, first["id"])


def membership(harness: Harness, room: str, user: str) -> dict[str, Any]:
    found = [plain(each) for each in harness.partition("gg_core", f"USER#{user}")]
    (only,) = [each for each in found if each["SK"] == f"IN#ROOM#{room}"]
    return only


def test_a_membership_that_ends_under_a_hold_of_its_person_is_kept_and_expires_after_it(
    harness: Harness,
) -> None:
    user = f"p-{uuid.uuid4()}"
    room = harness.room({user: "member", "bob": "owner"})
    held = hold(harness, userId=user)
    harness.invoke(harness.event("Mutation.leaveRoom", user, roomId=room))
    assert ends([membership(harness, room, user)]) == {"heldExpiresAt"}
    lift(harness, held["id"])
    assert ends([membership(harness, room, user)]) == {"expiresAt"}


@pytest.mark.parametrize("verb", ["joinRoom", "banMember"])
def test_who_comes_back_under_a_hold_has_a_membership_that_does_not_expire_after_it(
    harness: Harness, verb: str
) -> None:
    user = f"p-{uuid.uuid4()}"
    room = harness.room({user: "member", "bob": "owner"})
    harness.invoke(harness.event("Mutation.updateRoom", "bob", roomId=room, visibility="PUBLIC"))
    harness.invoke(harness.event("Mutation.leaveRoom", user, roomId=room))
    held = hold(harness, userId=user)
    assert ends([membership(harness, room, user)]) == {"heldExpiresAt"}
    if verb == "joinRoom":
        harness.invoke(harness.event("Mutation.joinRoom", user, roomId=room))
    else:
        harness.invoke(harness.event("Mutation.banMember", "bob", roomId=room, userId=user))
    lift(harness, held["id"])
    assert ends([membership(harness, room, user)]) == set()


@pytest.mark.parametrize("ends_at", ["2020-01-01T00:00:00.000Z", "soon"])
def test_an_end_is_an_instant_that_has_not_passed(harness: Harness, ends_at: str) -> None:
    event = asked(harness, "Mutation.setHold", roomId=harness.room(), userId=None, endsAt=ends_at)
    harness.refused(event, "InvalidInput", argument="endsAt")


def test_an_end_of_its_own_waits_until_somebody_lifts_the_hold(harness: Harness) -> None:
    ends_at = "2100-01-01T00:00:00.000Z"
    event = asked(harness, "Mutation.setHold", roomId=harness.room(), userId=None, endsAt=ends_at)
    made = harness.invoke(event)
    assert made["endsAt"] == ends_at

    def is_due() -> bool:
        return any(made["id"] in item["SK"]["S"] for item in harness.partition("gg_core", "DUE"))

    assert is_due()
    lift(harness, made["id"])
    assert not is_due()
