"""The schema's part put into a schema that is there: its text stays as it is, and lines are inserted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    Location,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    print_ast,
)

from schema.appsync import AUTHORIZING, check, read
from schema.document import field_text, root_fields, root_type, types
from schema.request import Request, SchemaRefused
from schema.source import OPERATIONS, linked_by

WHAT = "INTO"
Fielded = ObjectTypeDefinitionNode | ObjectTypeExtensionNode


@dataclass(frozen=True, slots=True)
class Theirs:
    """A schema that is there. `roots`: its root types by operation (`query` …)."""

    text: str
    document: DocumentNode
    roots: Mapping[str, str]

    @classmethod
    def of(cls, text: str) -> "Theirs":
        """Raises `SchemaRefused` unless it is a schema, or lacks nothing but the type of its queries."""
        document = read(text, WHAT)
        own = cls(text, document, _roots(document))
        if "query" in own.roots:
            check(document, WHAT)
        return own

    def block(self) -> SchemaDefinitionNode | None:
        """Its `schema { … }`, which it need not have."""
        return next(
            (node for node in self.document.definitions if isinstance(node, SchemaDefinitionNode)), None
        )

    def type_names(self) -> set[str]:
        return {node.name.value for node in self.document.definitions if isinstance(node, TypeDefinitionNode)}

    def parts(self, name: str) -> list[Fielded]:
        """An object type's definition, and its extensions if there are any."""
        return [
            node
            for node in self.document.definitions
            if isinstance(node, Fielded) and node.name.value == name
        ]

    def field_names(self, name: str) -> set[str]:
        return {field.name.value for node in self.parts(name) for field in node.fields or ()}

    def notes(self) -> Iterator[str]:
        """What its owners have to know when they wire the fields."""
        for root, operation in OPERATIONS.items():
            if (own := self.roots.get(operation, root)) != root:
                yield f"Its {operation} type is called {own}: resolvers hang on that type, and not on {root}."

    def is_marked(self, name: str) -> bool:
        """Whether an object type says itself which modes may read its fields."""
        directives = (each for node in self.parts(name) for each in node.directives or ())
        return any(each.name.value in AUTHORIZING for each in directives)


def merge(theirs: Theirs, request: Request) -> str:
    """Their schema with what the request asks for in it. Raises `SchemaRefused` where a name is taken or the
    result is no schema."""
    if any(theirs.is_marked(theirs.roots.get(OPERATIONS[root], "")) for root in request.roots()):
        request = request.among_marked()
    _refuse_taken(theirs, request)
    _refuse_links(theirs, request)
    result = _with_lines(theirs.text, list(_insertions(theirs, request)))
    check(read(result, WHAT), WHAT)
    return result


def _roots(document: DocumentNode) -> Mapping[str, str]:
    blocks = [
        node for node in document.definitions if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
    ]
    if blocks:
        return {
            each.operation.value: each.type.name.value
            for node in blocks
            for each in node.operation_types or ()
        }
    named = {node.name.value for node in document.definitions if isinstance(node, ObjectTypeDefinitionNode)}
    return {operation: root for root, operation in OPERATIONS.items() if root in named}


def _refuse_taken(theirs: Theirs, request: Request) -> None:
    names = theirs.type_names()
    taken = [f"type {node.name.value}" for node in types(request) if node.name.value in names]
    for root in request.roots():
        own = theirs.roots.get(OPERATIONS[root])
        if own is None and root in names:
            raise SchemaRefused(f"{WHAT}: type {root} is there, but its schema block does not name it.")
        there = theirs.field_names(own or "")
        taken += [
            f"field {own}.{field.name.value}"
            for field in root_fields(request, root)
            if field.name.value in there
        ]
    if taken:
        other = (
            f"another PREFIX than {request.prefix}, or give that schema as it was before ours was put into it"
            if request.prefix
            else "a PREFIX, as in PREFIX=Chat"
        )
        raise SchemaRefused(
            f"{WHAT}: that schema has names of ours already: {', '.join(taken)}. Choose {other}."
        )


def _refuse_links(theirs: Theirs, request: Request) -> None:
    """A subscription of theirs that heard a mutation of ours would have no fence, and what a mutation of theirs gave to a
    subscription of ours could be of any room."""
    own = {f"{root}.{each.name.value}" for root in request.roots() for each in root_fields(request, root)}
    for root, directive, other in (
        ("Subscription", "aws_subscribe", "Mutation"),
        ("Mutation", "aws_publish", "Subscription"),
    ):
        for node in theirs.parts(theirs.roots.get(OPERATIONS[root], "")):
            for field in node.fields or ():
                if found := [each for each in linked_by(field, directive) if f"{other}.{each}" in own]:
                    raise SchemaRefused(
                        f"{WHAT}: {node.name.value}.{field.name.value} is linked to {', '.join(found)}, which would be ours: "
                        f"take @{directive} away, or choose another PREFIX."
                    )


def _insertions(theirs: Theirs, request: Request) -> Iterator[tuple[int, str]]:
    """Offsets in their text, and the lines that go there."""
    operations, new_types = [], []
    for root in request.roots():
        if own := theirs.roots.get(OPERATIONS[root]):
            node = next((part for part in theirs.parts(own) if part.fields), None)
            if node is None:
                raise SchemaRefused(f"{WHAT}: the schema block names {own}, which is not there.")
            fields = [field_text(field) for field in root_fields(request, root)]
            yield _before_brace(theirs.text, node.loc, "\n".join(fields))
        else:
            operations.append(f"  {OPERATIONS[root]}: {root}")
            new_types.append(print_ast(root_type(request, root)))
    if operations and (block := theirs.block()):
        yield _before_brace(theirs.text, block.loc, "\n".join(operations))
    new_types += [print_ast(node) for node in types(request)]
    ended = theirs.text.endswith("\n")
    yield len(theirs.text), ("" if ended else "\n") + "".join(f"\n{each}\n" for each in new_types)


def _before_brace(text: str, block: Location | None, lines: str) -> tuple[int, str]:
    """The place for lines at the end of a block: before the line of its brace, or before the brace where that
    is not alone on its line."""
    if block is None:
        raise ValueError("a document without places")
    brace = block.end - 1
    line = text.rfind("\n", 0, brace) + 1
    return (brace, f"\n{lines}\n") if text[line:brace].strip() else (line, f"{lines}\n")


def _with_lines(text: str, insertions: Sequence[tuple[int, str]]) -> str:
    """The text with lines inserted, which end as its own do."""
    newline = "\r\n" if "\r\n" in text else "\n"
    for offset, lines in sorted(insertions, reverse=True):
        text = text[:offset] + lines.replace("\n", newline) + text[offset:]
    return text
