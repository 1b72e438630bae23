"""The part of the schema that a request asks for, as a schema of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any, TypeVar

from graphql import (
    ConstArgumentNode,
    ConstDirectiveNode,
    ConstListValueNode,
    DocumentNode,
    FieldDefinitionNode,
    NamedTypeNode,
    NameNode,
    Node,
    ObjectTypeDefinitionNode,
    OperationType,
    OperationTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    print_ast,
    visit,
)

from chat.rules.schema_names import prefixed_field
from schema.naming import renamed, renamed_field
from schema.request import Request
from schema.source import OPERATIONS, Source

Marked = TypeVar("Marked", FieldDefinitionNode, ObjectTypeDefinitionNode)
"""What carries directives of authorization modes."""


def generate(
    *,
    modes: Sequence[str] = ("lambda",),
    default: str | None = None,
    fields: Iterable[str] | None = None,
    prefix: str = "",
    publish: str = "sender",
) -> str:
    """The SDL of a whole API with these root fields (all of them unless given) and the types that they reach.

    `modes` are the authorization modes that may read them (`lambda`, `cognito`, `oidc`, `iam`), `default` is the
    API's default mode (the first of `modes` unless given; `api_key` is possible, too): unless it is the only
    one, every object type and root field carries the directives of all `modes`. With a prefix, `Chat` for
    example, types are called `ChatMessage` and root fields `chatMessages`. With `publish="stream"` `onMessage` is
    linked to `publishMessage` alone, and `publishMine` feeds `onMine`: both are for IAM whatever the modes are. Raises `SchemaRefused`, a
    `ValueError` whose text is a sentence.
    """
    return printed(Request.of(modes=modes, default=default, fields=fields, prefix=prefix, publish=publish))


def printed(request: Request) -> str:
    """What the request asks for: a `schema` block, the root types that have fields, and the types."""
    roots = request.roots()
    operations = [
        OperationTypeDefinitionNode(operation=OperationType(OPERATIONS[root]), type=_named(root))
        for root in roots
    ]
    definitions = (
        SchemaDefinitionNode(operation_types=tuple(operations)),
        *(root_type(request, root) for root in roots),
        *types(request),
    )
    return print_ast(DocumentNode(definitions=definitions)) + "\n"


def root_type(request: Request, root: str) -> ObjectTypeDefinitionNode:
    """A root type with those of its fields that the request asks for."""
    return replace(request.source.roots[root], fields=tuple(root_fields(request, root)))


def root_fields(request: Request, root: str) -> list[FieldDefinitionNode]:
    """The fields of a root type that the request asks for."""
    return [
        marked(_field(name, request), () if name in request.source.internal() else request.directives)
        for name in request.of_root(root)
    ]


def field_text(field: FieldDefinitionNode) -> str:
    """A field as it stands in a type's block."""
    return indent(print_ast(field), "  ")


def types(request: Request) -> list[TypeDefinitionNode]:
    """The types that the request's fields reach, in the schema's order."""
    source = request.source
    reached, published = types_reached(source, request.fields), types_published(request)
    return [
        _typed(
            renamed(node, request.prefix),
            request.published_directives if name in published else request.directives,
        )
        for name, node in source.types.items()
        if name in reached
    ]


def types_published(request: Request) -> set[str]:
    """The types that the internal mutations reach, those of them that are among the request's fields."""
    return types_reached(
        request.source, [name for name in request.fields if name in request.source.internal()]
    )


def _typed(node: TypeDefinitionNode, directives: Iterable[str]) -> TypeDefinitionNode:
    return marked(node, directives) if isinstance(node, ObjectTypeDefinitionNode) else node


def marked(node: Marked, directives: Iterable[str]) -> Marked:
    """The node with these directives after its own."""
    added: list[ConstDirectiveNode] = [ConstDirectiveNode(name=NameNode(value=name)) for name in directives]
    return replace(node, directives=(*(node.directives or ()), *added))


def linked(field: FieldDefinitionNode, mutations: Iterable[str]) -> FieldDefinitionNode:
    """A subscription that hears of these mutations."""
    names = ConstListValueNode(values=tuple(StringValueNode(value=name) for name in mutations))
    argument = ConstArgumentNode(name=NameNode(value="mutations"), value=names)
    link = ConstDirectiveNode(name=NameNode(value="aws_subscribe"), arguments=(argument,))
    return replace(field, directives=(link,))


def _field(name: str, request: Request) -> FieldDefinitionNode:
    """A subscription is linked to those of its mutations that are there: a link to another is an error."""
    field = renamed_field(request.source.fields[name], request.prefix)
    mutations = [prefixed_field(each, request.prefix) for each in request.mutations(name)]
    return linked(field, mutations) if mutations else field


def types_reached(source: Source, fields: Iterable[str]) -> set[str]:
    """The types that root fields lead to, by their arguments or by what they answer, without AppSync's own."""
    reached: set[str] = set()
    ahead: list[Node] = [source.fields[name] for name in fields]
    while ahead:
        new = (_types_in(ahead.pop()) & source.types.keys()) - reached
        ahead += [source.types[name] for name in new]
        reached |= new
    return reached


def _types_in(node: Node) -> set[str]:
    found = set()

    class Names(Visitor):
        def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
            found.add(node.name.value)

    visit(node, Names())
    return found


def _named(name: str) -> NamedTypeNode:
    return NamedTypeNode(name=NameNode(value=name))
