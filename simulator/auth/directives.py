"""Which fields of a schema each mode may read: AppSync's authorization directives.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes. What
has no directive is for the default mode alone; several are alternatives; those of a field count in place of those
of its type. A request that may not read a field gets null there and an error, and its other fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    ConstDirectiveNode,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    StringValueNode,
)

from simulator.auth.modes import Mode, Modes
from simulator.authorizer import Grant

_SOLE = "aws_auth"
_Groups = frozenset[str] | None
"""Of which Cognito groups one has to be; None: whether of any or not."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`closed`: for each mode the fields, as "Type.field", that it may not read. `by_groups`: for fields that are
    open to some groups of Cognito, which these are."""

    closed: Mapping[Mode, frozenset[str]]
    by_groups: Mapping[str, frozenset[str]]

    def applied(self, grant: Grant) -> Grant:
        """The grant, with what the schema does not let it read among what is denied."""
        denied = self.closed[grant.mode]
        if grant.mode is Mode.COGNITO and self.by_groups:
            own = set(grant.identity.get("groups") or ())
            denied |= {name for name, groups in self.by_groups.items() if not own & groups}
        return replace(grant, denied=grant.denied | denied) if denied else grant


def rules_of(schema: GraphQLSchema, modes: Modes) -> Rules:
    """The rules of an API whose first mode is its default."""
    closed: dict[Mode, set[str]] = {mode: set() for mode in Mode}
    by_groups: dict[str, frozenset[str]] = {}
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        inherited = _directives(_nodes(type_), modes)
        for name, field in type_.fields.items():
            own = _directives([field.ast_node] if field.ast_node else [], modes)
            allowed = _allowed(own or inherited, modes)
            for mode in Mode:
                if mode not in allowed:
                    closed[mode].add(f"{type_.name}.{name}")
            if groups := allowed.get(Mode.COGNITO):
                by_groups[f"{type_.name}.{name}"] = groups
    return Rules({mode: frozenset(names) for mode, names in closed.items()}, by_groups)


def _allowed(directives: Sequence[ConstDirectiveNode], modes: Modes) -> dict[Mode, _Groups]:
    """The modes that what is marked so is open to, and for Cognito the groups."""
    if not directives:
        return {modes[0]: None}
    by_name = {mode.directive: mode for mode in Mode} | {_SOLE: Mode.COGNITO}
    return {
        by_name[name]: _groups(each) or None for each in directives if (name := each.name.value) in by_name
    }


def _directives(nodes: Iterable[Any], modes: Modes) -> list[ConstDirectiveNode]:
    """Those about authorization. `@aws_auth` counts where Cognito is the only mode; elsewhere it does nothing."""
    names = {mode.directive for mode in Mode} | {"aws_api_key"}
    if modes == (Mode.COGNITO,):
        names.add(_SOLE)
    return [each for node in nodes for each in node.directives or () if each.name.value in names]


def _nodes(type_: GraphQLObjectType) -> list[Any]:
    return [node for node in (type_.ast_node, *type_.extension_ast_nodes) if node]


def _groups(node: ConstDirectiveNode) -> frozenset[str]:
    return frozenset(
        value.value
        for argument in node.arguments or ()
        if argument.name.value == "cognito_groups" and isinstance(argument.value, ListValueNode)
        for value in argument.value.values
        if isinstance(value, StringValueNode)
    )
