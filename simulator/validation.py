"""Validation as AppSync answers it: graphql-core's rules judge, and what they find is said as graphql-java says it.

graphql-java walks through the document once, and at each node asks its rules in their order: so the errors come
by their places, and at one place in the order of `simulator.validation_rules.RULES`.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    specified_rules,
    validate,
)

from simulator.refusals import Error
from simulator.validation_rules import OTHER, RULES, Found, Moment
from simulator.wordings import validation_error

MOST_ERRORS = 50


def problems(schema: GraphQLSchema, document: DocumentNode) -> list[Error]:
    """The `errors[]` of a document, in AppSync's order; none if it may be executed."""
    found: dict[tuple[str, str], tuple[tuple[int, int, int], Error]] = {}

    def note(rule: type[ASTValidationRule], context: ValidationContext, error: GraphQLError) -> None:
        order, entry = _entry(rule.__name__, document, context, error)
        found.setdefault((entry["message"], str(entry["locations"])), (order, entry))
        context.on_error(error)

    rules = [_noting(rule, partial(note, rule)) for rule in specified_rules]
    errors = validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=True)
    if errors and not found:  # graphql-core gave up: it is nested too deeply
        return [_error("InvalidSyntax", None, [])]
    return [entry for _order, entry in sorted(found.values(), key=lambda each: each[0])]


def error_locations(nodes: Sequence[Node] | None) -> list[dict[str, object]]:
    """AppSync's `locations`: where each node begins, counted from 1."""
    return [
        {"line": place.line, "column": place.column, "sourceName": None}
        for place in (GraphQLError("", nodes=nodes).locations or ())
    ]


def too_deep() -> Error:
    return _error("QueryDepthLimitReached", None, [])


def _error(kind: str, path: str | None, nodes: Sequence[Node], which: int = 0, **words: object) -> Error:
    message = validation_error(kind, path, which, **words)
    return {"path": None, "locations": error_locations(nodes), "message": message}


def _noting(
    rule: type[ASTValidationRule], note: Callable[[ValidationContext, GraphQLError], None]
) -> type[ASTValidationRule]:
    """The rule, but what it reports goes to `note` first."""

    class Noting(rule):  # type: ignore[valid-type, misc]
        def __init__(self, context: ValidationContext) -> None:
            # Several rules report past themselves: only their context hears of every error.
            own = copy(context)
            own.on_error = partial(note, context)  # type: ignore[method-assign]
            super().__init__(own)

    return Noting


def _entry(
    rule: str, document: DocumentNode, context: ValidationContext, error: GraphQLError
) -> tuple[tuple[int, int, int], Error]:
    """The error, and where it stands among others."""
    nodes = list(error.nodes or [document])
    if rule == "VariablesInAllowedPositionRule":  # the definition comes first: what counts is the use
        nodes.reverse()
    found = Found(context, error.message, nodes, list(_around(document, nodes[0])))
    way = RULES.get(rule, OTHER)
    said = way.say(found)
    told = found.nodes[:1] if said.nodes is None else said.nodes
    names = [
        node.name.value
        for node in _around(document, told[0])
        if isinstance(node, FieldNode | FragmentDefinitionNode)
    ]
    if way.moment is Moment.SELECTION_END:
        names.pop()
    elif way.moment is not Moment.NODE:
        names.clear()
    entry = _error(said.kind, "/".join(names) or None, told, said.which, **said.words)
    rank = list(RULES).index(rule) if rule in RULES else len(RULES)
    return (_offset(way.moment, found, document), list(Moment).index(way.moment), rank), entry


def _offset(moment: Moment, found: Found, document: DocumentNode) -> int:
    """Where in the text graphql-java is when it reports."""
    if moment is Moment.NODE:
        return found.nodes[0].loc.start if found.nodes[0].loc else 0
    left = {
        Moment.SELECTION_END: found.holder(SelectionSetNode),
        Moment.OPERATION_END: found.holder(OperationDefinitionNode),
        Moment.DOCUMENT_END: document,
    }[moment]
    return left.loc.end if left.loc else 0


def _around(outer: Node, inner: Node) -> Iterator[Node]:
    """The nodes within `outer` that hold `inner`, which is the last of them."""
    holder: Node | None = outer
    while holder is not None and holder is not inner:
        holder = next((node for node in _children(holder) if _holds(node, inner)), None)
        if holder is not None:
            yield holder


def _children(node: Node) -> Iterator[Node]:
    for key in node.keys:
        value = getattr(node, key, None)
        for child in value if isinstance(value, list | tuple) else (value,):
            if isinstance(child, Node):
                yield child


def _holds(outer: Node, inner: Node) -> bool:
    return outer is inner or bool(
        outer.loc and inner.loc and outer.loc.start <= inner.loc.start and inner.loc.end <= outer.loc.end
    )
