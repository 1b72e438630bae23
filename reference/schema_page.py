"""The schema as a page: each field and type with an anchor, its description, and what leads on from it."""

from collections.abc import Iterable, Mapping
from html import escape

from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    print_ast,
)

from reference.markup import Links, contents, inline, page, prose, table
from schema.source import OPERATIONS, Source

FILE = "index.html"
GROUPS = {"Query": "Queries", "Mutation": "Mutations", "Subscription": "Subscriptions"}
KINDS: Mapping[str, type[TypeDefinitionNode]] = {
    "Objects": ObjectTypeDefinitionNode,
    "Enums": EnumTypeDefinitionNode,
    "Inputs": InputObjectTypeDefinitionNode,
}
SCALARS: Mapping[str, str] = {
    "ID": "An id: a string.",
    "Int": "A whole number from −2³¹ to 2³¹ − 1.",
    "Float": "A number of double precision.",
    "String": "A text in Unicode.",
    "Boolean": "`true` or `false`.",
    "AWSDateTime": "An instant by ISO 8601, `2026-07-01T12:00:00.000Z`: what is answered has milliseconds and `Z`.",
    "AWSJSON": "A text that is JSON.",
}


def schema_page(source: Source) -> str:
    """Of the fields and types that a deployment has."""
    links = _links(source)
    fields = {
        group: {name: field for name, field in source.fields.items() if name.startswith(f"{root}.")}
        for root, group in GROUPS.items()
    }
    types = {
        group: {name: node for name, node in source.types.items() if isinstance(node, kind)}
        for group, kind in KINDS.items()
    }
    parts = [
        '<p>What AppSync answers, and <a href="/graphiql">the explorer</a> asks. A name leads to what it means.</p>'
    ]
    for group, named in fields.items():
        parts.append(f"<h2>{group}</h2>")
        parts += [_root_field(name, field, source, links) for name, field in named.items()]
    for group, nodes in types.items():
        parts.append(f"<h2>{group}</h2>")
        parts += [_type(node, links) for node in nodes.values()]
    parts += ["<h2>Scalars</h2>", *(_scalar(name, links) for name in SCALARS)]
    menu = {group: {name.split(".")[1]: name for name in named} for group, named in fields.items()}
    menu |= {group: {name: name for name in nodes} for group, nodes in types.items()}
    menu["Scalars"] = {name: name for name in SCALARS}
    return page(FILE, "\n".join(parts), contents(menu))


def _links(source: Source) -> Links:
    """Root fields by their own names and as `Query.messages`; types; and types' fields as `Message.seq`."""
    links = {name: f"#{name}" for name in (*SCALARS, *source.types)}
    for type_name, node in source.types.items():
        inner = node.values if isinstance(node, EnumTypeDefinitionNode) else getattr(node, "fields", ())
        links |= {(name := f"{type_name}.{each.name.value}"): f"#{name}" for each in inner or ()}
    for name in source.fields:
        links |= {name: f"#{name}", name.split(".")[1]: f"#{name}"}
    return links


def _root_field(name: str, field: FieldDefinitionNode, source: Source, links: Links) -> str:
    root, short = name.split(".")
    heard = source.links.get(name, ())
    feeds = [other for other, mutations in source.links.items() if root == "Mutation" and short in mutations]
    notes = [
        *([f"<p>Hears of {_listed(heard, links)}.</p>"] if heard else []),
        *(
            [f"<p>Is heard of by {_listed((each.split('.')[1] for each in feeds), links)}.</p>"]
            if feeds
            else []
        ),
    ]
    return (
        f'<section id="{name}"><h3><a href="#{name}">{short}</a></h3>'
        f"<pre>{OPERATIONS[root]} {short}{_arguments(field, links)}: {_typed(field.type, links)}</pre>"
        f"{prose(_description(field), links)}{''.join(notes)}"
        f"{table(('argument', 'type', 'meaning'), (_row(each, links) for each in field.arguments or ()))}</section>"
    )


def _arguments(field: FieldDefinitionNode, links: Links) -> str:
    given = ", ".join(f"{each.name.value}: {_typed(each.type, links)}" for each in field.arguments or ())
    return f"({given})" if given else ""


def _row(node: InputValueDefinitionNode, links: Links) -> tuple[str, str, str]:
    default = f" = {escape(print_ast(node.default_value), quote=False)}" if node.default_value else ""
    kind = f"<code>{_typed(node.type, links)}{default}</code>"
    return f"<code>{node.name.value}</code>", kind, inline(_description(node), links)


def _type(node: TypeDefinitionNode, links: Links) -> str:
    name = node.name.value
    return (
        f'<section id="{name}"><h3><a href="#{name}">{name}</a></h3>'
        f"{prose(_description(node), links)}{_members(node, links)}</section>"
    )


def _members(node: TypeDefinitionNode, links: Links) -> str:
    name = node.name.value
    if isinstance(node, EnumTypeDefinitionNode):
        values = node.values or ()
        rows = [(f"<code>{each.name.value}</code>", inline(_description(each), links)) for each in values]
        return table(("value", "meaning"), rows, [f"{name}.{each.name.value}" for each in values])
    if isinstance(node, InputObjectTypeDefinitionNode):
        inputs = node.fields or ()
        ids = [f"{name}.{each.name.value}" for each in inputs]
        return table(("field", "type", "meaning"), (_row(each, links) for each in inputs), ids)
    fields = node.fields or () if isinstance(node, ObjectTypeDefinitionNode) else ()
    lines = [
        (
            f"<code>{each.name.value}{_arguments(each, links)}</code>",
            f"<code>{_typed(each.type, links)}</code>",
            inline(_description(each), links),
        )
        for each in fields
    ]
    return table(("field", "type", "meaning"), lines, [f"{name}.{each.name.value}" for each in fields])


def _scalar(name: str, links: Links) -> str:
    return (
        f'<section id="{name}"><h3><a href="#{name}">{name}</a></h3>{prose(SCALARS[name], links)}</section>'
    )


def _typed(node: TypeNode, links: Links) -> str:
    """A type as it is written, with its name leading to it."""
    if isinstance(node, NonNullTypeNode):
        return f"{_typed(node.type, links)}!"
    if isinstance(node, ListTypeNode):
        return f"[{_typed(node.type, links)}]"
    name = print_ast(node)
    return f'<a href="{links[name]}">{name}</a>'


def _listed(names: Iterable[str], links: Links) -> str:
    return ", ".join(inline(f"`{name}`", links) for name in names)


def _description(node: object) -> str:
    described = getattr(node, "description", None)
    return described.value if described else ""
