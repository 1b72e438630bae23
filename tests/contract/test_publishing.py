"""What AppSync publishes: subscriptions, the mutations behind them, and what
those must select for their subscribers."""

import importlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args

import pytest
from graphql import FieldDefinitionNode, NonNullTypeNode, ObjectTypeDefinitionNode, TypeNode, parse, print_ast

from chat.rules.errors import ChatError
from chat.rules.selection import EDITED, NOTICE, PIN, RECEIPT, REMOVED, REQUIRED, TYPING
from chat_lambda.settings import settings
from schema.source import INTERNAL, INTERNAL_MINE, Publish, ours
from simulator.engine import PROJECT
from simulator.functions import LambdaContext

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = parse((PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8"))
FIELDS: dict[str, dict[str, FieldDefinitionNode]] = {
    node.name.value: {each.name.value: each for each in node.fields or ()}
    for node in SCHEMA.definitions
    if isinstance(node, ObjectTypeDefinitionNode)
}
SUBSCRIPTIONS = FIELDS["Subscription"]
FROZEN: "Mapping[str, tuple[str, ...]]" = {
    "sendMessage": REQUIRED,
    "editMessage": EDITED,
    "removeMessage": REMOVED,
    "pinMessage": PIN,
    "unpinMessage": PIN,
    "markRead": RECEIPT,
    "markDelivered": RECEIPT,
    "typing": TYPING,
}
"""What the caller of a mutation must select; the other published ones answer a notice."""


NOBODYS = {"publishMessage", "publishMine"}
"""The internal mutations, which nobody calls but a reader of streams, with a document of ours."""


def named(node: TypeNode) -> str:
    return print_ast(node).strip("[]!")


def mutations(subscription: str) -> list[str]:
    """The mutations that a subscription is linked to."""
    (directive,) = SUBSCRIPTIONS[subscription].directives or ()
    return re.findall(r'"(\w+)"', print_ast(directive))


PUBLISHED = [
    (subscription, mutation)
    for subscription in SUBSCRIPTIONS
    for mutation in mutations(subscription)
    if mutation not in NOBODYS
]
"""Those that people call."""
WAYS: tuple[Publish, ...] = get_args(Publish)
"""The two ways to publish."""
LINKED = {way: {mutation for mutations in ours(way).links.values() for mutation in mutations} for way in WAYS}
"""The mutations that feed a subscription, by the way to publish."""

NO_ARGUMENTS = {"exportMyData"}
"""What no argument can have refused. No subscription hears it."""


@pytest.mark.parametrize(
    ("subscription", "mutation"), [*PUBLISHED, ("onMessage", "publishMessage"), ("onMine", "publishMine")]
)
def test_a_subscription_answers_what_its_mutations_answer(subscription: str, mutation: str) -> None:
    assert named(FIELDS["Mutation"][mutation].type) == named(SUBSCRIPTIONS[subscription].type)


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_what_a_subscription_names_is_compared_with_the_field_of_the_same_name(subscription: str) -> None:
    """A field that is not there, or of another type, would never be equal."""
    own = SUBSCRIPTIONS[subscription]
    fields = FIELDS[named(own.type)]
    for argument in own.arguments or ():
        assert named(argument.type) == named(fields[argument.name.value].type)


@pytest.mark.parametrize(("subscription", "mutation"), PUBLISHED)
def test_a_mutation_must_select_what_its_subscribers_cannot_do_without(
    subscription: str, mutation: str
) -> None:
    """The fields that filters compare, and those that are never null: without
    one of these the whole event is lost."""
    own = SUBSCRIPTIONS[subscription]
    compared = {argument.name.value for argument in own.arguments or ()}
    never_null = {
        name for name, field in FIELDS[named(own.type)].items() if isinstance(field.type, NonNullTypeNode)
    }
    assert compared | never_null <= set(FROZEN.get(mutation, NOTICE))


@pytest.mark.parametrize(("subscription", "mutation"), PUBLISHED)
def test_what_must_be_selected_is_there_to_be_selected(subscription: str, mutation: str) -> None:
    for path in FROZEN.get(mutation, NOTICE):
        kind = named(SUBSCRIPTIONS[subscription].type)
        for name in path.split("/"):
            kind = named(FIELDS[kind][name].type)


@pytest.mark.parametrize("mutation", [mutation for _, mutation in PUBLISHED])
def test_a_selection_that_lacks_a_field_is_refused_before_all_else(
    functions_environ: None, mutation: str
) -> None:
    """There is no argument in the call, so whatever looked further would name that."""
    for missing in FROZEN.get(mutation, NOTICE):
        selected = [name for name in FROZEN.get(mutation, NOTICE) if name != missing]
        assert refused(mutation, selectionSetList=selected) == {"argument": "selection", "missing": missing}


@pytest.mark.parametrize("mutation", [mutation for _, mutation in PUBLISHED])
def test_a_selection_that_names_a_field_otherwise_is_refused(functions_environ: None, mutation: str) -> None:
    """`roomId: clientMessageId` would publish whatever the caller likes
    to the subscribers of another room."""
    selected = list(FROZEN.get(mutation, NOTICE))
    assert refused(mutation, selectionSetList=selected, selectionSetGraphQL="{ ...F }")["fragments"] == "F"
    renamed = refused(mutation, selectionSetList=selected, selectionSetGraphQL="{ roomId: userId }")
    assert renamed["aliased"] == "userId"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(FIELDS["Mutation"].keys() - NO_ARGUMENTS))
def test_what_is_linked_is_selected_strictly_and_all_else_freely(
    functions_environ: None, name: str, way: Publish
) -> None:
    """Whoever may select freely in a mutation that a subscription hears could publish to other rooms."""
    with publishing(way):
        free = refused(name, selectionSetList=[], selectionSetGraphQL="{ ...F a: b }")
        assert ("selection" in free.values()) == (name in LINKED[way] - NOBODYS)


def test_onmessage_hears_the_internal_mutation_or_those_of_people_and_never_both() -> None:
    for_people = {mutation for subscription, mutation in PUBLISHED if subscription == "onMessage"}
    others = {mutation for subscription, mutation in PUBLISHED if subscription != "onMessage"}
    assert LINKED["sender"] == {"publishMine"} | for_people | others
    assert LINKED["stream"] == {"publishMine", "publishMessage"} | others
    assert not NO_ARGUMENTS & (LINKED["sender"] | LINKED["stream"])
    assert others == {"markRead", "markDelivered", "typing"}


def test_only_those_functions_know_the_way_whose_mutations_it_unlinks() -> None:
    wiring = json.loads((PROJECT / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
    entries = {"authorizer": wiring["authorizer"]} | wiring["fields"] | wiring["services"]
    told = {
        name for name, entry in entries.items() if "PUBLISH" in entry["settings"] and name in wiring["fields"]
    }
    unlinked = {f"Mutation.{name}" for name in LINKED["sender"] - LINKED["stream"]}
    assert told == unlinked | {INTERNAL_MINE, "Subscription.onMine"}  # refused where senders publish
    assert {name for name, entry in entries.items() if "PUBLISHER_ROLE" in entry["settings"]} == {INTERNAL}
    projector = {name for name, entry in entries.items() if "PROJECTOR_ROLE" in entry["settings"]}
    assert projector == {INTERNAL_MINE}
    of_one_way = {name: entry["publish"] for name, entry in entries.items() if "publish" in entry}
    assert of_one_way == {INTERNAL: "stream"}
    assert ours("stream").fields.keys() - ours("sender").fields.keys() == {INTERNAL}


@contextmanager
def publishing(way: Publish) -> Iterator[None]:
    """The functions of a deployment that publishes like this."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PUBLISH", way)
        settings.cache_clear()
        yield
    settings.cache_clear()


def refused(mutation: str, **info: Any) -> dict[str, Any]:
    """The machine values of the refusal of a call that names no room."""
    module = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", mutation).lower()
    event = {
        "arguments": {"roomId": "#", "watching": "#", "userId": "\n"},
        "identity": {"resolverContext": {"userId": "alice"}},
        "info": {"parentTypeName": "Mutation", "fieldName": mutation, **info},
    }
    handler = importlib.import_module(f"resolvers.{module}").handler
    with pytest.raises(ChatError) as raised:
        handler(event, LambdaContext(module, 512, "arn", "log", 0.0))
    return raised.value.values
