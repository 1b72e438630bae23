"""GraphQL documents: parsed, limited and validated once, with AppSync's wording of what is wrong."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)

from simulator.limits import Limits
from simulator.refusals import Error, bad_request, malformed

_KINDS = {
    "ExecutableDefinitionsRule": "NonExecutableDefinition",
    "FieldsOnCorrectTypeRule": "FieldUndefined",
    "FragmentsOnCompositeTypesRule": "FragmentTypeConditionInvalid",
    "KnownArgumentNamesRule": "UnknownArgument",
    "KnownDirectivesRule": "UnknownDirective",
    "KnownFragmentNamesRule": "UndefinedFragment",
    "KnownTypeNamesRule": "UnknownType",
    "LoneAnonymousOperationRule": "LoneAnonymousOperationViolation",
    "NoFragmentCyclesRule": "FragmentCycle",
    "NoUndefinedVariablesRule": "UndefinedVariable",
    "NoUnusedFragmentsRule": "UnusedFragment",
    "NoUnusedVariablesRule": "UnusedVariable",
    "OverlappingFieldsCanBeMergedRule": "FieldsConflict",
    "PossibleFragmentSpreadsRule": "InvalidFragmentType",
    "ProvidedRequiredArgumentsRule": "MissingFieldArgument",
    "SingleFieldSubscriptionsRule": "SubscriptionMultipleRootFields",
    "UniqueArgumentNamesRule": "DuplicateArgumentNames",
    "UniqueOperationNamesRule": "DuplicateOperationName",
    "ValuesOfCorrectTypeRule": "WrongType",
    "VariablesAreInputTypesRule": "NonInputTypeOnVariable",
    "VariablesInAllowedPositionRule": "VariableTypeMismatch",
}
"""graphql-core's rule and the name of the same violation in graphql-java, which AppSync runs on."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `problems`: the `errors[]` of its validation; it may only be executed when there are
    none."""

    ast: DocumentNode
    operations: Sequence[OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    problems: Sequence[Error]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises `RequestRefused` when the name leaves that open."""
        if name is None:
            if len(self.operations) > 1:
                raise bad_request("Missing operation name.")
            return self.operations[0]
        for operation in self.operations:
            if operation.name and operation.name.value == name:
                return operation
        raise bad_request(f"Unknown operation named '{name}'.")


class Documents:
    """The documents of one schema; the least recently used are forgotten."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """Raises `RequestRefused` for what is not GraphQL or has too many tokens."""
        document = self._kept.get(text)
        if document is None:
            document = self._kept[text] = self._read(text)
            if len(self._kept) > self._limits.documents:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(text)
        return document

    def _read(self, text: str) -> Document:
        try:
            ast = parse(text, max_lexical_tokens=self._limits.query_tokens)
        except (GraphQLError, RecursionError):
            raise malformed() from None
        operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
        if not operations:
            raise malformed()
        fragments = {
            node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)
        }
        try:
            problems = self._problems(ast, operations, fragments)
        except RecursionError:
            raise malformed() from None
        return Document(ast, operations, fragments, problems)

    def _problems(
        self,
        ast: DocumentNode,
        operations: Sequence[OperationDefinitionNode],
        fragments: dict[str, FragmentDefinitionNode],
    ) -> list[Error]:
        found: list[Error] = []
        rules = [_noting(rule, ast, found) for rule in specified_rules]
        errors = validate(self._schema, ast, rules, max_errors=50, hide_suggestions=True)
        if errors and not found:  # given up
            found.append(_problem("InvalidSyntax", errors[0].message, None, None))
        if not found:
            depths: dict[str, int] = {}
            if any(
                _depth(node.selection_set, fragments, depths) > self._limits.query_depth
                for node in operations
            ):
                found.append(_problem("QueryDepthLimitReached", "Query depth limit exceeded.", None, None))
        return found


def error_locations(nodes: Sequence[Node] | None) -> list[dict[str, object]]:
    """AppSync's `locations`: where each node begins, counted from 1."""
    return [
        {"line": place.line, "column": place.column, "sourceName": None}
        for place in (GraphQLError("", nodes=nodes).locations or ())
    ]


def _problem(kind: str, text: str, path: str | None, nodes: Sequence[Node] | None) -> Error:
    place = f" @ '{path}'" if path else ""
    message = f"Validation error of type {kind}: {text}{place}"
    return {"path": None, "locations": error_locations(nodes), "message": message}


def _noting(rule: type[ASTValidationRule], ast: DocumentNode, found: list[Error]) -> type[ASTValidationRule]:
    """The rule, but what it reports is noted under AppSync's name for it."""

    class Noting(rule):  # type: ignore[valid-type, misc]
        def __init__(self, context: ValidationContext) -> None:
            own = copy(
                context
            )  # several rules report past themselves: only their context hears of every error
            own.on_error = partial(note, context)  # type: ignore[method-assign]
            super().__init__(own)

    def note(context: ValidationContext, error: GraphQLError) -> None:
        kind = _KINDS.get(rule.__name__, rule.__name__.removesuffix("Rule"))
        if rule.__name__ == "ScalarLeafsRule":
            kind = "SubSelectionNotAllowed" if "must not have" in error.message else "SubSelectionRequired"
        path = "/".join(_path(ast, error.nodes[0])) if error.nodes else None
        found.append(_problem(kind, _worded(error.message), path, error.nodes))
        context.on_error(error)

    return Noting


def _worded(message: str) -> str:
    return re.sub(
        r"^Cannot query field '(\w+)' on type '(\w+)'\.", r"Field '\1' in type '\2' is undefined", message
    )


def _path(ast: DocumentNode, node: Node) -> list[str]:
    """The names of the fields around a place in the text."""
    names: list[str] = []
    around: Sequence[Node] = ast.definitions
    while around:
        holder = next((outer for outer in around if _holds(outer, node)), None)
        if isinstance(holder, FieldNode):
            names.append(holder.name.value)
        selections = getattr(holder, "selection_set", None)
        around = selections.selections if selections else ()
    return names


def _holds(outer: Node, inner: Node) -> bool:
    return bool(
        outer.loc and inner.loc and outer.loc.start <= inner.loc.start and inner.loc.end <= outer.loc.end
    )


def _depth(
    selections: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode], known: dict[str, int]
) -> int:
    """How many fields lie inside each other. `known`: the depths of fragments, each measured once."""
    deepest = 0
    for node in selections.selections if selections else ():
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in known:
                known[name] = _depth(fragments[name].selection_set, fragments, known)
            depth = known[name]
        else:
            inner: SelectionSetNode | None = getattr(node, "selection_set", None)
            depth = _depth(inner, fragments, known) + isinstance(node, FieldNode)
        deepest = max(deepest, depth)
    return deepest
