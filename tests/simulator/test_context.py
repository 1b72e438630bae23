"""The event of a direct resolver."""

from typing import Any

from simulator.context import request_headers

ALL = "id roomId senderId text ts seq epoch clientMessageId"


async def event_of(executor: Any, chat: Any, query: str, variables: dict[str, Any] | None = None) -> Any:
    await executor().ask(query, variables)
    return chat.events[-1][1]


async def test_the_event_is_appsyncs_whole_context(executor: Any, chat: Any) -> None:
    query = "query Q($room: ID!) { messages(roomId: $room, limit: 3) { items { id } nextToken } }"
    assert await event_of(executor, chat, query, {"room": "lobby", "unknown": [1]}) == {
        "arguments": {"roomId": "lobby", "limit": 3, "order": "NEWEST_FIRST"},
        "identity": {"resolverContext": {"userId": "alice"}},
        "source": None,
        "request": {"headers": {"accept-language": "fr"}, "domainName": None},
        "prev": None,
        "info": {
            "fieldName": "messages",
            "parentTypeName": "Query",
            "variables": {"room": "lobby", "unknown": [1]},
            "selectionSetList": ["items", "items/id", "nextToken"],
            "selectionSetGraphQL": "{\n  items {\n    id\n  }\n  nextToken\n}",
        },
        "stash": {},
    }


async def test_an_omitted_argument_is_absent_and_a_null_is_null(executor: Any, chat: Any) -> None:
    query = "{ messages(roomId: 1, before: null) { nextToken } }"
    event = await event_of(executor, chat, query)
    assert event["arguments"] == {"roomId": "1", "before": None, "order": "NEWEST_FIRST", "limit": 50}


async def test_the_selection_list_has_aliases_for_names(executor: Any, chat: Any) -> None:
    query = 'mutation { m: sendMessage(roomId: "r", text: "t") { key: id body: text __typename } }'
    event = await event_of(executor, chat, query)
    assert event["info"]["fieldName"] == "sendMessage"
    assert event["info"]["selectionSetList"] == ["key", "body", "__typename"]
    assert event["info"]["selectionSetGraphQL"] == "{\n  key: id\n  body: text\n  __typename\n}"


async def test_the_selection_list_dissolves_fragments_which_the_text_keeps(executor: Any, chat: Any) -> None:
    query = """
        query { messages(roomId: "r") { ...Page ... on MessageConnection { nextToken } ... { head { ts } } } }
        fragment Page on MessageConnection { items { ...Key } head { seq } }
        fragment Key on Message { id text }
    """
    event = await event_of(executor, chat, query)
    assert event["info"]["selectionSetList"] == [
        "items",
        "items/id",
        "items/text",
        "head",
        "head/seq",
        "nextToken",
        "head/ts",
    ]
    assert event["info"]["selectionSetGraphQL"] == (
        "{\n  ...Page\n  ... on MessageConnection {\n    nextToken\n  }\n  ... {\n    head {\n      ts\n    }\n  }\n}"
    )


async def test_the_selection_list_has_the_paths_of_a_notice(executor: Any) -> None:
    events: list[Any] = []

    def remove(event: Any, _context: Any) -> Any:
        events.append(event)

    query = """
        mutation { removeMember(roomId: "r", userId: "u") {
          id roomId senderId ts epoch
          notice { kind ... on Notice { userId } room { head { seq } } by: role }
          notice { nextEpoch }
        } }
    """
    await executor({"Mutation.removeMember": remove}).ask(query)
    assert events[0]["info"]["selectionSetList"] == [
        "id", "roomId", "senderId", "ts", "epoch", "notice", "notice/kind", "notice/userId", "notice/room",
        "notice/room/head", "notice/room/head/seq", "notice/by", "notice/nextEpoch",
    ]  # fmt: skip
    assert events[0]["info"]["selectionSetGraphQL"].count("notice {") == 2


async def test_fields_that_are_skipped_are_not_selected(executor: Any, chat: Any) -> None:
    query = """
        query Q($no: Boolean!) {
          messages(roomId: "r") { nextToken @include(if: $no) head @skip(if: $no) { seq } ... @include(if: $no) { items { id } } }
        }
    """
    event = await event_of(executor, chat, query, {"no": False})
    assert event["info"]["selectionSetList"] == ["head", "head/seq"]


async def test_a_field_that_is_written_twice_is_selected_once_with_everything(
    executor: Any, chat: Any
) -> None:
    query = 'mutation { sendMessage(roomId: "r", text: "t") { id } sendMessage(roomId: "r", text: "t") { text id } }'
    event = await event_of(executor, chat, query)
    assert event["info"]["selectionSetList"] == ["id", "text"]
    assert [name for name, _ in chat.events] == ["Mutation.sendMessage"]


async def test_a_nested_field_with_a_function_gets_its_parent_as_source(executor: Any) -> None:
    events: list[Any] = []
    sdl = "type Query { a: A } type A { id: ID b(n: Int): [String] }"

    def nested(event: Any, _context: Any) -> Any:
        events.append(event)
        return ["x"]

    handlers = {"Query.a": lambda _event, _context: {"id": 7, "hidden": True}, "A.b": nested}
    answer = await executor(handlers, sdl).ask("{ a { id b(n: 1) } }")
    assert answer == {"data": {"a": {"id": "7", "b": ["x"]}}}
    assert events[0]["source"] == {"id": 7, "hidden": True}
    assert events[0]["info"]["parentTypeName"] == "A"
    assert (events[0]["info"]["selectionSetList"], events[0]["info"]["selectionSetGraphQL"]) == ([], "")


async def test_of_an_interface_only_its_own_fields_are_listed(executor: Any) -> None:
    events: list[Any] = []
    sdl = "type Query { n: Named } interface Named { name: String } type Dog implements Named { name: String age: Int }"

    def resolve(event: Any, _context: Any) -> Any:
        events.append(event)
        return {"__typename": "Dog", "name": "Rex", "age": 3}

    answer = await executor({"Query.n": resolve}, sdl).ask(
        "{ n { name ... on Dog { age } ... on Named { __typename } } }"
    )
    assert answer == {"data": {"n": {"name": "Rex", "age": 3, "__typename": "Dog"}}}
    assert events[0]["info"]["selectionSetList"] == ["name", "__typename"]


def test_headers_are_lower_case_without_cookies_and_repeated_ones_are_lists() -> None:
    sent = [
        ("Accept-Language", "es"),
        ("X-Twice", "1"),
        ("x-twice", "2"),
        ("Cookie", "secret=1"),
        ("Sec-WebSocket-Protocol", "graphql-ws, header-secret"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Odd", "caf\udce9"),
    ]
    assert request_headers(sent, "127.0.0.1") == {
        "accept-language": "es",
        "x-twice": ["1", "2"],
        "x-forwarded-for": "1.2.3.4, 127.0.0.1",
        "x-odd": "café",
    }
