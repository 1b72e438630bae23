"""What AppSync answers over HTTP, whatever the API behind it is."""

import json

from proving.check import AWS, Failed, Skipped, check, require
from proving.graphql_http import Answer
from proving.world import World

AUTHORIZATION = f"{AWS}security-authz.html"
ERRORS = f"{AWS}resolver-mapping-template-reference-lambda.html"
SPEC = "https://spec.graphql.org/October2021/"
OBSERVED = "https://github.com/graphql/graphql-over-http/issues/81 (AppSync's answers, told by its team)"
TYPENAME = "{ __typename }"


def _unauthorized(answer: Answer) -> None:
    refusal = answer.refusal
    require(
        answer.status == 401 and refusal is not None and refusal.type == "UnauthorizedException",
        f"expected HTTP 401 UnauthorizedException, got {answer}",
    )


@check(
    "appsync.http.no-token",
    "A call without credentials is HTTP 401 UnauthorizedException.",
    AUTHORIZATION,
    smoke=True,
)
async def no_token(world: World) -> None:
    _unauthorized(await world.run.client.ask(None, TYPENAME, {}))


@check(
    "appsync.http.bad-token",
    "A call with credentials that are none is HTTP 401 UnauthorizedException.",
    AUTHORIZATION,
    smoke=True,
)
async def bad_token(world: World) -> None:
    for token in ("not.a.token", world.owner.token[:-8]):
        _unauthorized(await world.run.client.ask(token, TYPENAME, {}))


@check("appsync.http.body", "A body that is no request is HTTP 400 MalformedHttpRequestException.", OBSERVED)
async def body(world: World) -> None:
    for sent in (b"", b"{", b"[]", b"{}", b'"text"', b"\xff\xfe"):
        answer = await world.run.client.post(world.owner.token, sent)
        refusal = answer.refusal
        require(
            answer.status == 400 and refusal is not None and refusal.type == "MalformedHttpRequestException",
            f"{sent!r} was answered {answer}",
        )


@check(
    "appsync.http.operation-name",
    "Of several operations one has to be named: else HTTP 400 BadRequestException.",
    OBSERVED,
)
async def operation_name(world: World) -> None:
    document = "query A { __typename } query B { __typename }"
    answer = await world.run.client.ask(world.owner.token, document, {})
    refusal = answer.refusal
    require(answer.status == 400 and refusal and refusal.type == "BadRequestException", f"got {answer}")
    sent = json.dumps({"query": document, "operationName": "B"}).encode()
    answer = await world.run.client.post(world.owner.token, sent)
    require(answer.data == {"__typename": "Query"}, f"the operation that was named was answered {answer}")


def _invalid(answer: Answer, what: str) -> None:
    refusal = answer.refusal
    require(
        answer.status == 200 and refusal is not None and not answer.data,
        f"{what} was answered {answer}, and not HTTP 200 with errors[] and without data",
    )


@check(
    "appsync.http.unknown-field",
    "A field that the schema lacks is HTTP 200 with errors[] and without data.",
    OBSERVED,
)
async def unknown_field(world: World) -> None:
    answer = await world.run.client.ask(world.owner.token, "{ thereIsNoSuchField }", {})
    _invalid(answer, "an unknown field")
    refusal = answer.refusal
    require(
        refusal and "thereIsNoSuchField" in refusal.message, f"the message does not name the field: {answer}"
    )


@check(
    "appsync.http.variables",
    "A variable that is missing, null or of another type is refused before the resolver: HTTP 200, errors[], no data.",
    f"{SPEC}#sec-Coercing-Variable-Values",
)
async def variables(world: World) -> None:
    room = await world.room()
    before = await world.history(world.owner, room)
    document = world.mapping.operations["send"].document
    for given in ({}, {"room": room.id, "text": None}, {"room": room.id, "text": {"not": "a text"}}):
        _invalid(await world.run.client.ask(world.owner.token, document, given), f"send with {given}")
    require(await world.history(world.owner, room) == before, "something was stored all the same")


@check(
    "appsync.http.documents",
    "Aliases, named fragments, literals and __typename are answered as GraphQL says.",
    f"{SPEC}#sec-Field-Alias",
)
async def documents(world: World) -> None:
    document = "query Named { a: __typename ...Part } fragment Part on Query { b: __typename }"
    answer = await world.run.client.ask(world.owner.token, document, {})
    require(answer.data == {"a": "Query", "b": "Query"} and not answer.errors, f"got {answer}")


@check(
    "appsync.http.refusal",
    "What a resolver refuses is HTTP 200: the field null, and in errors[] its path, errorType and message.",
    ERRORS,
    needs="add_member",
)
async def refusal(world: World) -> None:
    room = await world.room()
    answer = await world.ask(world.stranger, "history", room=room.id, limit=1)
    if not answer.errors:
        raise Skipped("a stranger may read the room: nothing here is refused")
    error = answer.errors[0]
    require(answer.status == 200, f"HTTP {answer.status}")
    path = error.get("path")
    if not isinstance(path, list) or not path:
        raise Failed(f"no path: {answer}")
    require(error.get("errorType") and error.get("message"), f"no errorType or no message: {answer}")
    require(not answer.data or answer.data.get(path[0]) is None, f"a refused field has data: {answer}")
