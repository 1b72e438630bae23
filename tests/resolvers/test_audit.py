"""What is done with a role over a room or its members leaves an audit event, and nothing else does."""

import json
import logging
import uuid
from typing import Any

import pytest

from chat_lambda.telemetry import actor
from tests.resolvers.harness import Event, Harness, Refusal

AUDITED = {
    "createRoom": ["targets", "visibility"],
    "updateRoom": [],
    "addMember": ["target", "role"],
    "joinRoom": [],
    "leaveRoom": [],
    "deleteRoom": [],
    "removeMember": ["target"],
    "banMember": ["target"],
    "unbanMember": ["target"],
    "muteMember": ["target", "until"],
    "setRole": ["target", "role"],
    "removeMessage": ["message_id"],
    "pinMessage": ["message_id"],
    "unpinMessage": ["message_id"],
}
"""Each mutation that is audited when it is done, and the fields of its event beside who, where and how."""

OF_NO_ROOM = (
    "revokeSubscriptions", "setHold", "liftHold", "withdrawDataRequest", "requestExport", "requestErasure",
)  # fmt: skip

TOLD = ("action", "outcome", "reason", "actor", "room", "correlation_id")


def prepared(harness: Harness, verb: str) -> Event:
    """The verb's event in a room where it can be done."""
    event = harness.event(f"Mutation.{verb}")
    arguments = event["arguments"]
    if verb == "createRoom":
        arguments["roomId"] = f"r-{uuid.uuid4()}"
        arguments["members"] = [f"guest-{uuid.uuid4()}", f"guest-{uuid.uuid4()}"]
        event["identity"]["resolverContext"]["userId"] = f"founder-{uuid.uuid4()}"
        return event
    room = arguments["roomId"] = harness.room()
    if verb == "joinRoom":
        harness.invoke(harness.event("Mutation.updateRoom", roomId=room, visibility="PUBLIC"))
    if verb == "unbanMember":
        harness.invoke(harness.event("Mutation.banMember", roomId=room))
    if verb in ("removeMessage", "pinMessage", "unpinMessage"):
        arguments["id"] = harness.send(room, "to be taken away")[0]["id"]
    return event


def decided(caplog: pytest.LogCaptureFixture, harness: Harness, event: Event) -> tuple[Any, list[Any]]:
    """The outcome of an event, and the audit events that it leaves."""
    caplog.clear()
    with caplog.at_level(logging.INFO):
        outcome = harness.invoke(event)
    return outcome, [vars(record) for record in caplog.records if vars(record).get("kind") == "audit"]


@pytest.mark.parametrize("verb", AUDITED)
def test_what_is_done_is_logged_with_actor_and_target_by_pseudonym(
    harness: Harness, caplog: pytest.LogCaptureFixture, verb: str
) -> None:
    event = prepared(harness, verb)
    outcome, decisions = decided(caplog, harness, event)
    assert not isinstance(outcome, Refusal), outcome
    (decision,) = decisions
    assert {name: decision[name] for name in TOLD} == {
        "action": f"Mutation.{verb}",
        "outcome": "done",
        "reason": "ok",
        "actor": actor(event["identity"]["resolverContext"]["userId"]),
        "room": event["arguments"]["roomId"],
        "correlation_id": event["request"]["headers"]["x-amzn-trace-id"],
    }
    arguments = event["arguments"]
    expected = {
        "target": actor(arguments.get("userId", "")),
        "targets": [actor(each) for each in arguments.get("members", [])],
        "message_id": arguments.get("id"),
        **{name: arguments.get(name) for name in ("role", "until", "visibility")},
    }
    assert {name: decision[name] for name in expected if name in decision} == {
        name: expected[name] for name in AUDITED[verb]
    }
    values = {str(value) for value in decision.values()}
    assert not {"bob", "dave", "to be taken away", "The garden", "The lobby"} & values


@pytest.mark.parametrize("verb", AUDITED)
def test_what_is_refused_is_logged_as_refused_and_not_as_done(
    harness: Harness, caplog: pytest.LogCaptureFixture, verb: str
) -> None:
    event = prepared(harness, verb)
    room = event["arguments"]["roomId"]
    if verb == "createRoom":
        room = event["arguments"]["roomId"] = harness.room({"bob": "owner"})
    else:
        harness.invoke(harness.event("Mutation.banMember", roomId=room, userId="mallory"))
        event["identity"]["resolverContext"]["userId"] = "mallory"
    before = harness.partition("gg_core", f"ROOM#{room}")
    outcome, decisions = decided(caplog, harness, event)
    assert isinstance(outcome, Refusal)
    assert [(each["outcome"], each["reason"]) for each in decisions] == [("refused", outcome.error_type)]
    assert harness.partition("gg_core", f"ROOM#{room}") == before


@pytest.mark.parametrize("verb", AUDITED)
def test_a_mistake_is_no_decision(harness: Harness, caplog: pytest.LogCaptureFixture, verb: str) -> None:
    event = prepared(harness, verb)
    event["arguments"]["roomId"] = "no room: #"
    outcome, decisions = decided(caplog, harness, event)
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, decisions) == ("InvalidInput", [])


@pytest.mark.parametrize("target", [None, "somebody"])
def test_ended_subscriptions_are_logged_with_whose_they_were(
    harness: Harness, caplog: pytest.LogCaptureFixture, target: str | None
) -> None:
    user, own = f"p-{uuid.uuid4()}", target and f"{target}-{uuid.uuid4()}"
    event = harness.event("Mutation.revokeSubscriptions", user, userId=own)
    event["identity"]["resolverContext"]["roles"] = "admin"
    _, (decision,) = decided(caplog, harness, event)
    assert (decision["action"], decision["outcome"]) == ("Mutation.revokeSubscriptions", "done")
    assert (decision["actor"], decision.get("target")) == (actor(user), own and actor(own))
    event["identity"]["resolverContext"]["roles"] = ""
    event["arguments"]["userId"] = "mallory"
    _, (refused,) = decided(caplog, harness, event)
    assert (refused["outcome"], refused["reason"]) == ("refused", "NotAllowed")


def test_a_room_whose_id_the_server_chose_is_named(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    event = harness.event("Mutation.createRoom.unnamed", f"founder-{uuid.uuid4()}")
    outcome, (decision,) = decided(caplog, harness, event)
    assert decision["room"] == outcome["roomId"]


def test_reading_sending_and_telling_how_far_one_has_read_leave_none(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    room = harness.room()
    sent = harness.send(room, "hello")[0]
    for event in (
        harness.event("Query.messages", roomId=room),
        harness.event("Query.room", roomId=room),
        harness.event("Query.members", roomId=room),
        harness.event("Query.myRooms"),
        harness.event("Mutation.sendMessage", roomId=room),
        harness.event("Mutation.editMessage", roomId=room, id=sent["id"]),
        harness.event("Mutation.markRead", roomId=room, seq=1),
        harness.event("Subscription.onMessage", roomId=room, epoch=1),
    ):
        outcome, decisions = decided(caplog, harness, event)
        assert not isinstance(outcome, Refusal), outcome
        assert decisions == []


def test_the_functions_that_audit_are_those(harness: Harness) -> None:
    wiring = json.loads((harness.project / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
    found = {
        name
        for name, entry in wiring["fields"].items()
        if "audited=True"
        in (harness.project / "resolvers" / f"{entry['module']}.py").read_text(encoding="utf-8")
    }
    assert found == {f"Mutation.{verb}" for verb in (*AUDITED, *OF_NO_ROOM)}
