"""`terraform/schema.json` is current, and what HCL makes of it is what `make schema` prints."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, get_args

import pytest
from graphql import DocumentNode, TypeDefinitionNode, parse, strip_ignored_characters

import schema
from chat.rules.published import TYPES
from schema.data import PLACE, schema_data
from schema.source import INTERNAL, INTERNAL_MINE, Publish, ours
from tests.schema.subsets import any_subsets

DATA: dict[str, Any] = json.loads(PLACE.read_text(encoding="utf-8"))
WAYS: tuple[Publish, ...] = get_args(Publish)
MODES = {
    "lambda": "@aws_lambda",
    "cognito": "@aws_cognito_user_pools",
    "oidc": "@aws_oidc",
    "iam": "@aws_iam",
}


def composed(fields: Sequence[str], modes: Sequence[str], default: str, publish: Publish = "sender") -> str:
    """What Terraform does, step by step with functions that HCL has as well: comprehensions, `join`,
    `replace`, `contains`, `jsonencode`."""
    directives = marks(modes, default)
    published = marks([*modes, *(["iam"] if publish == "stream" and "iam" not in modes else [])], default)
    chosen = [field for field in DATA["fields"] if field["name"] in fields]
    roots = [root for root in DATA["roots"] if any(field["root"] == root["name"] for field in chosen)]
    operations = [f"  {root['operation']}: {root['name']}" for root in roots]
    texts = {
        field["name"]: field["text"].replace(
            '["@mutations"]',
            json.dumps([each for each in field["mutations"][publish] if f"Mutation.{each}" in fields]),
        )
        for field in chosen
    }
    blocks = [
        "\n".join(
            [
                root["description"],
                f"type {root['name']} {{",
                *(texts[field["name"]] for field in chosen if field["root"] == root["name"]),
                "}",
            ]
        )
        for root in roots
    ]
    text = "\n\n".join(["\n".join(["schema {", *operations, "}"]), *blocks, *DATA["types"]])
    internal = " @aws_iam" if publish == "stream" else directives
    text = text.replace(" @published", published).replace(" @internal", internal)
    return text.replace(" @auth", directives)


def marks(modes: Sequence[str], default: str) -> str:
    return "" if list(modes) == [default] else "".join(f" {MODES[mode]}" for mode in modes)


def types(document: DocumentNode) -> Iterable[str]:
    return [node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode)]


def test_the_file_is_what_the_schema_says_today() -> None:
    """`make data` makes it anew."""
    assert PLACE.read_text(encoding="utf-8") == schema_data()


def test_the_marks_stand_where_something_goes_and_nowhere_else() -> None:
    text = PLACE.read_text(encoding="utf-8")
    objects = [each for each in DATA["types"] if "\ntype " in f"\n{each}"]
    read = [each for each in objects if " @published" in each]
    fields = {each["name"]: each["text"] for each in DATA["fields"]}
    assert fields.pop(INTERNAL).endswith("): Message @aws_iam")
    assert fields.pop(INTERNAL_MINE).endswith("): PersonEvent @internal")
    assert text.count("@internal") == 1
    assert text.count("@auth") == text.count(" @auth") == len(fields) + len(objects) - len(read)
    assert text.count("@published") == len(read) == len(TYPES)
    assert all(each.count("@auth") + each.count("@published") == 1 for each in objects)
    assert all(each.endswith(" @auth") for each in fields.values())
    assert text.count("@mutations") == len(ours().links)


@pytest.mark.parametrize(
    ("modes", "default"),
    [(["lambda"], "lambda"), (["lambda", "cognito", "oidc", "iam"], "cognito"), (["iam"], "api_key")],
    ids=["the default alone", "all", "another than the default"],
)
@pytest.mark.parametrize("publish", WAYS)
def test_all_fields_are_what_make_schema_prints(modes: list[str], default: str, publish: Publish) -> None:
    text = composed(list(ours(publish).fields), modes, default, publish)
    assert strip_ignored_characters(text) == strip_ignored_characters(
        schema.generate(modes=modes, default=default, publish=publish)
    )


@pytest.mark.parametrize("publish", WAYS)
def test_some_fields_are_what_make_schema_prints_and_types_that_nothing_reaches(publish: Publish) -> None:
    for fields in any_subsets(60, publish=publish):
        modes = ["cognito", "iam"]
        made = parse(composed(fields, modes, "cognito", publish), no_location=True)
        sdl = schema.generate(fields=fields, modes=modes, default="cognito", publish=publish)
        printed = parse(sdl, no_location=True)
        assert set(types(printed)) <= set(types(made))
        same = [
            node
            for node in made.definitions
            if not isinstance(node, TypeDefinitionNode) or node.name.value in types(printed)
        ]
        assert same == list(printed.definitions), fields
