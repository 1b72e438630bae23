"""`terraform/schema.json`: the schema in pieces, which string functions of HCL put together again.

Terraform composes the schema of an API of its own from the fields and the modes that it is told. It knows no
prefixes, and not which types a field reaches: one that nothing reaches does no harm.
"""

import json
from dataclasses import replace
from typing import Any, get_args

from graphql import ObjectTypeDefinitionNode, TypeDefinitionNode, print_ast

from schema.document import field_text, linked, marked, types_reached
from schema.source import INTERNAL, INTERNAL_MINE, OPERATIONS, SCHEMA, Publish, Source, ours

PLACE = SCHEMA.parent.parent / "terraform" / "schema.json"
AUTH = "auth"
"""` @auth` is where an object type and a root field carry the directives of the modes, each after a blank."""

PUBLISHED = "published"
"""` @published` is there in its place on the types that the internal mutation reaches: with `publish = "stream"` they carry
` @aws_iam` as well."""

IN_BOTH = "internal"
"""` @internal` is in the place of these on the internal mutation that is there in both ways: with `publish = "stream"` it is
` @aws_iam` alone."""

MUTATIONS = "@mutations"
"""`["@mutations"]` is where a subscription lists the mutations that feed it and are there."""


def schema_data() -> str:
    """The pieces as JSON:

    - `roots`: for `Query`, `Mutation` and `Subscription` their `name`, `operation` (`query` …) and
      `description`, which stands before `type`;
    - `fields`: each root field: `name` (`Query.messages`), `root`, `mutations` (for each way to publish those that feed
      it, by their names alone; of the others none) and its `text`. `Mutation.publishMessage` is for `publish = "stream"`
      alone, and its text says its one mode; that of `Mutation.publishMine` has ` @internal` for it;
    - `types`: the texts of all other types.
    """
    source = ours("stream")
    published = types_reached(source, [INTERNAL, INTERNAL_MINE])
    pieces = {
        "roots": [_root(source, name) for name in OPERATIONS],
        "fields": [_field(source, name) for name in source.fields],
        "types": [
            print_ast(_with_place(node, PUBLISHED if name in published else AUTH))
            for name, node in source.types.items()
        ],
    }
    return json.dumps(pieces, ensure_ascii=False, indent=1) + "\n"


def _root(source: Source, name: str) -> dict[str, str]:
    description = source.roots[name].description
    return {
        "name": name,
        "operation": OPERATIONS[name],
        "description": print_ast(description) if description else "",
    }


def _field(source: Source, name: str) -> dict[str, Any]:
    field = source.fields[name]
    mutations = {publish: list(ours(publish).links.get(name, ())) for publish in get_args(Publish)}
    placed = linked(field, [MUTATIONS]) if any(mutations.values()) else field
    if name == INTERNAL_MINE:
        placed = marked(replace(placed, directives=()), [IN_BOTH])
    text = field_text(marked(placed, () if name in source.internal() else [AUTH]))
    return {"name": name, "root": name.partition(".")[0], "mutations": mutations, "text": text}


def _with_place(node: TypeDefinitionNode, place: str) -> TypeDefinitionNode:
    return marked(node, [place]) if isinstance(node, ObjectTypeDefinitionNode) else node


if __name__ == "__main__":
    PLACE.write_text(schema_data(), encoding="utf-8")
