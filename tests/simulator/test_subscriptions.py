"""Which subscriptions receive a mutation's answer, and which fields."""

import logging
from typing import Any

import pytest

from simulator.execution import GraphqlRequest
from simulator.limits import Limits
from simulator.refusals import SubscriptionRefused

ALL = "id roomId senderId text ts seq epoch clientMessageId"


def send(selection: str = ALL, room: str = "lobby", text: str = "hi") -> str:
    return f'mutation {{ sendMessage(roomId: "{room}", text: "{text}") {{ {selection} }} }}'


@pytest.mark.parametrize(
    ("arguments", "receives"),
    [
        ('roomId: "lobby"', True),
        ('roomId: "other"', False),
        ('roomId: "Lobby"', False),
        ('roomId: "lobby", epoch: 1', True),
        ('roomId: "lobby", epoch: 2', False),
        ('roomId: "lobby", epoch: null', False),
    ],
)
async def test_every_supplied_argument_must_equal_the_results_field(
    executor: Any, arguments: str, receives: bool
) -> None:
    one = executor()
    received = await one.listen(f"subscription {{ onMessage({arguments}) {{ id }} }}")
    await one.ask(send())
    assert received == ([{"data": {"onMessage": {"id": "m1"}}}] if receives else [])


async def test_an_omitted_argument_is_no_constraint_but_an_unset_variable_is_null(
    executor: Any, chat: Any
) -> None:
    one = executor()
    query = "subscription S($epoch: Int) { onMessage(roomId: 1, epoch: $epoch) { text } }"
    unset = await one.listen(query)
    explicit = await one.listen(query, {"epoch": None})
    omitted = await one.listen("subscription { onMessage(roomId: 1) { text } }")
    await one.ask(send(room="1", text="numbered"))
    chat.epoch = None
    await one.ask(send(room="1", text="from before"))
    texts = [
        [frame["data"]["onMessage"]["text"] for frame in received] for received in (unset, explicit, omitted)
    ]
    assert texts == [["from before"], ["from before"], ["numbered", "from before"]]


@pytest.mark.parametrize("epoch", ["epoch: 1", "epoch: null"])
async def test_a_field_that_the_sender_did_not_select_never_matches(executor: Any, epoch: str) -> None:
    one = executor()
    received = await one.listen(f'subscription {{ onMessage(roomId: "lobby", {epoch}) {{ id }} }}')
    await one.ask(send("id roomId"))
    await one.ask(send("id roomId generation: epoch"))
    assert received == []


async def test_a_subscriber_gets_only_what_the_sender_selected_and_null_for_the_rest(executor: Any) -> None:
    one = executor()
    received = await one.listen(
        'subscription { m: onMessage(roomId: "lobby") { key: id text seq __typename } }'
    )
    await one.ask(send("id roomId body: text"))
    assert received == [{"data": {"m": {"key": "m1", "text": None, "seq": None, "__typename": "Message"}}}]


async def test_a_missing_non_null_field_makes_the_data_null_with_errors(executor: Any) -> None:
    one = executor()
    received = await one.listen('subscription { onMessage(roomId: "lobby") { id senderId } }')
    await one.ask(send("id roomId"))
    message = "Cannot return null for non-nullable type: 'ID' within parent 'Message' (/onMessage/senderId)"
    assert received == [
        {"data": {"onMessage": None}, "errors": [{"message": message, "path": ["onMessage", "senderId"]}]}
    ]


async def test_a_refused_mutation_is_not_published_and_its_neighbours_are(executor: Any) -> None:
    one = executor()
    received = await one.listen('subscription { onMessage(roomId: "lobby") { text } }')
    fields = " ".join(
        f'{alias}: sendMessage(roomId: "{room}", text: "{alias}") {{ roomId text }}'
        for alias, room in (("a", "lobby"), ("b", "closed"), ("c", "lobby"))
    )
    await one.ask(f"mutation {{ {fields} }}")
    assert [frame["data"]["onMessage"]["text"] for frame in received] == ["a", "c"]


async def test_literals_variables_fragments_and_anonymous_operations_all_work(executor: Any) -> None:
    one = executor()
    received = [
        await one.listen('subscription { onMessage(roomId: "lobby") { id } }'),
        await one.listen(
            "subscription S($r: ID!) { onMessage(roomId: $r) { ...F } } fragment F on Message { id }",
            {"r": "lobby"},
        ),
        await one.listen(
            'subscription { ... on Subscription { onMessage(roomId: "lobby") { ... { id } } } }'
        ),
    ]
    await one.ask(send())
    assert received == [[{"data": {"onMessage": {"id": "m1"}}}]] * 3


async def test_a_result_over_the_limit_is_silently_not_delivered_and_logged(
    executor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    one = executor(limits=Limits(published=500))
    received = await one.listen('subscription { onMessage(roomId: "lobby") { id } }')
    with caplog.at_level(logging.WARNING):
        answer = await one.ask(send(text="x" * 500))
    assert "errors" not in answer
    assert received == []
    assert [record.message for record in caplog.records] == ["result too large for subscribers"]
    await one.ask(send())
    assert len(received) == 1


async def test_a_removed_subscription_gets_nothing_more(executor: Any) -> None:
    one = executor()
    received: list[bytes] = []
    request = 'subscription { onMessage(roomId: "lobby") { id } }'
    other = await one.listen(request)
    selection = await one.api.subscribe(GraphqlRequest(request, {}), one.call({}))
    handle = one.api.subscriptions.add(selection, received.append)
    one.api.subscriptions.remove(handle)
    one.api.subscriptions.remove(handle)
    await one.ask(send())
    assert (received, len(other), len(one.api.subscriptions)) == ([], 1, 1)


async def test_the_resolver_of_a_subscription_gets_the_same_event_and_its_refusal_counts(
    executor: Any, chat: Any
) -> None:
    one = executor()
    await one.listen('subscription { onMessage(roomId: "lobby", epoch: 1) { id text } }')
    event = chat.events[-1][1]
    assert event["arguments"] == {"roomId": "lobby", "epoch": 1}
    assert (event["info"]["parentTypeName"], event["info"]["fieldName"]) == ("Subscription", "onMessage")
    assert event["info"]["selectionSetList"] == ["id", "text"]
    with pytest.raises(SubscriptionRefused) as refused:
        await one.listen('subscription { onMessage(roomId: "closed") { id } }')
    assert refused.value.errors == [
        {"errorType": "NotRoomMember", "message": "not a member [code=NotRoomMember]"}
    ]
