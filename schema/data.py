"""`terraform/schema.json`: the schema in pieces, which string functions of HCL put together again.

Terraform composes the schema of an API of its own from the fields and the modes that it is told. It knows no
prefixes, and not which types a field reaches: one that nothing reaches does no harm.
"""

import json
from typing import Any

from graphql import ObjectTypeDefinitionNode, TypeDefinitionNode, print_ast

from schema.document import field_text, linked, marked
from schema.source import OPERATIONS, SCHEMA, Source, ours

PLACE = SCHEMA.parent.parent / "terraform" / "schema.json"
AUTH = "auth"
"""` @auth` is where an object type and a root field carry the directives of the modes, each after a blank."""

MUTATIONS = "@mutations"
"""`["@mutations"]` is where a subscription lists the mutations that feed it and are there."""


def schema_data() -> str:
    """The pieces as JSON:

    - `roots`: for `Query`, `Mutation` and `Subscription` their `name`, `operation` (`query` …) and
      `description`, which stands before `type`;
    - `fields`: each root field: `name` (`Query.messages`), `root`, `mutations` (those that feed it, by their
      names alone; of the others none) and its `text`;
    - `types`: the texts of all other types.
    """
    source = ours()
    pieces = {
        "roots": [_root(source, name) for name in OPERATIONS],
        "fields": [_field(source, name) for name in source.fields],
        "types": [print_ast(_with_place(node)) for node in source.types.values()],
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
    field, mutations = source.fields[name], source.links.get(name, ())
    placed = marked(linked(field, [MUTATIONS]) if mutations else field, [AUTH])
    root = name.partition(".")[0]
    return {"name": name, "root": root, "mutations": list(mutations), "text": field_text(placed)}


def _with_place(node: TypeDefinitionNode) -> TypeDefinitionNode:
    return marked(node, [AUTH]) if isinstance(node, ObjectTypeDefinitionNode) else node


if __name__ == "__main__":
    PLACE.write_text(schema_data(), encoding="utf-8")
