"""AppSync's HTTP, as its clients know it."""

import asyncio
import io
import json
from typing import Any

import pytest

TYPENAME = {"query": "{ __typename }"}
UNAUTHORIZED = {
    "errors": [{"errorType": "UnauthorizedException", "message": "You are not authorized to make this call."}]
}


async def test_a_query_is_answered_with_its_data(client: Any) -> None:
    status, answer, headers = await client.post(TYPENAME)
    assert (status, answer) == (200, {"data": {"__typename": "Query"}})
    assert headers["x-amzn-RequestId"]
    assert headers["x-amzn-appsync-TokensConsumed"] == "1"


@pytest.mark.parametrize("variables", [{}, {"variables": None}, {"variables": {}}])
async def test_variables_may_be_absent_null_or_empty(client: Any, variables: dict[str, Any]) -> None:
    status, answer, _ = await client.post({**TYPENAME, **variables, "extensions": {"unknown": 1}})
    assert (status, answer) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("type_", ["application/json; charset=UTF-8", "application/graphql", "text/plain"])
async def test_the_content_type_does_not_matter(client: Any, type_: str) -> None:
    status, _, _ = await client.post(TYPENAME, **{"Content-Type": type_})
    assert status == 200


async def test_a_query_may_come_by_get(client: Any) -> None:
    query = "query Page($room: ID!) { messages(roomId: $room) { nextToken } } query Other { __typename }"
    asked = {"query": query, "operationName": "Page", "variables": '{"room":"lobby"}'}
    async with client.http.get(
        client.address.url, params=asked, headers={"authorization": "alice"}
    ) as answer:
        assert await answer.json() == {"data": {"messages": {"nextToken": None}}}


async def test_the_authorizer_gets_the_token_verbatim_and_the_request_with_it(client: Any, chat: Any) -> None:
    await client.post({**TYPENAME, "variables": {"a": 1}}, token="Bearer alice", Cookie="secret=1")
    ((_, event),) = chat.events
    context = event["requestContext"]
    assert event["authorizationToken"] == "Bearer alice"
    assert (context["queryString"], context["variables"]) == ("{ __typename }", {"a": 1})
    assert "operationName" not in context
    assert {"apiId", "accountId", "requestId"} <= context.keys()
    assert event["requestHeaders"]["Authorization"] == "Bearer alice"
    assert "Cookie" not in event["requestHeaders"]


async def test_the_authorizer_gets_the_operation_that_the_client_names(client: Any, chat: Any) -> None:
    await client.post({"query": "query A { __typename }", "operationName": "A"})
    assert chat.events[0][1]["requestContext"]["operationName"] == "A"


@pytest.mark.parametrize("token", [None, "eve"])
async def test_without_a_good_token_nothing_is_executed(client: Any, chat: Any, token: str | None) -> None:
    body = {"query": 'mutation { sendMessage(roomId: "lobby", text: "x") { id } }'}
    status, answer, headers = await client.post(body, token)
    assert (status, answer) == (401, UNAUTHORIZED)
    assert headers["x-amzn-ErrorType"] == "UnauthorizedException"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Mutation.sendMessage" not in [name for name, _ in chat.events]


async def test_an_authorizer_that_raises_is_a_500_with_its_text(client: Any) -> None:
    status, answer, headers = await client.post(TYPENAME, "boom")
    assert status == 500
    assert headers["x-amzn-ErrorType"] == "AuthorizerFailureException"
    assert answer["errors"][0]["message"] == "keys cannot be fetched"


PARSE = ("MalformedHttpRequestException", "Unable to parse GraphQL query.")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", ("MalformedHttpRequestException", "Request body is empty.")),
        ("nope", PARSE),
        ("{}", PARSE),
        ("[]", PARSE),
        ("null", PARSE),
        ('{"query":NaN}', PARSE),
        ('{"query":3}', PARSE),
        ('{"query":""}', PARSE),
        ('{"query":"{"}', PARSE),
        ('{"query":"fragment F on Query { __typename }"}', PARSE),
        ('{"query":"{ __typename }","variables":[]}', PARSE),
        ('{"query":"{ __typename }","variables":[1]}', PARSE),
        ('{"query":"{ __typename }","variables":"{}"}', PARSE),
        ('{"query":"{ __typename }","operationName":3}', PARSE),
        ('{"query":"\\ud800"}', PARSE),
        ('{"query":"{ messages(roomId: \\"\\\\ud800\\") { nextToken } }"}', PARSE),
        (b'{"query":"\xff"}', PARSE),
        (b'{"query":"\xed\xa0\x80"}', PARSE),
        ("[" * 100_000, PARSE),
        ('{"query":"' + "{a" * 7_000 + '"}', PARSE),
        ('{"query":"{' + " a" * 15_000 + '}"}', PARSE),
        (
            '{"query":"query A { __typename } query B { __typename }"}',
            ("BadRequestException", "Missing operation name."),
        ),
        (
            '{"query":"query A { __typename }","operationName":"B"}',
            ("BadRequestException", "Unknown operation named 'B'."),
        ),
        (
            '{"query":"subscription { onMessage(roomId: 1) { id } }"}',
            ("BadRequestException", "Subscriptions are served over WebSocket only."),
        ),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_what_cannot_be_executed_is_a_400_that_says_so(client: Any, body: Any, error: Any) -> None:
    status, answer, headers = await client.post(body)
    assert status == 400
    assert headers["x-amzn-ErrorType"] == error[0]
    assert answer == {"errors": [{"errorType": error[0], "message": error[1]}]}


async def test_a_lone_surrogate_in_a_query_string_or_a_header_is_no_failure(client: Any) -> None:
    url = client.address.url + "?query=%ED%A0%80"
    async with client.http.get(url, headers={"authorization": "alice"}) as answer:
        assert answer.status == 400
    status, _, _ = await client.post(TYPENAME, token="\udcff")
    assert status == 401


async def test_a_body_that_is_not_in_its_encoding_is_a_400(client: Any) -> None:
    headers = {"authorization": "alice", "content-encoding": "gzip"}
    async with client.http.post(
        client.address.url, data=b"{}", headers=headers, skip_auto_headers=[]
    ) as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["errorType"] == "MalformedHttpRequestException"


async def test_a_body_over_a_megabyte_is_a_413(client: Any) -> None:
    body = io.BytesIO(b"x" * (1024 * 1024 + 1))
    async with client.http.post(client.address.url, data=body, headers={"authorization": "alice"}) as answer:
        assert answer.status == 413
        assert (await answer.json())["errors"][0]["errorType"] == "RequestEntityTooLargeException"


async def test_a_resolver_error_is_a_200_with_appsyncs_shape(client: Any) -> None:
    query = 'mutation {\n  sendMessage(roomId: "closed", text: "x") { id }\n}'
    status, answer, _ = await client.post({"query": query})
    assert status == 200
    assert answer == {
        "data": {"sendMessage": None},
        "errors": [
            {
                "path": ["sendMessage"],
                "data": None,
                "errorType": "NotRoomMember",
                "errorInfo": None,
                "locations": [{"line": 2, "column": 3, "sourceName": None}],
                "message": "not a member [code=NotRoomMember]",
            }
        ],
    }


PATHS = ["/graphql", "/graphql/realtime", "/.well-known/jwks.json", "/healthz", "/elsewhere"]
EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("authorization,content-type,x-my-trace", "authorization,content-type,x-my-trace"),
        ("X-Any, x-other", "X-Any,x-other"),
        ("x-good, no name,, \u00e9, <b>", "x-good"),
    ],
)
async def test_a_browser_may_send_the_headers_that_it_asks_for(
    client: Any, path: str, asked: str, allowed: str
) -> None:
    headers = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    async with client.http.options(client.address.url.replace("/graphql", path), headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Headers"] == allowed
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["access-control-max-age"] == "172800"
        assert answer.headers["Access-Control-Expose-Headers"] == EXPOSED
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert await answer.text() == ""


async def test_a_preflight_that_asks_for_no_header_is_told_those_that_clients_send(client: Any) -> None:
    async with client.http.options(client.address.url) as answer:
        allowed = answer.headers["Access-Control-Allow-Headers"].split(",")
        assert {"authorization", "content-type", "x-amz-user-agent", "x-api-key"} <= set(allowed)


@pytest.mark.parametrize(
    ("method", "path", "token", "body", "status"),
    [
        ("POST", "/graphql", "alice", '{"query": "{ __typename }"}', 200),
        ("POST", "/graphql", "alice", '{"query": "{ nope }"}', 200),
        ("POST", "/graphql", "alice", "", 400),
        ("POST", "/graphql", "alice", "no json", 400),
        ("POST", "/graphql", "alice", '{"query": "subscription { onMessage(roomId: \\"a\\") { id } }"}', 400),
        ("POST", "/graphql", "nobody", '{"query": "{ __typename }"}', 401),
        ("POST", "/graphql", "", "{}", 401),
        ("POST", "/graphql", "boom", '{"query": "{ __typename }"}', 500),
        ("POST", "/graphql", "alice", "x" * 1_200_000, 413),
        ("GET", "/graphql?query=%7B__typename%7D", "alice", None, 200),
        ("GET", "/graphql/realtime", "alice", None, 400),
        ("GET", "/.well-known/jwks.json", "", None, 200),
        ("GET", "/healthz", "", None, 200),
        ("GET", "/x", "", None, 404),
        ("PUT", "/graphql", "alice", None, 405),
    ],
)
async def test_every_answer_can_be_read_by_a_browser(
    client: Any, method: str, path: str, token: str, body: str | None, status: int
) -> None:
    url = client.address.url.replace("/graphql", path, 1)
    headers = {"Origin": "https://a.example", **({"Authorization": token} if token else {})}
    data = None if body is None else io.BytesIO(body.encode())
    async with client.http.request(method, url, headers=headers, data=data) as answer:
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Expose-Headers"] == EXPOSED
        assert answer.headers["Content-Type"].startswith("application/json")
        if status >= 400:
            assert (await answer.json())["errors"][0]["errorType"] == answer.headers["x-amzn-ErrorType"]


async def test_the_public_keys_are_served_as_they_were_given(client: Any) -> None:
    async with client.http.get(client.address.url.replace("/graphql", "/.well-known/jwks.json")) as answer:
        assert json.loads(await answer.text()) == {"keys": ["k"]}


async def test_a_plain_get_on_the_realtime_path_is_refused_in_json(client: Any) -> None:
    async with client.http.get(client.address.url + "/realtime") as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["errorType"] == "BadRequestException"


async def test_a_mutation_whose_sender_hung_up_is_still_published(client: Any, chat: Any) -> None:
    async with client.socket() as socket:
        await socket.watch(room="slow-send")
        sending = asyncio.create_task(client.send("kept", "slow-send"))
        await asyncio.to_thread(chat.sending.wait, 20)
        sending.cancel()
        await asyncio.wait([sending])
        chat.release.set()
        assert (await socket.next())["payload"]["data"]["onMessage"]["text"] == "kept"


async def test_a_long_token_reaches_the_authorizer_whole(client: Any, chat: Any) -> None:
    status, _, _ = await client.post(TYPENAME, "x" * 30_000)
    assert status == 401
    assert len(chat.events[0][1]["authorizationToken"]) == 30_000
