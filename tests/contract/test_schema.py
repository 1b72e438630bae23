"""Schema, wiring, events, functions and tests name the same fields, and
the schema says what each part means."""

import importlib
import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldNode,
    InputObjectTypeDefinitionNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    ScalarTypeDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from chat.rules import errors
from chat.rules.errors import ChatError
from chat.rules.models import NoticeKind
from chat.rules.people import RESETS as PERSON_RESETS
from chat.rules.room_rules import NUMBERS, RESETS
from chat_lambda.settings import Settings
from simulator.engine import PROJECT
from tests.chat.identity.documented import BY_MODE

SCHEMA = PROJECT / "resolvers" / "schema.graphql"
WIRING: dict[str, Any] = json.loads((PROJECT / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
DOCUMENT: DocumentNode = parse(SCHEMA.read_text(encoding="utf-8"))
TYPES = {node.name.value: node for node in DOCUMENT.definitions if isinstance(node, ObjectTypeDefinitionNode)}
ENUMS = {node.name.value: node for node in DOCUMENT.definitions if isinstance(node, EnumTypeDefinitionNode)}
INPUTS = {node.name.value for node in DOCUMENT.definitions if isinstance(node, InputObjectTypeDefinitionNode)}
ROOTS = ("Query", "Mutation", "Subscription")
ROOT_FIELDS = {f"{root}.{each.name.value}": each for root in ROOTS for each in TYPES[root].fields or ()}
MODULES = {"authorizer": "authorizer"} | {name: entry["module"] for name, entry in WIRING["fields"].items()}
SERVICES = {name: entry["module"] for name, entry in WIRING["services"].items()}
FUNCTIONS = {"authorizer": WIRING["authorizer"]} | WIRING["fields"] | WIRING["services"]
# https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html
MODES = [
    {"resolverContext"},
    {"sub", "issuer", "username", "claims", "sourceIp", "defaultAuthStrategy", "groups"},
    {"sub", "issuer", "claims"},
    {
        "accountId", "cognitoIdentityPoolId", "cognitoIdentityId", "sourceIp", "username", "userArn", "cognitoIdentityAuthType",
        "cognitoIdentityAuthProvider",
    },
]  # fmt: skip
EVENTS = sorted(path.name.removesuffix(".json") for path in (PROJECT / "events").glob("*.json"))

# https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
SCALARS = {
    "ID", "String", "Int", "Float", "Boolean", "AWSDate", "AWSTime", "AWSDateTime", "AWSTimestamp", "AWSEmail", "AWSJSON",
    "AWSURL", "AWSPhone", "AWSIPAddress",
}  # fmt: skip
# https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html and aws-appsync-real-time-data.html
DIRECTIVES = {
    "aws_subscribe", "aws_api_key", "aws_iam", "aws_oidc", "aws_cognito_user_pools", "aws_auth", "aws_lambda", "deprecated",
}  # fmt: skip
DESCRIBED = {
    "schema_definition", "object_type_definition", "enum_type_definition", "enum_value_definition", "field_definition",
    "input_value_definition", "input_object_type_definition", "interface_type_definition", "union_type_definition",
}  # fmt: skip
MESSAGE = {
    "id": "ID!",
    "roomId": "ID!",
    "roomType": "RoomType",
    "guildId": "ID",
    "senderId": "ID!",
    "text": "String",
    "ts": "AWSDateTime!",
    "seq": "Int",
    "epoch": "Int",
    "clientMessageId": "ID",
    "rev": "Int",
    "editedAt": "AWSDateTime",
    "removedAt": "AWSDateTime",
    "erased": "Boolean",
    "version": "Int",
    "attachments": "[Attachment!]",
    "replyTo": "ID",
    "quote": "Quote",
    "mentions": "[ID!]",
    "mentionsAll": "Boolean",
    "reactions": "[ReactionCount!]",
    "notice": "Notice",
}


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def function_of(event: str) -> str:
    """The function that an event file is for: its name up to the variant."""
    first = event.split(".", maxsplit=1)[0]
    if first == "authorizer" or first in SERVICES:
        return first
    return ".".join(event.split(".")[:2])


def place_of_tests(function: str) -> Path:
    """The file with a function's tests."""
    folder = "services" if function in SERVICES else "resolvers"
    return PROJECT / "tests" / folder / f"test_{FUNCTIONS[function]['module']}.py"


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PROJECT / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def paths(selections: SelectionSetNode, above: str = "") -> list[str]:
    """The slash paths of `info.selectionSetList`."""
    found: list[str] = []
    for node in selections.selections:
        assert isinstance(node, FieldNode)
        path = above + (node.alias or node.name).value
        found += [path, *(paths(node.selection_set, f"{path}/") if node.selection_set else [])]
    return found


def test_every_field_is_wired_and_nothing_else_is() -> None:
    assert set(WIRING["fields"]) == set(ROOT_FIELDS)


@pytest.mark.parametrize("name", MODULES)
def test_a_field_is_found_under_its_own_name_everywhere(name: str) -> None:
    module = MODULES[name]
    assert module == snake_case(name.rpartition(".")[2])
    handler = importlib.import_module(f"resolvers.{module}").handler
    assert list(inspect.signature(handler).parameters) == ["event", "context"]
    assert name in EVENTS
    assert (PROJECT / "tests" / "resolvers" / f"test_{module}.py").exists()


@pytest.mark.parametrize("name", SERVICES)
def test_a_services_function_is_found_under_its_own_name_everywhere(name: str) -> None:
    assert SERVICES[name] == name
    handler = importlib.import_module(f"services.{name}").handler
    assert list(inspect.signature(handler).parameters) == ["event", "context"]
    assert callable(getattr(importlib.import_module(f"chat.operations.{name}"), name))
    assert name in EVENTS
    assert place_of_tests(name).exists()


def test_no_two_functions_have_one_module() -> None:
    modules = [*MODULES.values(), *SERVICES.values()]
    assert len(set(modules)) == len(modules)


@pytest.mark.parametrize("name", WIRING["fields"])
def test_a_field_has_one_verb_in_the_rules(name: str) -> None:
    module = MODULES[name]
    assert callable(getattr(importlib.import_module(f"chat.operations.{module}"), module))


def test_every_module_beside_the_schema_is_wired() -> None:
    assert {path.stem for path in (PROJECT / "resolvers").glob("*.py")} == set(MODULES.values())
    assert {path.stem for path in (PROJECT / "services").glob("*.py")} == set(SERVICES.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_no_setting_that_it_does_not_know(name: str) -> None:
    entry = FUNCTIONS[name]
    known = {each.name.upper() for each in fields(Settings)}
    assert set(entry["settings"]) | set(entry["secrets"]) <= known
    assert not set(entry["settings"]) & set(entry["secrets"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_ends_before_appsync_gives_up(name: str) -> None:
    """An authorizer has 10 seconds, a field 30:
    https://docs.aws.amazon.com/general/latest/gr/appsync.html."""
    entry = FUNCTIONS[name]
    assert 0 < entry["timeoutSeconds"] < (10 if name == "authorizer" else 30)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_for_a_field_and_used_by_its_test(name: str) -> None:
    function = function_of(name)
    assert function in FUNCTIONS
    source = place_of_tests(function).read_text(encoding="utf-8")
    variant = name.removeprefix(function).removeprefix(".")
    assert f'"{function}"' in source
    assert (
        not variant or variant in BY_MODE or f'{variant}"' in source
    )  # tests/resolvers/test_identity.py uses all of BY_MODE


@pytest.mark.parametrize("name", [name for name in EVENTS if function_of(name) in ROOT_FIELDS])
def test_an_event_is_what_appsync_sends(name: str) -> None:
    """https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html"""
    own = event(name)
    function = function_of(name)
    assert set(own) == {"arguments", "identity", "source", "request", "prev", "info", "stash"}
    assert (own["source"], own["prev"], own["stash"]) == (None, None, {})
    if name != "Query.messages.two-modes":  # which it never sends
        assert own["identity"] is None or set(own["identity"]) in MODES
    context = (own["identity"] or {}).get("resolverContext", {})
    assert all(isinstance(value, str) for value in context.values())
    assert set(own["request"]) == {"headers", "domainName"}
    assert all(header == header.lower() for header in own["request"]["headers"])
    assert "cookie" not in own["request"]["headers"]
    assert set(own["info"]) == {
        "fieldName", "parentTypeName", "variables", "selectionSetList", "selectionSetGraphQL",
    }  # fmt: skip
    assert f"{own['info']['parentTypeName']}.{own['info']['fieldName']}" == function
    assert set(own["arguments"]) <= {each.name.value for each in ROOT_FIELDS[function].arguments or ()}


@pytest.mark.parametrize("name", [name for name in EVENTS if function_of(name) in ROOT_FIELDS])
def test_both_forms_of_an_events_selection_are_the_same(name: str) -> None:
    info = event(name)["info"]
    (operation,) = parse(info["selectionSetGraphQL"]).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert paths(operation.selection_set) == info["selectionSetList"]


@pytest.mark.parametrize("name", [name for name in EVENTS if name.startswith("authorizer")])
def test_an_authorizers_event_is_what_appsync_sends(name: str) -> None:
    """https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization"""
    own = event(name)
    assert set(own) == {"authorizationToken", "requestContext", "requestHeaders"}
    needed = {"apiId", "accountId", "requestId", "queryString", "variables"}
    assert needed <= set(own["requestContext"]) <= needed | {"operationName"}
    query = own["requestContext"]["queryString"]
    assert query == "" or parse(query).definitions


def test_the_schema_uses_what_appsync_has() -> None:
    used: set[str] = set()
    directives: set[str] = set()

    class Uses(Visitor):
        def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
            used.add(node.name.value)

        def enter_directive(self, node: Any, *_: Any) -> None:
            directives.add(node.name.value)

    visit(DOCUMENT, Uses())
    assert used <= SCALARS | set(TYPES) | set(ENUMS) | INPUTS
    assert directives <= DIRECTIVES
    assert not [node for node in DOCUMENT.definitions if isinstance(node, ScalarTypeDefinitionNode)]


def test_every_part_of_the_schema_is_described() -> None:
    silent: list[str] = []

    class Descriptions(Visitor):
        def enter(self, node: Any, *_: Any) -> None:
            if node.kind in DESCRIBED and not (node.description and node.description.value.strip()):
                silent.append(print_ast(node).splitlines()[0])

    visit(DOCUMENT, Descriptions())
    assert silent == []


def test_a_message_has_the_fields_of_the_design() -> None:
    assert {each.name.value: print_ast(each.type) for each in TYPES["Message"].fields or ()} == MESSAGE


def test_an_enums_values_are_in_capitals_but_for_those_that_clients_have_from_before() -> None:
    for name, node in ENUMS.items():
        values = [each.name.value for each in node.values or ()]
        assert values == [each.lower() if name == "RoomType" else each.upper() for each in values]


@pytest.mark.parametrize("name", ROOT_FIELDS)
def test_a_refused_field_is_null_and_takes_nothing_else_with_it(name: str) -> None:
    assert not isinstance(ROOT_FIELDS[name].type, NonNullTypeNode)


@pytest.mark.parametrize("name", ROOT_FIELDS)
def test_a_fields_description_names_refusals_that_there_are(name: str) -> None:
    description = ROOT_FIELDS[name].description
    assert description
    (listed,) = re.findall(r"Refusals[^:]*:((?:\s*`\w+`(?: \([^)]*\))?[,.])+)", description.value)
    names = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", listed))
    assert names[-1] == "InternalError"
    assert names[0] == "InvalidInput" or not ROOT_FIELDS[name].arguments
    for refusal in names:
        assert issubclass(getattr(errors, refusal), ChatError)


def test_defaults_and_limits_in_the_schema_are_those_of_the_code() -> None:
    history = importlib.import_module("chat.rules.arguments")
    arguments = {each.name.value: each for each in ROOT_FIELDS["Query.messages"].arguments or ()}
    limit = arguments["limit"]
    assert limit.default_value
    assert limit.description
    assert print_ast(limit.default_value) == str(history.DEFAULT_LIMIT)
    assert f"1 to {history.MAX_LIMIT}" in limit.description.value
    assert Path(SCHEMA).read_text(encoding="utf-8").count("4,000 code points") == 1
    assert Settings().max_code_points == 4_000


def enum_values(name: str) -> list[str]:
    return [each.name.value for each in ENUMS[name].values or ()]


def test_every_rule_of_a_room_can_be_set_and_reset() -> None:
    assert enum_values("RoomRule") == list(RESETS)
    assert sorted(rule for rules in RESETS.values() for rule in rules) == sorted(
        [
            *("name", "description", "archivedAt", "visibility", "historyFrom", "avatarUrl", "avatarId"),
            *NUMBERS,
        ]
    )
    assert enum_values("PersonField") == list(PERSON_RESETS)


def test_the_schema_has_every_kind_of_notice() -> None:
    assert sorted(enum_values("NoticeKind")) == sorted(get_args(NoticeKind))


def test_terraform_knows_every_partition_that_a_function_has_rights_to() -> None:
    """Else no plan is made at all."""
    asked = {keys for each in FUNCTIONS.values() for right in each["rights"] for keys in right["leadingKeys"]}
    roles = (PROJECT / "terraform" / "roles.tf").read_text(encoding="utf-8")
    (table,) = re.findall(r"keys_in_table = \{(.*?)\n  \}", roles, re.DOTALL)
    assert set(re.findall(r'^ +"([A-Z#*]+)" +=', table, re.MULTILINE)) == asked
