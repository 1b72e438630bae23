"""What is not known of AppSync: the simulator behaves by either reading,
and by default as it has been seen to."""

from typing import Any

import pytest

from simulator.readings import Readings, every_reading

UNSET = "subscription S($epoch: Int) { onMessage(roomId: 1, epoch: $epoch) { text } }"
NULL = "subscription { onMessage(roomId: 1, epoch: null) { text } }"


def send(text: str, selection: str = "roomId epoch text") -> str:
    return f'mutation {{ sendMessage(roomId: 1, text: "{text}") {{ {selection} }} }}'


async def texts(executor: Any, chat: Any, readings: Readings, query: str) -> list[str]:
    """The texts that a subscriber receives of a message in epoch 1 and of one without."""
    one = executor(readings=readings)
    received = await one.listen(query)
    chat.epoch = 1
    await one.ask(send("numbered"))
    chat.epoch = None
    await one.ask(send("from before"))
    return [frame["data"]["onMessage"]["text"] for frame in received]


def test_the_readings_are_all_there_and_the_default_is_the_first() -> None:
    assert len(set(every_reading())) == 8
    assert every_reading()[0] == Readings()


@pytest.mark.parametrize(
    ("unset_is_null", "received"), [(True, ["from before"]), (False, ["numbered", "from before"])]
)
async def test_a_variable_that_is_not_set_counts_as_null_or_as_left_out(
    executor: Any, chat: Any, unset_is_null: bool, received: list[str]
) -> None:
    assert await texts(executor, chat, Readings(unset_is_null=unset_is_null), UNSET) == received


SEND = 'mutation ($id: ID) { sendMessage(roomId: 1, text: "x", clientMessageId: $id) { id } }'
PAGE = "query ($after: AWSDateTime, $limit: Int) { messages(roomId: 1, after: $after, limit: $limit) { nextToken } }"
WATCH = "subscription ($epoch: Int) { onMessage(roomId: 1, epoch: $epoch) { id } }"


@pytest.mark.parametrize(
    ("query", "unset", "left_out"),
    [
        (SEND, {"roomId": "1", "text": "x", "clientMessageId": None}, {"roomId": "1", "text": "x"}),
        (
            PAGE,
            {"roomId": "1", "after": None, "order": "NEWEST_FIRST", "limit": None},
            {"roomId": "1", "order": "NEWEST_FIRST", "limit": 50},
        ),
        (WATCH, {"roomId": "1", "epoch": None}, {"roomId": "1"}),
    ],
)
@pytest.mark.parametrize("unset_is_null", [True, False])
async def test_a_function_gets_null_or_no_argument_in_queries_mutations_and_subscriptions_alike(
    executor: Any,
    chat: Any,
    query: str,
    unset: dict[str, Any],
    left_out: dict[str, Any],
    *,
    unset_is_null: bool,
) -> None:
    one = executor(readings=Readings(unset_is_null=unset_is_null))
    await (one.listen(query) if query is WATCH else one.ask(query))
    assert chat.events[-1][1]["arguments"] == (unset if unset_is_null else left_out)
    assert chat.events[-1][1]["info"]["variables"] == {}


async def test_what_may_not_be_null_keeps_its_default_by_either(executor: Any) -> None:
    sdl = "type Query { n(x: Int! = 3, y: Int = 4): Int }"
    for readings in every_reading():
        seen: list[Any] = []
        handlers = {"Query.n": lambda event, _context, seen=seen: seen.append(event["arguments"])}
        await executor(handlers, sdl, readings=readings).ask("query ($x: Int, $y: Int) { n(x: $x, y: $y) }")
        assert seen == [{"x": 3, "y": None if readings.unset_is_null else 4}]


@pytest.mark.parametrize("unset_is_null", [True, False])
async def test_an_argument_that_is_written_as_null_counts_as_null_by_either(
    executor: Any, chat: Any, unset_is_null: bool
) -> None:
    readings = Readings(unset_is_null=unset_is_null)
    assert await texts(executor, chat, readings, NULL) == ["from before"]
    one = executor(readings=readings)
    received = await one.listen(UNSET, {"epoch": None})
    chat.epoch = 1
    await one.ask(send("numbered"))
    assert received == []


@pytest.mark.parametrize(("null_equals_null", "received"), [(True, ["from before"]), (False, [])])
@pytest.mark.parametrize("query", [NULL, UNSET])
async def test_a_null_argument_gets_results_that_are_null_or_none_at_all(
    executor: Any, chat: Any, query: str, null_equals_null: bool, received: list[str]
) -> None:
    assert await texts(executor, chat, Readings(null_equals_null=null_equals_null), query) == received


@pytest.mark.parametrize(
    ("partial_is_published", "received"), [(True, ["partial", "whole"]), (False, ["whole"])]
)
async def test_a_result_with_errors_beside_it_is_published_or_not(
    executor: Any, chat: Any, partial_is_published: bool, received: list[str]
) -> None:
    """A value that its type cannot hold is an error and null; its
    neighbours in the same request are whole."""

    def answer(event: Any, context: Any) -> Any:
        message = chat.send(event, context)
        return message | ({"seq": "seven"} if message["text"] == "partial" else {})

    handlers = chat.handlers() | {"Mutation.sendMessage": answer}
    one = executor(handlers, readings=Readings(partial_is_published=partial_is_published))
    listened = await one.listen("subscription { onMessage(roomId: 1) { text seq } }")
    fields = [send(text, "roomId text seq").removeprefix("mutation { ")[:-2] for text in ("partial", "whole")]
    answered = await one.ask(f"mutation {{ a: {fields[0]} b: {fields[1]} }}")
    assert (answered["data"]["a"]["seq"], [error["path"] for error in answered["errors"]]) == (
        None,
        [["a", "seq"]],
    )
    assert [frame["data"]["onMessage"]["text"] for frame in listened] == received


@pytest.mark.parametrize("readings", every_reading())
async def test_by_every_reading_a_room_and_an_epoch_get_just_their_own(
    executor: Any, chat: Any, readings: Readings
) -> None:
    one = executor(readings=readings)
    received = await one.listen("subscription { onMessage(roomId: 1, epoch: 1) { text } }")
    for chat.epoch, text in ((1, "mine"), (2, "later"), (None, "from before")):
        await one.ask(send(text))
        await one.ask(send(text).replace("roomId: 1", "roomId: 2"))
    await one.ask(send("incomplete", "roomId text"))
    assert [frame["data"]["onMessage"]["text"] for frame in received] == ["mine"]


async def test_a_server_has_its_readings_configured(serve: Any) -> None:
    readings = Readings(unset_is_null=False)
    async with serve(readings=readings) as client, client.socket() as socket:
        await socket.start(query=UNSET)
        assert (await socket.next())["type"] == "start_ack"
        await client.send(room="1", text="numbered")
        assert (await socket.next())["payload"] == {"data": {"onMessage": {"text": "numbered"}}}
