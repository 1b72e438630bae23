"""Mutation.publishMine: taken from one IAM role where the deployment publishes by the stream, and from nobody where it does not."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chat.rules.published_check import MAX_PUBLISHED
from chat_lambda.settings import BadSettings, read
from simulator.auth.access_keys import ACCOUNT
from tests.chat.identity.documented import BY_MODE
from tests.resolvers.harness import Event, Harness
from tests.resolvers.identities import identity
from tests.resolvers.publishing_ways import deployed
from tests.resolvers.test_publish_message import IAM, OTHERS, REASONS

EVENT = "Mutation.publishMine"
PROJECTOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/chat-projector/local"


@pytest.fixture(autouse=True)
def _by_the_stream(functions_environ: None) -> Iterator[None]:
    with deployed(PUBLISH="stream"):
        yield


def by(harness: Harness, arn: str) -> Event:
    event = harness.event(EVENT)
    event["identity"]["userArn"] = arn
    return event


def told(harness: Harness, **changes: object) -> Event:
    event = harness.event(EVENT)
    event["arguments"]["event"].update(changes)
    return event


@pytest.mark.parametrize("variant", ["", ".moved"])
def test_what_the_projector_gives_is_answered_as_it_is(harness: Harness, variant: str) -> None:
    event = harness.event(EVENT + variant)
    assert harness.run(event, writes=[]) == event["arguments"]["event"]
    given = event["arguments"]["event"]
    event["arguments"]["event"] = json.dumps(given)
    assert harness.invoke(event) == given


def test_nothing_is_read_and_no_library_of_the_store_is_loaded() -> None:
    script = (
        "import sys; import resolvers.publish_mine; "
        "print(sorted({'chat.storage.aws', 'chat.deployment', 'botocore.client'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("who", OTHERS)
def test_every_other_iam_principal_is_refused_by_name(harness: Harness, who: str) -> None:
    for arn in (OTHERS[who], OTHERS[who].replace("publisher", "projector").replace("Publisher", "Projector")):
        harness.refused(by(harness, arn), "IdentityRefused", reason="role")


def test_the_reader_of_events_is_another_role(harness: Harness) -> None:
    reader = harness.event("Mutation.publishMessage")["identity"]
    harness.refused(harness.event(EVENT) | {"identity": reader}, "IdentityRefused", reason="role")
    message = harness.event("Mutation.publishMessage") | {"identity": harness.event(EVENT)["identity"]}
    harness.refused(message, "IdentityRefused", reason="role")


@pytest.mark.parametrize("way", ["stream", "sender"])
@pytest.mark.parametrize("name", BY_MODE)
def test_people_of_every_mode_are_refused_in_either_way(harness: Harness, name: str, way: str) -> None:
    event = harness.event(EVENT) | {"identity": BY_MODE[name][0]}
    reason = REASONS.get(name, "role" if name in IAM else "source")
    with deployed(PUBLISH=way):
        harness.refused(event, "IdentityRefused", reason=reason)
    with identity():
        harness.refused(event, "IdentityRefused", reason=reason)


def test_a_person_of_our_own_authorizer_is_refused(harness: Harness) -> None:
    for way in ("stream", "sender"):
        with deployed(PUBLISH=way):
            harness.refused(harness.event(f"{EVENT}.person"), "IdentityRefused", reason="source")
            harness.refused(harness.event(f"{EVENT}.other-role"), "IdentityRefused", reason="role")


def test_where_senders_publish_the_projector_is_nobody_too(harness: Harness) -> None:
    """There the mutation is for the modes of people, since an API may have no IAM."""
    with deployed(PUBLISH="sender"):
        harness.refused(harness.event(EVENT), "IdentityRefused", reason="role")


def test_without_the_setting_it_is_nobody(harness: Harness) -> None:
    with deployed(PUBLISH="stream", PROJECTOR_ROLE=""):
        harness.refused(harness.event(EVENT), "IdentityRefused", reason="role")


def test_the_projector_is_nobody_for_every_other_field(harness: Harness) -> None:
    projector = harness.event(EVENT)["identity"]
    for name in ("Query.messages", "Query.me", "Mutation.sendMessage", "Subscription.onMine"):
        harness.refused(harness.event(name) | {"identity": projector}, "IdentityRefused", reason="source")


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no epoch": ({"epoch": None}, "event/epoch"),
    "an epoch that none is": ({"epoch": 0}, "event/epoch"),
    "a text as an epoch": ({"epoch": "1"}, "event/epoch"),
    "no person": ({"userId": None}, "event/userId"),
    "a person whom no token can name": ({"userId": "\x00"}, "event/userId"),
    "no id": ({"id": None}, "event/id"),
    "another word": ({"kind": "PROMOTED"}, "event/kind"),
    "no room's id": ({"roomId": "no room"}, "event/roomId"),
    "a room that moved": ({"kind": "MOVED"}, "event/roomId"),
    "another role": ({"role": "owner"}, "event/role"),
    "no instant": ({"ts": "yesterday"}, "event/ts"),
    "no instant of quiet": ({"quietUntil": 7}, "event/quietUntil"),
    "a name that is unknown": ({"text": "hello"}, "event"),
    "half of a character": ({"actorId": "\ud800"}, "event"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_event_of_the_schema_is_refused_with_its_place(harness: Harness, what: str) -> None:
    changes, place = WRONG[what]
    harness.refused(told(harness, **changes), "InvalidInput", argument=place)


def test_the_variants_are_refused(harness: Harness) -> None:
    for variant, place in {
        ".without-epoch": "event/epoch",
        ".unknown-name": "event",
        ".malformed-room": "event/roomId",
    }.items():
        harness.refused(harness.event(EVENT + variant), "InvalidInput", argument=place)


@pytest.mark.parametrize("event", [None, 7, [], "", "no JSON", "[" * 100_000])
def test_what_is_no_object_is_refused(harness: Harness, event: object) -> None:
    harness.refused(harness.event(EVENT, event=event), "InvalidInput", argument="event")


def test_what_appsync_would_not_deliver_is_refused(harness: Harness) -> None:
    event = told(harness, id="x" * MAX_PUBLISHED)
    harness.refused(event, "InvalidInput", argument="event", max=MAX_PUBLISHED)


def test_a_role_that_people_have_stops_the_start() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/chat-projector"
    services = [{"name": "s", "type": "iam", "callers": [{"role": role, "userId": "s"}]}]
    sources = json.dumps(services)
    with pytest.raises(BadSettings, match=r"PROJECTOR_ROLE: must be none of the roles of IDENTITY"):
        read({"IDENTITY": sources, "PROJECTOR_ROLE": role})
    assert read({"IDENTITY": sources, "PROJECTOR_ROLE": role + "-2"}).projector_role
