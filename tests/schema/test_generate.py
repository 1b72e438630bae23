"""Any part of the schema, under any prefix and for any modes, is a schema that AppSync could have."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any, get_args

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    get_named_type,
    parse,
    print_ast,
    strip_ignored_characters,
)

import schema
from schema.document import types_reached
from schema.request import DIRECTIVES, SchemaRefused
from schema.source import INTERNAL, INTERNAL_MINE, OPERATIONS, SCHEMA, Publish, ours
from simulator.auth.directives import rules_of
from simulator.auth.modes import Mode
from simulator.schema import appsync_schema, subscriptions_by_mutation
from tests.schema.subsets import SEED, any_subsets

WHOLE = SCHEMA.read_text(encoding="utf-8")
PREFIXES = ("", "Chat", "X", "Talk2", "Query", "M" * 32)


def under(name: str, prefix: str) -> str:
    """How a root field is called with a prefix, said once more."""
    return f"{prefix[0].lower()}{prefix[1:]}{name[0].upper()}{name[1:]}" if prefix else name


def root_fields(built: GraphQLSchema) -> set[str]:
    roots = (built.query_type, built.mutation_type, built.subscription_type)
    return {f"{root.name}.{field}" for root in roots if root for field in root.fields}


def reached(built: GraphQLSchema) -> set[str]:
    """The types that the root fields lead to, as the built schema has them."""
    seen: set[str] = set()
    ahead = [root.name for root in (built.query_type, built.mutation_type, built.subscription_type) if root]
    while ahead:
        inner: list[GraphQLInputType | GraphQLOutputType] = []
        type_ = built.type_map[ahead.pop()]
        if isinstance(type_, GraphQLObjectType):
            inner = [field.type for field in type_.fields.values()]
            inner += [each.type for field in type_.fields.values() for each in field.args.values()]
        elif isinstance(type_, GraphQLInputObjectType):
            inner = [each.type for each in type_.fields.values()]
        new = {get_named_type(each).name for each in inner} - seen
        ahead += new
        seen |= new
    return seen


def definitions(sdl: str) -> dict[str, TypeDefinitionNode]:
    return {node.name.value: node for node in parse(sdl).definitions if isinstance(node, TypeDefinitionNode)}


WAYS: tuple[Publish, ...] = get_args(Publish)


@dataclass(frozen=True)
class Part:
    """What is asked for, and the schema that there is for it: as text, and built."""

    fields: list[str]
    prefix: str
    modes: list[str]
    default: str
    sdl: str
    built: GraphQLSchema


@cache
def any_parts(publish: Publish) -> list[Part]:
    """Generated and built once for all tests, which takes most of their time."""
    random = Random(SEED)  # noqa: S311  repeatable
    parts = []
    for fields in any_subsets(40, with_query=True, publish=publish):
        modes = random.sample(list(DIRECTIVES), random.randint(1, 4))
        prefix, default = random.choice(PREFIXES), random.choice([*modes, *DIRECTIVES, "api_key"])
        sdl = schema.generate(fields=fields, prefix=prefix, modes=modes, default=default, publish=publish)
        parts.append(Part(fields, prefix, modes, default, sdl, appsync_schema(sdl)))
    return parts


def published(fields: list[str], prefix: str, publish: Publish) -> set[str]:
    """The types that the internal mutations reach, as far as they are among the fields."""
    return {
        f"{prefix}{name}" for name in types_reached(ours("stream"), internals(publish).intersection(fields))
    }


def internals(publish: Publish) -> set[str]:
    """The mutations that are for IAM alone."""
    return {INTERNAL, INTERNAL_MINE} if publish == "stream" else set()


def internal(prefix: str, publish: Publish) -> set[str]:
    """Their names with this prefix."""
    return {under(name.partition(".")[2], prefix) for name in internals(publish)}


@pytest.mark.parametrize("publish", WAYS)
def test_any_part_is_a_schema_with_these_root_fields_and_what_they_reach(publish: Publish) -> None:
    for part in any_parts(publish):
        wanted = {
            f"{root}.{under(name, part.prefix)}" for root, name in (each.split(".") for each in part.fields)
        }
        assert root_fields(part.built) == wanted
        own = definitions(part.sdl).keys() - OPERATIONS.keys()
        assert own == {name for name in reached(part.built) if name in own}, (part.fields, part.prefix)


@pytest.mark.parametrize("publish", WAYS)
def test_a_subscription_hears_of_those_of_its_mutations_that_are_there(publish: Publish) -> None:
    for part in any_parts(publish):
        expected: dict[str, set[str]] = {}
        for name in part.fields:
            for mutation in ours(publish).links.get(name, ()):
                if f"Mutation.{mutation}" in part.fields:
                    own = under(name.partition(".")[2], part.prefix)
                    expected.setdefault(under(mutation, part.prefix), set()).add(own)
        links = {name: set(each) for name, each in subscriptions_by_mutation(part.built).items()}
        assert links == expected


@pytest.mark.parametrize("publish", WAYS)
def test_every_object_and_root_field_carries_every_mode_unless_the_default_is_the_only_one(
    publish: Publish,
) -> None:
    for part in any_parts(publish):
        for name, node in definitions(part.sdl).items():
            marked: list[ObjectTypeDefinitionNode | FieldDefinitionNode] = []
            known = (
                {*part.modes, "iam"}
                if name in published(part.fields, part.prefix, publish)
                else set(part.modes)
            )
            wanted = set() if known == {part.default} else {DIRECTIVES[mode] for mode in known}
            if name in OPERATIONS and isinstance(node, ObjectTypeDefinitionNode):
                marked = [
                    each
                    for each in node.fields or ()
                    if each.name.value not in internal(part.prefix, publish)
                ]
            elif isinstance(node, ObjectTypeDefinitionNode):
                marked = [node]
                assert not any(field.directives for field in node.fields or ())
            else:
                assert isinstance(node, EnumTypeDefinitionNode | InputObjectTypeDefinitionNode)
                assert not node.directives
            for each in marked:
                directives = [directive.name.value for directive in each.directives or ()]
                assert set(directives) - {"aws_subscribe"} == wanted
                assert len(directives) == len(set(directives))


@pytest.mark.parametrize("publish", WAYS)
def test_these_modes_read_all_of_it_and_no_other_reads_a_root_field(publish: Publish) -> None:
    """But for the internal mutations: IAM reads these and everything of them, and no other mode does, whatever the modes are."""
    for part in any_parts(publish):
        first = (
            [Mode(part.default)] if part.default in DIRECTIVES else []
        )  # of API keys the simulator knows nothing
        closed = rules_of(part.built, (*first, *(mode for mode in Mode if mode not in first))).closed
        own = {f"Mutation.{name}" for name in internal(part.prefix, publish)} & root_fields(part.built)
        for mode in Mode:
            assert closed[mode] & own == (set() if mode is Mode.IAM else own)
            assert closed[mode] - own >= (set() if mode in part.modes else root_fields(part.built) - own)
            assert not closed[mode] - own or mode not in part.modes
        of_iam = {name.partition(".")[0] for name in closed[Mode.IAM]}
        assert not of_iam & published(part.fields, part.prefix, publish)


def test_the_internal_mutation_is_for_iam_alone_and_feeds_onmessage_alone() -> None:
    for modes in (["lambda"], ["iam"], ["cognito", "iam"]):
        sdl = schema.generate(modes=modes, publish="stream", fields=["Query.room", "Subscription.onMessage"])
        mutation = definitions(sdl)["Mutation"]
        assert isinstance(mutation, ObjectTypeDefinitionNode)
        (field,) = mutation.fields or ()
        assert print_ast(field).endswith("): Message @aws_iam")
        assert '@aws_subscribe(mutations: ["publishMessage"])' in sdl
    assert "publishMessage" not in schema.generate()


def mutation_and_subscription(name: str, *, modes: list[str], publish: Publish) -> tuple[str, str]:
    """The texts of the one mutation and of this subscription, in an API that has nothing else but a query."""
    sdl = definitions(schema.generate(modes=modes, publish=publish, fields=["Query.room", name]))
    texts = []
    for root in ("Mutation", "Subscription"):
        node = sdl[root]
        assert isinstance(node, ObjectTypeDefinitionNode)
        (field,) = node.fields or ()
        texts.append(print_ast(field))
    return texts[0], texts[1]


@pytest.mark.parametrize("modes", [["lambda"], ["cognito"], ["iam"], ["cognito", "iam"]])
def test_what_tells_people_is_for_iam_alone_by_the_stream_and_asks_for_no_iam_by_the_sender(
    modes: list[str],
) -> None:
    """A schema that marks a field for a mode that the API has not would be refused, and so would a subscription that nothing is
    linked to."""
    streamed, heard = mutation_and_subscription("Subscription.onMine", modes=modes, publish="stream")
    assert streamed.endswith("): PersonEvent @aws_iam")
    assert '@aws_subscribe(mutations: ["publishMine"])' in heard
    sent, heard = mutation_and_subscription("Subscription.onMine", modes=modes, publish="sender")
    marks = "".join(f" @{DIRECTIVES[mode]}" for mode in modes) if len(modes) > 1 else ""
    assert sent.endswith(f"): PersonEvent{marks}")
    assert '@aws_subscribe(mutations: ["publishMine"])' in heard


def test_by_the_sender_nothing_is_marked_for_iam_in_an_api_without() -> None:
    for fields in (None, ["Query.room", "Subscription.onMine"]):
        for given in (["lambda"], ["lambda", "cognito", "oidc"]):
            assert "aws_iam" not in schema.generate(modes=given, fields=fields, publish="sender")


def test_all_of_it_is_the_file_but_for_what_describes_the_api_as_a_whole_and_the_internal_mutation() -> None:
    own = parse(WHOLE).definitions[0]
    whole = strip_ignored_characters(
        WHOLE.replace(print_ast(own), print_ast(own).rpartition('"""')[2].strip(), 1)
    )
    internal = strip_ignored_characters(print_ast(ours("stream").fields[INTERNAL]))
    mine = strip_ignored_characters(print_ast(ours("stream").fields[INTERNAL_MINE]))
    whole = whole.replace(internal, "", 1).replace(mine, mine.removesuffix("@aws_iam"), 1)
    assert strip_ignored_characters(schema.generate()) == strip_ignored_characters(whole)


def test_some_fields_are_the_files_own_definitions() -> None:
    whole = definitions(WHOLE)
    for fields in any_subsets(20):
        for name, node in definitions(schema.generate(fields=fields)).items():
            if name not in OPERATIONS:
                assert print_ast(node) == print_ast(whole[name])


def test_with_a_prefix_no_name_of_the_file_is_left() -> None:
    sdl = schema.generate(prefix="Zz", modes=["lambda", "iam"])
    types = "|".join(definitions(WHOLE).keys() - OPERATIONS.keys())
    fields = "|".join(name.partition(".")[2] for name in ours().fields)
    assert re.findall(rf"(?:type|enum|input|:) \[*({types})\b", sdl) == []
    assert re.findall(rf"`({types}|{fields})`", sdl) == []
    assert len(re.findall(r'"zz\w+"', sdl)) == sum(map(len, ours().links.values()))


def test_the_order_of_what_is_asked_for_makes_no_difference() -> None:
    for fields in any_subsets(10):
        assert schema.generate(fields=fields) == schema.generate(fields=sorted(fields) * 2)
    modes = [[*DIRECTIVES], [*reversed(DIRECTIVES)]]
    for one, other in pairwise(schema.generate(modes=each, default="iam") for each in modes):
        assert one == other


def test_the_default_mode_is_the_first_unless_it_is_given() -> None:
    assert schema.generate(modes=["iam"]) == schema.generate() == schema.generate(modes=["cognito"] * 2)
    assert schema.generate(modes=["iam"], default="cognito") != schema.generate()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"fields": []}, "FIELDS names no field."),
        ({"fields": ["messages"]}, "FIELDS: there is no messages; is it Query.messages?"),
        ({"fields": ["Query.Messages"]}, "FIELDS: there is no Query.Messages; is it Query.messages"),
        ({"fields": ["-"]}, "FIELDS: there is no -: resolvers/schema.graphql has them all."),
        ({"fields": ["Query.messages", "Subscription.onTyping"]}, "onTyping hears nothing without at least one of Mutation.typing."),
        ({"prefix": "chat"}, "PREFIX: 'chat' is not a capital letter and up to 31 letters and digits."),
        ({"prefix": "C" * 33}, "PREFIX: "),
        ({"prefix": "Chat\n"}, "PREFIX: "),
        ({"prefix": "Ché"}, "PREFIX: "),
        ({"prefix": "AWSChat"}, "PREFIX: AppSync keeps the names that begin with AWS to itself."),
        ({"modes": []}, "MODES names none of lambda, cognito, oidc, iam."),
        ({"modes": ["api_key"]}, "MODES: 'api_key' is none of lambda, cognito, oidc, iam."),
        ({"publish": "streams"}, "PUBLISH: 'streams' is none of sender, stream."),
        ({"fields": ["Query.room", INTERNAL]}, "FIELDS: Mutation.publishMessage is there with PUBLISH=stream alone."),
        ({"default": "AWS_IAM"}, "DEFAULT: 'AWS_IAM' is none of lambda, cognito, oidc, iam, api_key."),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_had_is_refused_with_a_sentence(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SchemaRefused, match=re.escape(sentence)):
        schema.generate(**asked)
