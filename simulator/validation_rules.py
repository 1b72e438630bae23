"""How it is said what a rule of graphql-core found: graphql-java's kind, text, place and moment."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputType,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    ValidationContext,
    VariableDefinitionNode,
    is_non_null_type,
    type_from_ast,
)

from simulator.literals import wrong_value
from simulator.wordings import java_literal, java_type_name


class Moment(Enum):
    """When graphql-java reports, while it walks through the document."""

    NODE = "when it enters the node"
    SELECTION_END = "when it leaves the selection set around the node"
    OPERATION_END = "when it leaves the operation around the node"
    DOCUMENT_END = "at last"


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule of graphql-core found. `around`: the nodes that hold the first node, the outermost first."""

    context: ValidationContext
    message: str
    nodes: Sequence[Node]
    around: Sequence[Node]

    @property
    def name(self) -> str:
        """That of the first node."""
        node = self.nodes[0]
        return str(getattr(getattr(node, "name", node), "value", ""))

    def holder(self, *kinds: type[Node]) -> Node:
        """The innermost node of these kinds around the first node, or itself."""
        return next((node for node in reversed(self.around) if isinstance(node, kinds)), self.nodes[0])


@dataclass(frozen=True, slots=True)
class Said:
    """An error's kind and text. `words`: what is filled in. `nodes`: whose places are told; those that were
    found, if None."""

    kind: str
    which: int = 0
    words: Mapping[str, object] = field(default_factory=dict)
    nodes: Sequence[Node] | None = None


Saying = Callable[[Found], Said]


@dataclass(frozen=True, slots=True)
class Rule:
    """How it is said what a rule of graphql-core found."""

    say: Saying
    moment: Moment = Moment.NODE


def _named(kind: str, word: str, *holders: type[Node]) -> Saying:
    """A text that needs the name of the node alone. `holders`: whose place is told in place of the node's."""

    def say(found: Found) -> Said:
        node = found.holder(*holders) if holders else found.nodes[0]
        return Said(kind, words={word: found.name}, nodes=[node])

    return say


def _only_one(kind: str, word: str = "name") -> Saying:
    """Of two with the same name the second is told."""
    return lambda found: Said(kind, words={word: found.name}, nodes=found.nodes[-1:])


def _unused_variable(found: Found) -> Said:
    variable = getattr(found.nodes[0], "variable", None)
    return Said("UnusedVariable", words={"variable": variable.name.value if variable else "null"})


def _plain(kind: str, *holders: type[Node]) -> Saying:
    return lambda found: Said(kind, nodes=[found.holder(*holders)] if holders else None)


def _definition(found: Found) -> Said:
    kind = found.nodes[0].kind
    name = "schema" if kind.startswith("schema") else found.name or "provided"
    return Said("NonExecutableDefinition", words={"definition": name})


def _value(found: Found) -> Said:
    """graphql-core names the innermost value, graphql-java the argument, once."""
    holder = found.holder(ArgumentNode, VariableDefinitionNode)
    if isinstance(holder, VariableDefinitionNode) and holder.default_value:
        type_ = type_from_ast(found.context.schema, holder.type)
        name = java_type_name(type_) if type_ else "null"
        words = {"value": java_literal(holder.default_value), "type": name}
        return Said("BadValueForDefaultArg", words=words, nodes=[holder])
    argument = found.context.get_argument()
    if not isinstance(holder, ArgumentNode) or argument is None:
        return Said("InvalidSyntax")
    wrong = wrong_value(holder.name.value, holder.value, argument.type)
    return Said("WrongType", wrong.which, wrong.words, [holder])


def _field(found: Found) -> Said:
    parent = found.context.get_parent_type()
    return Said("FieldUndefined", words={"field": found.name, "type": parent.name if parent else "null"})


def _condition(found: Found) -> Said:
    holder = found.holder(InlineFragmentNode, FragmentDefinitionNode)
    # Of a named fragment, too: graphql-java has a kind for it, and does not use it.
    return Said(
        "InlineFragmentTypeConditionInvalid", int(isinstance(holder, FragmentDefinitionNode)), nodes=[holder]
    )


def _argument(found: Found) -> Said:
    if isinstance(found.holder(DirectiveNode), DirectiveNode):
        return Said("UnknownDirective", 1, {"argument": found.name})
    return Said("UnknownArgument", words={"argument": found.name})


def _directive(found: Found) -> Said:
    unknown = found.context.schema.get_directive(found.name) is None
    return Said("UnknownDirective" if unknown else "MisplacedDirective", words={"directive": found.name})


def _conflict(found: Found) -> Said:
    """`a: list and text are different fields`, and `obj: (a: …, b: …)` for what lies below."""
    text = re.sub(r"\.\s+Use different aliases.*", "", found.message, flags=re.DOTALL)
    text = re.sub(r"'(\w+)' and '(\w+)' (are different fields)", r"\1 and \2 \3", text)
    text = re.sub(
        r"they return conflicting types '(.+?)' and '(.+?)'", r"they return differing types \1 and \2", text
    )
    name, _, reason = text.removeprefix("Fields ").partition(" conflict because ")
    below = [_chain(part) for part in re.split(r" and (?=subfields ')", reason)]
    return Said(
        "FieldsConflict",
        words={"reason": f"{name.strip(chr(39))}: {_in_brackets(below, reason)}"},
        nodes=found.nodes,
    )


def _in_brackets(below: Sequence[str], reason: str) -> str:
    return f"({', '.join(below)})" if reason.startswith("subfields ") else reason


def _chain(text: str) -> str:
    """`subfields 'a' conflict because subfields 'b' conflict because R` as `a: (b: R)`."""
    match = re.match(r"subfields '(\w+)' conflict because (.*)", text, flags=re.DOTALL)
    return f"{match[1]}: {_in_brackets([_chain(match[2])], match[2])}" if match else text


def _spread(found: Found) -> Said:
    node, context = found.nodes[0], found.context
    if isinstance(node, FragmentSpreadNode):
        fragment = context.get_fragment(node.name.value)
        condition = fragment.type_condition if fragment else None
    else:
        condition = getattr(node, "type_condition", None)
    parent = context.get_parent_type()
    words = {
        "parent": parent.name if parent else "null",
        "type": condition.name.value if condition else "null",
        "fragment": found.name,
    }
    return Said("InvalidFragmentType", int(isinstance(node, FragmentSpreadNode)), words)


def _missing(found: Found) -> Said:
    """Which argument is missing stands in graphql-core's text alone: `Argument 'Query.a(limit:)' of type …`."""
    match = re.search(r"\((\w+):\)", found.message)
    kind = "MissingDirectiveArgument" if isinstance(found.nodes[0], DirectiveNode) else "MissingFieldArgument"
    return Said(kind, words={"argument": match[1] if match else "null"})


def _lone(found: Found) -> Said:
    """graphql-java tells the operation that follows, graphql-core every one without a name."""
    operations = [
        node for node in found.context.document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    told = operations[1] if found.nodes[0] is operations[0] else found.nodes[0]
    name = getattr(getattr(told, "name", None), "value", None)
    return Said("LoneAnonymousOperationViolation", int(name is not None), {"operation": name}, [told])


def _leaf(found: Found) -> Said:
    """graphql-core names the field, or the selection set that is too much."""
    type_, node = found.context.get_type(), found.holder(FieldNode)
    field = getattr(getattr(node, "name", None), "value", "null")
    words = {"type": java_type_name(type_) if type_ else "null", "field": field}
    has_selection = getattr(node, "selection_set", None) is not None
    return Said(
        "SubSelectionNotAllowed" if has_selection else "SubSelectionRequired", words=words, nodes=[node]
    )


def _mismatch(found: Found) -> Said:
    """The first node is the variable's use, the second its definition."""
    use, definition = found.nodes[0], found.nodes[1]
    type_ = isinstance(definition, VariableDefinitionNode) and type_from_ast(
        found.context.schema, definition.type
    )
    # A variable with a default counts as one that is not null.
    has_default = not is_non_null_type(type_) and getattr(definition, "default_value", None) is not None
    expected = _expected(found.context, use)
    return Said(
        "VariableTypeMismatch",
        words={"type": f"{type_}!" if has_default else type_, "expected": expected or "null"},
    )


def _expected(context: ValidationContext, use: Node) -> GraphQLInputType | None:
    for operation in context.document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            for usage in context.get_recursive_variable_usages(operation):
                if usage.node is use:
                    return usage.type
    return None


def _roots(found: Found) -> Said:
    operation = found.holder(OperationDefinitionNode)
    name = getattr(getattr(operation, "name", None), "value", "null")
    return Said("SubscriptionMultipleRootFields", words={"name": name}, nodes=[operation])


def _operation_type(found: Found) -> Said:
    operation = getattr(found.nodes[0], "operation", None)
    return Said("UnsupportedOperation", words={"operation": operation.value if operation else "null"})


RULES: Mapping[str, Rule] = {
    "KnownOperationTypesRule": Rule(_operation_type),
    "ExecutableDefinitionsRule": Rule(_definition),
    "ValuesOfCorrectTypeRule": Rule(_value),
    "FieldsOnCorrectTypeRule": Rule(_field),
    "FragmentsOnCompositeTypesRule": Rule(_condition),
    "KnownArgumentNamesRule": Rule(_argument),
    "KnownDirectivesRule": Rule(_directive),
    "KnownFragmentNamesRule": Rule(_named("UndefinedFragment", "fragment", FragmentSpreadNode)),
    "KnownTypeNamesRule": Rule(_named("UnknownType", "type")),
    "NoFragmentCyclesRule": Rule(_plain("FragmentCycle")),
    "NoUndefinedVariablesRule": Rule(_named("UndefinedVariable", "variable")),
    "NoUnusedFragmentsRule": Rule(_named("UnusedFragment", "fragment"), Moment.DOCUMENT_END),
    "NoUnusedVariablesRule": Rule(_unused_variable, Moment.OPERATION_END),
    "OverlappingFieldsCanBeMergedRule": Rule(_conflict, Moment.SELECTION_END),
    "PossibleFragmentSpreadsRule": Rule(_spread),
    "ProvidedRequiredArgumentsRule": Rule(_missing),
    "ScalarLeafsRule": Rule(_leaf),
    "VariablesAreInputTypesRule": Rule(_plain("NonInputTypeOnVariable", VariableDefinitionNode)),
    "VariablesInAllowedPositionRule": Rule(_mismatch),
    "LoneAnonymousOperationRule": Rule(_lone),
    "UniqueOperationNamesRule": Rule(_only_one("DuplicateOperationName")),
    "UniqueFragmentNamesRule": Rule(_only_one("DuplicateFragmentName")),
    "UniqueArgumentNamesRule": Rule(_only_one("DuplicateArgumentNames")),
    "UniqueVariableNamesRule": Rule(_only_one("DuplicateVariableName")),
    "UniqueInputFieldNamesRule": Rule(_only_one("UniqueObjectFieldName")),
    "UniqueDirectivesPerLocationRule": Rule(_only_one("DuplicateDirectiveName", "directive")),
    "SingleFieldSubscriptionsRule": Rule(_roots),
}
"""By the name of graphql-core's rule. A rule that is not here asks nothing that AppSync's schemas have
(`@defer`, `@stream`) or limits how deep introspection goes."""

OTHER = Rule(_plain("InvalidSyntax"))
