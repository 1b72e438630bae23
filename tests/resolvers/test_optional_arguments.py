"""An optional argument that is null and one that is absent are the same to every function: AppSync may make either of a
variable that is not set."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_required_argument, is_required_input_field

from simulator.schema import appsync_schema
from simulator.settings import SCHEMA
from tests.resolvers.harness import Harness, Refusal

API = appsync_schema(SCHEMA.read_text(encoding="utf-8"))
FIELDS = {
    f"{root.name}.{name}": field
    for root in (API.query_type, API.mutation_type, API.subscription_type)
    if root
    for name, field in root.fields.items()
}
OPTIONAL = [
    (name, argument)
    for name, field in FIELDS.items()
    for argument, definition in field.args.items()
    if not is_required_argument(definition)
]
WITHIN = [
    (name, argument, within)
    for name, field in FIELDS.items()
    for argument, definition in field.args.items()
    if isinstance(inner := get_named_type(definition.type), GraphQLInputObjectType)
    for within, part in inner.fields.items()
    if not is_required_input_field(part)
]
ABOUT_A_MESSAGE = ("Mutation.editMessage", "Mutation.removeMessage", "Mutation.react", "Query.reactions")
VOLATILE = re.compile(
    r"\"[^\"]*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+[^\"]*\"|\"\d{4}-?\d\d-?\d\dT[^\"]*\"|\"[\w+/=-]{40,}\"|http[^\"]*"
)


def event(harness: Harness, name: str, room_id: str) -> dict[str, Any]:
    """The field's plain event, in a room with a message, with all that is optional."""
    # What these do is counted by the hour, and alice does it in other tests, too.
    counted = ("Mutation.createRoom", "Mutation.revokeSubscriptions")
    made = harness.event(name, f"maker-{uuid4()}") if name in counted else harness.event(name)
    arguments = made["arguments"]
    (message,) = harness.send(room_id, "first")
    if "roomId" in FIELDS[name].args and name != "Mutation.createRoom":
        arguments["roomId"] = room_id
    if name == "Mutation.updateMe":  # how often somebody changes it is limited
        made["identity"]["resolverContext"]["userId"] = f"called-{uuid4()}"
    if name in ABOUT_A_MESSAGE:
        arguments |= {"id": message["id"]}
    if name == "Mutation.heartbeats":  # how often anybody is heard of is limited, too
        arguments["people"] = [each | {"userId": f"p-{uuid4()}"} for each in arguments["people"]]
    if "watching" in arguments:
        arguments |= {"watching": room_id, "rooms": [{"roomId": room_id, "seq": 1, "ts": message["ts"]}]}
    return made


def seen(outcome: Any) -> Any:
    """What can be compared of an outcome: not its ids, instants, tokens and addresses."""
    if isinstance(outcome, Refusal):
        return outcome.error_type, {
            key: value for key, value in outcome.values.items() if key != "retryAfterMs"
        }
    if isinstance(outcome, dict) and "savedAt" in outcome:
        outcome = outcome | {"rev": None}  # a draft's begins with the second
    return VOLATILE.sub('"…"', json.dumps(outcome))


def outcomes(harness: Harness, name: str, optional: tuple[str, ...]) -> list[Any]:
    """With these arguments null, and without them: a write in rooms of its own, a read in one."""
    found, given = [], None
    for change in (dict.fromkeys(optional), {}):
        if given is None or not name.startswith("Query."):
            given = event(harness, name, harness.room())
        if name == "Mutation.createRoom":
            given["arguments"].pop("roomId", None)
        for argument in optional:
            given["arguments"].pop(argument, None)
        given["arguments"] |= change
        found.append(seen(harness.invoke(given)))
    return found


@pytest.mark.parametrize(("name", "argument"), OPTIONAL)
def test_an_optional_argument_that_is_null_is_one_that_is_absent(
    harness: Harness, name: str, argument: str
) -> None:
    null, absent = outcomes(harness, name, (argument,))
    assert null == absent


@pytest.mark.parametrize("name", sorted({name for name, _ in OPTIONAL}))
def test_all_of_them_together_are_the_same_too(harness: Harness, name: str) -> None:
    optional = tuple(argument for of, argument in OPTIONAL if of == name)
    null, absent = outcomes(harness, name, optional)
    assert null == absent


@pytest.mark.parametrize(("name", "argument", "within"), WITHIN)
def test_so_is_an_optional_field_of_an_input(harness: Harness, name: str, argument: str, within: str) -> None:
    found = []
    for removed in (True, False):
        given = event(harness, name, harness.room())
        for each in given["arguments"][argument]:
            each.pop(within, None)
            if not removed:
                each[within] = None
        found.append(seen(harness.invoke(given)))
    assert found[0] == found[1]


@pytest.mark.parametrize("null_first", [True, False])
def test_a_retry_may_say_null_where_the_first_call_said_nothing(
    harness: Harness, *, null_first: bool
) -> None:
    room_id = harness.room()
    given = harness.event("Mutation.sendMessage", roomId=room_id, clientMessageId="once")
    given["arguments"].pop("attachments", None)
    nothing = dict.fromkeys(("attachments", "replyTo", "mentions", "mentionsAll"))
    nulled = harness.event("Mutation.sendMessage", roomId=room_id, clientMessageId="once", **nothing)
    first, again = (nulled, given) if null_first else (given, nulled)
    assert harness.invoke(first) == harness.invoke(again)


@pytest.mark.parametrize("null_first", [True, False])
@pytest.mark.parametrize("name", ["Query.messages", "Query.changes", "Query.receipts", "Query.members"])
def test_a_page_may_say_null_where_the_one_before_said_nothing(
    harness: Harness, name: str, *, null_first: bool
) -> None:
    room_id = harness.room()
    harness.send(room_id, "one", "two", "three")
    required = {"since": 0} if name == "Query.changes" else {}
    optional = [
        argument for of, argument in OPTIONAL if of == name and argument not in ("limit", "nextToken")
    ]
    silent = harness.event(name)
    silent["arguments"] = {"roomId": room_id, "limit": 1, **required}
    nulled = harness.event(name)
    nulled["arguments"] = {**silent["arguments"], **dict.fromkeys(optional)}
    first, second = (nulled, silent) if null_first else (silent, nulled)
    token = harness.invoke(first)["nextToken"]
    assert token
    second["arguments"]["nextToken"] = token
    assert not isinstance(harness.invoke(second), Refusal)


def test_a_null_reset_resets_nothing(harness: Harness) -> None:
    room_id = harness.room()
    answer = harness.invoke(harness.event("Mutation.updateRoom", roomId=room_id, reset=None))
    assert not isinstance(answer, Refusal)
