"""The schema's part in a schema that is there: nothing of that changes, and no name is taken twice."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from random import Random

import pytest
from graphql import (
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

import schema
from schema.merge import Theirs, merge
from schema.request import DIRECTIVES, Request, SchemaRefused
from schema.source import OPERATIONS
from simulator.schema import appsync_schema, subscriptions_by_mutation
from tests.schema.subsets import SEED, any_subsets

COUNT = 24
BLOCKS = {
    "none": "",
    "query alone": "schema {\n  query: Query\n}\n",
    "on a line": "schema { query: Query mutation: Mutation }",
    "all": '"The shop."\nschema {\n\tquery: Query\n\tmutation: Mutation\n\tsubscription: Subscription\n}\n',
    "own names": "schema {\n  query: Shop\n  mutation: Change\n}\n",
}
QUERIES = [
    "type Query {\n  viewer: User\n}\n",
    "# what is read\ntype Query { viewer: User, ask(a: Int = 1): [Named] }",
    '"Reads }"\ntype Query @aws_iam {\n  """ { """\n  viewer: User # } not yet\n    }\n',
]
MUTATIONS = ["", "type Mutation {\n  rename(name: String!): User @aws_iam\n  }\n"]
SUBSCRIPTIONS = ["", 'type Subscription {\n  renamed: User @aws_subscribe(mutations: ["rename"])\n}\n']
OTHERS = (
    "interface Named { id: ID! }\n"
    "type User implements Named @aws_iam @aws_cognito_user_pools {\n\n  id: ID!  # theirs\n  at: AWSDateTime }\n"
    "union Any = User\nscalar Odd\nenum Ours { A B }"
)


def any_theirs() -> Iterator[str]:
    """Schemas that AppSync could have, with line ends of both kinds, and none at the end of some."""
    random = Random(SEED)  # noqa: S311  repeatable
    for _ in range(COUNT):
        mutation = random.choice(MUTATIONS)
        subscription = random.choice(SUBSCRIPTIONS) if mutation else ""
        blocks = {
            ("", ""): ["none", "query alone"],
            (MUTATIONS[1], ""): ["none", "on a line", "own names"],
            (MUTATIONS[1], SUBSCRIPTIONS[1]): ["none", "all"],
        }[mutation, subscription]
        block = random.choice(blocks)
        parts = [BLOCKS[block], random.choice(QUERIES), mutation, subscription, OTHERS]
        text = "\n".join(parts)
        if block == "own names":
            text = text.replace("type Query", "type Shop").replace("type Mutation", "type Change")
        yield text.replace("\n", random.choice(["\n", "\r\n"])) + random.choice(["", "\n", "  # end"])


@cache
def any_merges() -> Sequence[tuple[str, Request, str]]:
    """Theirs, what is asked for, and the result."""
    random = Random(SEED)  # noqa: S311  repeatable
    merges = []
    for text, fields in zip(any_theirs(), any_subsets(COUNT), strict=True):
        modes = random.sample(list(DIRECTIVES), random.randint(1, 3))
        prefix = random.choice(["", "Chat", "Q"])
        request = Request.of(fields=fields, prefix=prefix, modes=modes, default="cognito")
        merges.append((text, request, merge(Theirs.of(text), request)))
    return merges


def types(sdl: str) -> dict[str, TypeDefinitionNode]:
    return {node.name.value: node for node in parse(sdl).definitions if isinstance(node, TypeDefinitionNode)}


def is_within(short: str, long: str) -> bool:
    """Whether the characters of one text are in the other, in order."""
    rest = iter(long)
    return all(each in rest for each in short)


def field_names(node: TypeDefinitionNode | None) -> list[str]:
    return [
        each.name.value
        for each in (node.fields if isinstance(node, ObjectTypeDefinitionNode) else None) or ()
    ]


def test_their_text_stays_as_it_is_with_lines_between() -> None:
    for text, _, result in any_merges():
        kept = [line for line in text.splitlines(keepends=True) if not re.search(r"\{.*:.*\}$", line.strip())]
        assert is_within(text, result)
        left = iter(result.splitlines(keepends=True))
        for line in kept[:-1]:
            assert line in left, line
        assert ("\r\n" in text) == ("\r\n" in result)
        assert ("\n" in text.replace("\r\n", "")) == ("\n" in result.replace("\r\n", ""))


def test_their_types_and_fields_stay_what_they_are() -> None:
    for text, request, result in any_merges():
        after = types(result)
        theirs = Theirs.of(text)
        for name, node in types(text).items():
            if name not in theirs.roots.values():
                assert print_ast(after[name]) == print_ast(node)
                continue
            assert isinstance(node, ObjectTypeDefinitionNode)
            now = after[name]
            assert isinstance(now, ObjectTypeDefinitionNode)
            assert [print_ast(each) for each in now.fields or ()][: len(node.fields or ())] == [
                print_ast(each) for each in node.fields or ()
            ]
            assert [print_ast(each) for each in now.directives or ()] == [
                print_ast(each) for each in node.directives or ()
            ]
        assert request.fields


def test_the_result_is_a_schema_with_their_root_fields_and_ours() -> None:
    for text, request, result in any_merges():
        subscriptions_by_mutation(appsync_schema(result))
        alone = types(schema.generate(fields=request.fields, prefix=request.prefix))
        theirs, after = Theirs.of(text), Theirs.of(result)
        for root, operation in OPERATIONS.items():
            before = field_names(types(text).get(theirs.roots.get(operation, "")))
            added = field_names(alone.get(root))
            assert field_names(types(result).get(after.roots.get(operation, ""))) == [*before, *added]
        assert types(result).keys() == types(text).keys() | (alone.keys() - OPERATIONS.keys()) | (
            set(after.roots.values())
        )
        blocks = [node for node in parse(result).definitions if isinstance(node, SchemaDefinitionNode)]
        assert len(blocks) == text.count("schema {")


def test_what_is_in_a_schema_already_is_refused_with_every_name() -> None:
    for _, request, result in any_merges():
        after = Theirs.of(result)
        with pytest.raises(SchemaRefused) as refused:
            merge(after, request)
        alone = types(schema.generate(fields=request.fields, prefix=request.prefix))
        for root, node in alone.items():
            if root in OPERATIONS:
                own = after.roots[OPERATIONS[root]]
                assert all(f"field {own}.{name}" in str(refused.value) for name in field_names(node))
            else:
                assert f"type {root}" in str(refused.value)
        other = "another PREFIX than" if request.prefix else "a PREFIX, as in PREFIX=Chat"
        assert other in str(refused.value)
        again = Request.of(fields=request.fields, prefix="Zz")
        assert types(merge(after, again)).keys() > types(result).keys()


@pytest.mark.parametrize(
    ("modes", "default", "marks", "wanted"),
    [
        (["cognito"], "cognito", "", ""),
        (["cognito"], "cognito", " @aws_iam", " @aws_cognito_user_pools"),
        (["cognito"], "cognito", " @canonical", ""),
        (["cognito", "iam"], "iam", "", " @aws_cognito_user_pools @aws_iam"),
    ],
)
def test_a_root_type_with_modes_of_its_own_would_give_them_to_our_fields(
    modes: list[str], default: str, marks: str, wanted: str
) -> None:
    """So the fields say theirs, and the types as well."""
    request = Request.of(fields=["Query.presence"], modes=modes, default=default)
    result = merge(Theirs.of(f"type Query{marks} {{\n  me: ID\n}}\n"), request)
    assert f"  ): RoomPresence{wanted}\n" in result
    assert f"type Presence{wanted} {{\n" in result


def test_a_schema_that_has_nothing_yet_gets_its_root_types() -> None:
    request = Request.of(fields=["Query.presence"])
    result = merge(Theirs.of("type User { id: ID! }"), request)
    assert result.startswith('type User { id: ID! }\n\n"Reads."\ntype Query {\n')
    appsync_schema(result)


def test_root_types_of_other_names_are_told_since_resolvers_hang_on_them() -> None:
    theirs = Theirs.of(
        "schema { query: Shop mutation: Mutation } type Shop { a: ID } type Mutation { b: ID }"
    )
    assert list(theirs.notes()) == [
        "Its query type is called Shop: resolvers hang on that type, and not on Query."
    ]


def test_interfaces_with_commas_between_them_are_read() -> None:
    """AppSync has written schemas like that: https://github.com/sid88in/serverless-appsync-plugin/issues/453"""
    text = (
        "type Query { a: T }\ninterface A { a: ID } interface B { a: ID }\ntype T implements A, B { a: ID }\n"
    )
    assert merge(Theirs.of(text), Request.of(fields=["Query.presence"])).startswith("type Query { a: T \n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "INTO: line 1: Syntax Error: Unexpected <EOF>."),
        ("type Query {\n  a: ID\n", "INTO: line 3: Syntax Error: Expected Name, found <EOF>."),
        ("type Query {\n  a: Nope\n}", "INTO: line 2: Unknown type 'Nope'."),
        ("type Query {\n  a: ID @model\n}", "INTO: line 2: Unknown directive '@model'."),
        ("type Query {\n  a: ID\n}\ntype Message { id: ID }", "already: type Message."),
        ("type Query {\n  messages: ID\n}\nenum Role { A }", "already: type Role, field Query.messages."),
        ("schema { query: Query }\ntype Query { a: ID }\ntype Mutation { a: ID }", "type Mutation is there, but its schema block does not name it."),
        ("schema { mutation: Nope }\ntype Query { a: ID }", "INTO: "),
        ("schema { mutation: Nope }", "INTO: the schema block names Nope, which is not there."),
    ],
)  # fmt: skip
def test_what_cannot_be_merged_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SchemaRefused, match=re.escape(sentence)):
        merge(Theirs.of(text), Request.of(fields=["Query.messages", "Mutation.sendMessage"]))
