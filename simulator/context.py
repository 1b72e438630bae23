"""The event of a direct Lambda resolver: AppSync's whole Context.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html and
https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
    print_ast,
)
from graphql.execution.values import VariableValues

from simulator.authorizer import Grant

HIDDEN_HEADERS = ("cookie", "connection", "upgrade", "sec-websocket-")
"""AppSync removes cookies; the rest belongs to one hop, and the subprotocol would repeat the token."""

Headers = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request on its way through the fields. `completed`: response key and name of each mutation
    begun."""

    headers: Headers
    grant: Grant
    variables: Mapping[str, Any]
    completed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field: where it stands, and what the document says about it."""

    parent_type: str
    name: str
    return_type: GraphQLOutputType
    nodes: Sequence[FieldNode]
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variable_values: VariableValues


def resolver_event(selected: Field, arguments: Mapping[str, Any], source: Any, call: Call) -> dict[str, Any]:
    selection = _merged(selected.nodes)
    return {
        "arguments": dict(arguments),
        "identity": dict(call.grant.identity),
        "source": source,
        "request": {"headers": dict(call.headers), "domainName": None},
        "prev": None,
        "info": {
            "fieldName": selected.name,
            "parentTypeName": selected.parent_type,
            "variables": dict(call.variables),
            "selectionSetList": selection_set_list(selected),
            "selectionSetGraphQL": print_ast(selection) if selection.selections else "",
        },
        "stash": {},
    }


def request_headers(headers: Iterable[tuple[str, str]], peer: str) -> Headers:
    """Headers as a resolver sees them: lower case, a repeated one as a list, the caller's address added."""
    seen: dict[str, list[str]] = {}
    for name, value in headers:
        lower = name.lower()
        if not lower.startswith(HIDDEN_HEADERS):
            seen.setdefault(lower, []).append(header_text(value))
    forwarded = seen.pop("x-forwarded-for", [])
    single: dict[str, str | list[str]] = {
        name: values[0] if len(values) == 1 else values for name, values in seen.items()
    }
    return single | {"x-forwarded-for": ", ".join([*forwarded, peer])}


def addresses(headers: Headers) -> list[str]:
    """Where a request came from, the client first, by the headers as a resolver sees them."""
    forwarded = headers.get("x-forwarded-for", "")
    return [each.strip() for each in str(forwarded).split(",") if each.strip()]


def header_text(value: str) -> str:
    """Bytes outside UTF-8 come as lone surrogates, which no JSON can carry: read them as Latin-1."""
    return value if value.isascii() else value.encode(errors="surrogateescape").decode("latin-1")


def selection_set_list(selected: Field) -> list[str]:
    """Slash paths of everything selected under a field: aliases instead of names, fragments dissolved."""
    paths: dict[str, None] = {}
    _collect(selected, _merged(selected.nodes), get_named_type(selected.return_type), "", paths)
    return list(paths)


def _merged(nodes: Sequence[FieldNode]) -> SelectionSetNode:
    """The same field may be written twice; its selections add up."""
    selections = [child for node in nodes if node.selection_set for child in node.selection_set.selections]
    return SelectionSetNode(selections=tuple(selections))


def _collect(
    selected: Field,
    selections: SelectionSetNode,
    on: GraphQLNamedType | None,
    prefix: str,
    paths: dict[str, None],
) -> None:
    for node in selections.selections:
        if not _is_included(node, selected.variable_values):
            continue
        if isinstance(node, FieldNode):
            path = prefix + (node.alias or node.name).value
            paths[path] = None
            if node.selection_set:
                fields = on.fields if isinstance(on, GraphQLObjectType | GraphQLInterfaceType) else {}
                inner = fields.get(node.name.value)
                type_ = get_named_type(inner.type) if inner else None
                _collect(selected, node.selection_set, type_, path + "/", paths)
        elif isinstance(node, InlineFragmentNode | FragmentSpreadNode):
            fragment = node if isinstance(node, InlineFragmentNode) else selected.fragments[node.name.value]
            if _applies(selected.schema, fragment, on):
                _collect(selected, fragment.selection_set, on, prefix, paths)


def _applies(
    schema: GraphQLSchema, fragment: InlineFragmentNode | FragmentDefinitionNode, on: GraphQLNamedType | None
) -> bool:
    """For an interface or union only its own fields are listed, not those of the types behind it."""
    if fragment.type_condition is None or on is None or fragment.type_condition.name.value == on.name:
        return True
    condition = schema.get_type(fragment.type_condition.name.value)
    return is_abstract_type(condition) and not is_abstract_type(on)


def _is_included(node: Any, variables: VariableValues) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and not include["if"])
