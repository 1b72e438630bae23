"""GraphQL as AppSync answers it."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query

from simulator.functions import Function
from simulator.limits import Limits

SDL = """
type Query { list: [String] text: String! date: AWSDateTime obj: Obj json: AWSJSON color: Color n: Int }
type Obj { id: ID! deep: [Obj!] }
enum Color { RED }
"""


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "list",
            {"a": 1},
            "Can't resolve value (/list) : type mismatch error, expected type LIST, got OBJECT",
        ),
        (
            "obj { id }",
            ["a"],
            "Can't resolve value (/obj) : type mismatch error, expected type OBJECT, got LIST",
        ),
        (
            "obj { deep { id } }",
            {"deep": [{"id": None}]},
            "Cannot return null for non-nullable type: 'ID' within parent 'Obj' (/obj/deep[0]/id)",
        ),
        ("text", None, "Cannot return null for non-nullable type: 'String' within parent 'Query' (/text)"),
        (
            "date",
            "now",
            "Can't serialize value (/date) : Unable to serialize `now` as a valid DateTime Object.",
        ),
        (
            "color",
            "BLUE",
            "Can't serialize value (/color) : Invalid input for Enum 'Color'. Unknown value 'BLUE'",
        ),
    ],
)
async def test_a_value_that_does_not_fit_the_schema_is_an_error_without_a_type(
    executor: Any, field: str, value: Any, message: str
) -> None:
    name = field.partition(" ")[0]
    answer = await executor({f"Query.{name}": lambda _event, _context: value}, SDL).ask(f"{{ {field} }}")
    (error,) = answer["errors"]
    assert (error["message"], error["locations"]) == (message, None)
    assert "errorType" not in error


@pytest.mark.parametrize(("value", "data"), [({"a": 1}, '{"a":1}'), ("text", "text"), ([1], "[1]")])
async def test_awsjson_reaches_the_client_as_text(executor: Any, value: Any, data: str) -> None:
    answer = await executor({"Query.json": lambda _event, _context: value}, SDL).ask("{ json }")
    assert answer == {"data": {"json": data}}


class UnauthorizedException(Exception):
    """A name whose message AppSync rewrites."""


def fail(error: BaseException) -> Any:
    def handler(_event: Any, _context: Any) -> Any:
        raise error

    return handler


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        (fail(KeyError("k")), "KeyError", "'k'"),
        (
            fail(UnauthorizedException("mine")),
            "UnauthorizedException",
            "You are not authorized to make this call.",
        ),
        (fail(SystemExit(3)), "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        (lambda _event, _context: {1, 2}, "Runtime.MarshalError", None),
        (lambda _event, _context: "\ud800", "Runtime.MarshalError", None),
        (lambda _event, _context: float("nan"), "Runtime.MarshalError", None),
    ],
)
async def test_an_exception_travels_as_the_name_of_its_class_and_its_text(
    executor: Any, handler: Any, error_type: str, message: str | None
) -> None:
    answer = await executor({"Query.list": handler}, SDL).ask("{ list }")
    (error,) = answer["errors"]
    assert error["errorType"] == error_type
    assert message is None or error["message"] == message
    assert answer["data"] == {"list": None}


async def test_a_decimal_is_a_number(executor: Any) -> None:
    answer = await executor({"Query.n": lambda _event, _context: Decimal(7)}, SDL).ask("{ n }")
    assert answer == {"data": {"n": 7}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{ nope }",
            "Validation error of type FieldUndefined: Field 'nope' in type 'Query' is undefined @ 'nope'",
        ),
        (
            "{ obj { x: no } }",
            "Validation error of type FieldUndefined: Field 'no' in type 'Obj' is undefined @ 'obj/no'",
        ),
    ],
)
async def test_a_document_that_does_not_fit_the_schema_is_not_executed(
    executor: Any, query: str, message: str
) -> None:
    answer = await executor({}, SDL).ask(query)
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == message
    assert answer["errors"][0]["path"] is None
    assert "errorType" not in answer["errors"][0]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ obj }", "SubSelectionRequired"),
        ("{ list { a } }", "SubSelectionNotAllowed"),
        ("{ list(a: 1) }", "UnknownArgument"),
        ("{ ...F }", "UndefinedFragment"),
        ("query Q($a: Int) { list }", "UnusedVariable"),
        ("{ a: list a: text }", "FieldsConflict"),
        ("{ list @nope }", "UnknownDirective"),
        ("{ obj { " + "deep { " * 75 + "id" + " }" * 76 + " }", "QueryDepthLimitReached"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "FragmentCycle"),
    ],
)
async def test_a_validation_error_names_its_kind(executor: Any, query: str, kind: str) -> None:
    answer = await executor({}, SDL).ask(query)
    assert any(
        error["message"].startswith(f"Validation error of type {kind}: ") for error in answer["errors"]
    )


async def test_a_denied_field_is_null_and_its_function_is_not_called(executor: Any) -> None:
    one = executor({"Query.list": fail(AssertionError("called"))}, SDL)
    one.denied = frozenset({"Query.list"})
    (error,) = (await one.ask("{ list n }"))["errors"]
    assert (error["errorType"], error["message"]) == (
        "Unauthorized",
        "Not Authorized to access list on type Query",
    )


async def test_introspection_gives_the_schema(executor: Any) -> None:
    answer = await executor().ask(get_introspection_query())
    assert "errors" not in answer
    names = {kind["name"] for kind in answer["data"]["__schema"]["types"]}
    assert {"Message", "AWSDateTime"} <= names


async def test_queries_run_beside_each_other_and_mutations_one_after_the_other(executor: Any) -> None:
    together, apart = threading.Barrier(2, timeout=20), threading.Barrier(2, timeout=0.05)

    def meets(barrier: threading.Barrier) -> Any:
        def handler(_event: Any, _context: Any) -> bool:
            try:
                return barrier.wait() >= 0
            except threading.BrokenBarrierError:
                return False

        return handler

    sdl = "type Query { a: Boolean } type Mutation { b: Boolean }"
    one = executor({"Query.a": meets(together), "Mutation.b": meets(apart)}, sdl)
    assert await one.ask("{ x: a y: a }") == {"data": {"x": True, "y": True}}
    assert await one.ask("mutation { x: b y: b }") == {"data": {"x": False, "y": False}}


async def test_documents_are_kept_up_to_a_limit(executor: Any) -> None:
    one = executor({}, SDL, Limits(documents=2))
    for query in ("{ n }", "{ list }", "{ n list }", "{ n }"):
        assert "errors" not in await one.ask(query)


@pytest.mark.parametrize(
    "subscription",
    ['s: Obj @aws_subscribe(mutations: ["nope"])', 's: Int @aws_subscribe(mutations: ["m"])'],
)
def test_a_subscription_must_be_linked_to_a_mutation_of_its_type(executor: Any, subscription: str) -> None:
    sdl = SDL + f"type Mutation {{ m: Obj }} type Subscription {{ {subscription} }}"
    with pytest.raises(GraphQLError, match=r"Subscription\.s"):
        executor({}, sdl)


async def test_appsyncs_directives_may_stand_in_a_schema(executor: Any) -> None:
    sdl = 'type Query @aws_lambda @aws_iam { a: Int b: Int @aws_api_key @aws_lambda @aws_auth(cognito_groups: ["x"]) }'
    assert await executor({}, sdl).ask("{ a b }") == {"data": {"a": None, "b": None}}


async def test_a_function_that_takes_too_long_is_given_up(executor: Any) -> None:
    release = threading.Event()
    function = Function("Query.n", lambda _event, _context: release.wait(20), timeout=0.01)
    try:
        (error,) = (await asyncio.wait_for(executor({"Query.n": function}, SDL).ask("{ n }"), 20))["errors"]
    finally:
        release.set()
    assert (error["errorType"], error["message"]) == ("Sandbox.Timedout", "Task timed out after 0.01 seconds")
