"""Mutation.publishMessage: taken from one IAM role, answered as it was given, and stored nowhere."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from chat.rules.published_check import MAX_PUBLISHED
from chat_lambda.settings import BadSettings, read, settings
from simulator.auth.access_keys import ACCOUNT
from tests.chat.identity.documented import BY_MODE, setting, source
from tests.resolvers.harness import Event, Harness, Refusal
from tests.resolvers.identities import identity

EVENT = "Mutation.publishMessage"
PUBLISHER = f"arn:aws:sts::{ACCOUNT}:assumed-role/chat-publisher"


def message(harness: Harness, **changes: object) -> Event:
    """The event with a message that is changed."""
    event = harness.event(EVENT)
    event["arguments"]["message"].update(changes)
    return event


def by(harness: Harness, arn: str, **changes: Any) -> Event:
    event = harness.event(EVENT)
    event["identity"] |= {"userArn": arn, **changes}
    return event


@pytest.mark.parametrize("variant", ["", ".notice"])
def test_what_the_reader_gives_is_answered_as_it_is(harness: Harness, variant: str) -> None:
    event = harness.event(EVENT + variant)
    assert harness.run(event, writes=[]) == event["arguments"]["message"]


def test_a_text_is_read_where_json_comes_as_one(harness: Harness) -> None:
    """AppSync hands `AWSJSON` over parsed, as its documentation has it; whether others do is not known."""
    event = harness.event(EVENT)
    given = event["arguments"]["message"]
    event["arguments"]["message"] = json.dumps(given)
    assert harness.invoke(event) == given


def test_nothing_is_read_and_no_library_of_the_store_is_loaded() -> None:
    script = (
        "import sys; import resolvers.publish_message; "
        "print(sorted({'chat.storage.aws', 'chat.deployment', 'botocore.client'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


OTHERS = {
    "another role": f"arn:aws:sts::{ACCOUNT}:assumed-role/chat-alice/local",
    "a role whose name begins alike": f"{PUBLISHER}-2/local",
    "a role of that name elsewhere": PUBLISHER.replace(ACCOUNT, "123456789012") + "/local",
    "a role of that name in another partition": PUBLISHER.replace("arn:aws:", "arn:aws-cn:") + "/local",
    "the role itself, which nobody calls as": f"arn:aws:iam::{ACCOUNT}:role/chat-publisher",
    "a user of that name": f"arn:aws:iam::{ACCOUNT}:user/chat-publisher",
    "the root": f"arn:aws:iam::{ACCOUNT}:root",
    "a session that names the role": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/chat-publisher",
    "a name in other letters": PUBLISHER.replace("publisher", "Publisher") + "/local",
    "more after it": f"{PUBLISHER}/local/more",
    "a line after it": f"{PUBLISHER}/local\n",
}


@pytest.mark.parametrize("who", OTHERS)
def test_every_other_iam_principal_is_refused_by_name(harness: Harness, who: str) -> None:
    harness.refused(by(harness, OTHERS[who]), "IdentityRefused", reason="role")


def test_a_person_of_an_identity_pool_with_the_role_is_refused(harness: Harness) -> None:
    event = by(harness, f"{PUBLISHER}/local", cognitoIdentityId="us-east-1:1")
    harness.refused(event, "IdentityRefused", reason="role")


REASONS = {"api-key": "missing", "two-modes": "ambiguous"}
IAM = [name for name in BY_MODE if name.startswith(("iam", "identity-pool"))]


@pytest.mark.parametrize("name", BY_MODE)
def test_people_of_every_mode_are_refused_whatever_the_deployment_knows(harness: Harness, name: str) -> None:
    event = harness.event(EVENT) | {"identity": BY_MODE[name][0]}
    reason = REASONS.get(name, "role" if name in IAM else "source")
    harness.refused(event, "IdentityRefused", reason=reason)
    with identity():
        harness.refused(event, "IdentityRefused", reason=reason)


def test_a_person_of_our_own_authorizer_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(f"{EVENT}.person"), "IdentityRefused", reason="source")
    harness.refused(harness.event(f"{EVENT}.other-role"), "IdentityRefused", reason="role")


@pytest.mark.parametrize(
    "sources", [None, [source("pool")], [source("services")]], ids=["none", "pool", "iam"]
)
def test_the_reader_is_taken_whether_people_come_by_iam_or_not(
    harness: Harness, sources: list[dict[str, Any]] | None
) -> None:
    with identity(sources):
        assert not isinstance(harness.invoke(harness.event(EVENT)), Refusal)


def test_the_reader_is_nobody_for_every_other_field(harness: Harness) -> None:
    publisher = harness.event(EVENT)["identity"]
    for sources, reason in ((None, "source"), ([source("services")], "role")):
        with identity(sources):
            for name in (
                "Query.messages",
                "Mutation.sendMessage",
                "Subscription.onMessage",
                "Mutation.typing",
            ):
                outcome = harness.invoke(harness.event(name) | {"identity": publisher})
                assert isinstance(outcome, Refusal)
                assert (outcome.error_type, outcome.values) == ("IdentityRefused", {"reason": reason})


@pytest.mark.parametrize("path", ["", "service-role/", "teams/chat/"])
def test_a_role_may_have_a_path_which_its_sessions_do_not_show(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("PUBLISHER_ROLE", f"arn:aws:iam::{ACCOUNT}:role/{path}chat-publisher")
    settings.cache_clear()
    try:
        assert not isinstance(harness.invoke(harness.event(EVENT)), Refusal)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_without_the_setting_nobody_publishes(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLISHER_ROLE")
    settings.cache_clear()
    try:
        harness.refused(harness.event(EVENT), "IdentityRefused", reason="role")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_refusal_is_audited_and_counted_and_shows_nothing_of_what_was_given(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    event = harness.event(f"{EVENT}.other-role")
    with caplog.at_level(logging.INFO):
        harness.invoke(event)
    records = [vars(record) for record in caplog.records]
    (audited,) = [each for each in records if each.get("kind") == "audit"]
    assert (audited["action"], audited["outcome"], audited["reason"]) == (EVENT, "refused", "IdentityRefused")
    (answered,) = [each for each in records if each["msg"] == "Answered"]
    assert (answered["IdentityRefused"], answered["IdentityRefusedRole"]) == (1, 1)
    assert "hello" not in str(records)


MALFORMED: dict[str, tuple[dict[str, object], str]] = {
    "no id": ({"id": None}, "message/id"),
    "an id that is a number": ({"id": 7}, "message/id"),
    "no sender": ({"senderId": None}, "message/senderId"),
    "a text that is a list": ({"text": ["a"]}, "message/text"),
    "no instant": ({"ts": None}, "message/ts"),
    "an instant that is none": ({"ts": "yesterday"}, "message/ts"),
    "an instant without its zone": ({"editedAt": "2026-01-01T00:00:00"}, "message/editedAt"),
    "no epoch": ({"epoch": None}, "message/epoch"),
    "an epoch of 0": ({"epoch": 0}, "message/epoch"),
    "an epoch that is a text": ({"epoch": "1"}, "message/epoch"),
    "an epoch that is true": ({"epoch": True}, "message/epoch"),
    "a number beyond an Int": ({"seq": 2**31}, "message/seq"),
    "a number below none": ({"rev": -1}, "message/rev"),
    "a broken number": ({"version": 1.5}, "message/version"),
    "another guild": ({"guildId": "dragons"}, "message/guildId"),
    "the other kind of room": ({"roomType": "guild"}, "message/roomType"),
    "no list of attachments": ({"attachments": {"id": "a"}}, "message/attachments"),
    "nothing among the attachments": ({"attachments": [None]}, "message/attachments"),
    "an attachment without its id": ({"attachments": [{"name": "a"}]}, "message/attachments/id"),
    "a notice that is a text": ({"notice": "ROOM_UPDATED"}, "message/notice"),
    "a kind that there is not": ({"notice": {"kind": "ROOM_CREATED"}}, "message/notice/kind"),
    "a role in small letters": ({"notice": {"role": "owner"}}, "message/notice/role"),
    "a name in a notice": ({"notice": {"secret": 1}}, "message/notice"),
    "a room without its id": ({"notice": {"room": {}}}, "message/notice/room/roomId"),
    "a head without its epoch": (
        {"notice": {"room": {"roomId": "lobby", "head": {"seq": 1, "rev": 1}}}},
        "message/notice/room/head/epoch",
    ),
    "a rate that is endless": (
        {"notice": {"room": {"roomId": "lobby", "personPerSecond": float("inf")}}},
        "message/notice/room/personPerSecond",
    ),
    "half of a surrogate pair": ({"text": "\ud83d"}, "message"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_the_schema_does_not_have_is_refused_and_its_place_named(harness: Harness, what: str) -> None:
    changes, argument = MALFORMED[what]
    harness.refused(message(harness, **changes), "InvalidInput", argument=argument)


@pytest.mark.parametrize("given", [None, [], 7, "", "{", "null", '"text"', "[" * 100_000, {}])
def test_what_is_no_message_is_refused(harness: Harness, given: object) -> None:
    event = harness.event(EVENT)
    event["arguments"]["message"] = given
    outcome = harness.invoke(event)
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, outcome.values["argument"]) == (
        "InvalidInput",
        "message" if given != {} else "message/id",
    )


def test_files_of_bad_input_are_refused(harness: Harness) -> None:
    harness.refused(harness.event(f"{EVENT}.unknown-name"), "InvalidInput", argument="message")
    harness.refused(harness.event(f"{EVENT}.malformed-room"), "InvalidInput", argument="message/roomId")
    harness.refused(harness.event(f"{EVENT}.without-epoch"), "InvalidInput", argument="message/epoch")


def test_what_appsync_would_silently_not_deliver_is_refused(harness: Harness) -> None:
    around = len(json.dumps({**harness.event(EVENT)["arguments"]["message"], "text": ""}).encode())
    fits = message(harness, text="x" * (MAX_PUBLISHED - around))
    assert harness.invoke(fits) == fits["arguments"]["message"]
    longer = message(harness, text="x" * (MAX_PUBLISHED - around + 1))
    harness.refused(longer, "InvalidInput", argument="message", max=MAX_PUBLISHED)
    wider = message(harness, text="é" * (MAX_PUBLISHED // 2))
    harness.refused(wider, "InvalidInput", argument="message", max=MAX_PUBLISHED)


def test_a_role_that_publishes_calls_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """IDENTITY that names it as a caller is refused by the one function that knows of both."""
    role = "arn:aws:iam::123456789012:role/chat-bot"
    callers = [{"role": role.replace("role/", "role/path/"), "userId": "bot"}]
    identity = setting({"name": "services", "type": "iam", "callers": callers})
    with pytest.raises(BadSettings, match=r"PUBLISHER_ROLE: must be none of the roles of IDENTITY"):
        read({"IDENTITY": identity, "PUBLISHER_ROLE": role})
    assert read({"IDENTITY": identity, "PUBLISHER_ROLE": role + "-2"}).publisher_role
