"""GraphQL documents: parsed, limited and validated once."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from simulator.limits import Limits
from simulator.refusals import Error, bad_request, malformed
from simulator.validation import problems, too_deep


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
            wrong = self._problems(ast, operations, fragments)
        except RecursionError:
            raise malformed() from None
        return Document(ast, operations, fragments, wrong)

    def _problems(
        self,
        ast: DocumentNode,
        operations: Sequence[OperationDefinitionNode],
        fragments: dict[str, FragmentDefinitionNode],
    ) -> Sequence[Error]:
        if found := problems(self._schema, ast):
            return found
        depths: dict[str, int] = {}
        limit = self._limits.query_depth
        if any(_depth(node.selection_set, fragments, depths) > limit for node in operations):
            return [too_deep()]
        return []


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
