"""Who hears of which mutation, and what."""

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
    ("arguments", "hears"),
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
    asker: Any, arguments: str, hears: bool
) -> None:
    one = asker()
    heard = await one.listen(f"subscription {{ onMessage({arguments}) {{ id }} }}")
    await one.ask(send())
    assert heard == ([{"data": {"onMessage": {"id": "m1"}}}] if hears else [])


async def test_an_omitted_argument_is_no_constraint_but_an_unset_variable_is_null(
    asker: Any, chat: Any
) -> None:
    one = asker()
    query = "subscription S($epoch: Int) { onMessage(roomId: 1, epoch: $epoch) { text } }"
    unset = await one.listen(query)
    explicit = await one.listen(query, {"epoch": None})
    omitted = await one.listen("subscription { onMessage(roomId: 1) { text } }")
    await one.ask(send(room="1", text="numbered"))
    chat.epoch = None
    await one.ask(send(room="1", text="from before"))
    texts = [[frame["data"]["onMessage"]["text"] for frame in heard] for heard in (unset, explicit, omitted)]
    assert texts == [["from before"], ["from before"], ["numbered", "from before"]]


@pytest.mark.parametrize("epoch", ["epoch: 1", "epoch: null"])
async def test_a_field_that_the_sender_did_not_select_never_matches(asker: Any, epoch: str) -> None:
    one = asker()
    heard = await one.listen(f'subscription {{ onMessage(roomId: "lobby", {epoch}) {{ id }} }}')
    await one.ask(send("id roomId"))
    await one.ask(send("id roomId generation: epoch"))
    assert heard == []


async def test_a_subscriber_gets_only_what_the_sender_selected_and_null_for_the_rest(asker: Any) -> None:
    one = asker()
    heard = await one.listen('subscription { m: onMessage(roomId: "lobby") { key: id text seq __typename } }')
    await one.ask(send("id roomId body: text"))
    assert heard == [{"data": {"m": {"key": "m1", "text": None, "seq": None, "__typename": "Message"}}}]


async def test_a_missing_non_null_field_makes_the_data_null_with_errors(asker: Any) -> None:
    one = asker()
    heard = await one.listen('subscription { onMessage(roomId: "lobby") { id senderId } }')
    await one.ask(send("id roomId"))
    message = "Cannot return null for non-nullable type: 'ID' within parent 'Message' (/onMessage/senderId)"
    assert heard == [
        {"data": {"onMessage": None}, "errors": [{"message": message, "path": ["onMessage", "senderId"]}]}
    ]


async def test_a_refused_mutation_is_not_published_and_its_neighbours_are(asker: Any) -> None:
    one = asker()
    heard = await one.listen('subscription { onMessage(roomId: "lobby") { text } }')
    fields = " ".join(
        f'{alias}: sendMessage(roomId: "{room}", text: "{alias}") {{ roomId text }}'
        for alias, room in (("a", "lobby"), ("b", "closed"), ("c", "lobby"))
    )
    await one.ask(f"mutation {{ {fields} }}")
    assert [frame["data"]["onMessage"]["text"] for frame in heard] == ["a", "c"]


async def test_literals_variables_fragments_and_anonymous_operations_all_work(asker: Any) -> None:
    one = asker()
    heard = [
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
    assert heard == [[{"data": {"onMessage": {"id": "m1"}}}]] * 3


async def test_a_result_over_the_limit_is_silently_not_delivered_and_logged(
    asker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    one = asker(limits=Limits(published=500))
    heard = await one.listen('subscription { onMessage(roomId: "lobby") { id } }')
    with caplog.at_level(logging.WARNING):
        answer = await one.ask(send(text="x" * 500))
    assert "errors" not in answer
    assert heard == []
    assert [record.message for record in caplog.records] == ["result too large for subscribers"]
    await one.ask(send())
    assert len(heard) == 1


async def test_what_is_removed_hears_nothing_more(asker: Any) -> None:
    one = asker()
    heard: list[bytes] = []
    request = 'subscription { onMessage(roomId: "lobby") { id } }'
    other = await one.listen(request)
    selection = await one.api.subscribe(GraphqlRequest(request, {}), one.call({}))
    handle = one.api.subscriptions.add(selection, heard.append)
    one.api.subscriptions.remove(handle)
    one.api.subscriptions.remove(handle)
    await one.ask(send())
    assert (heard, len(other), len(one.api.subscriptions)) == ([], 1, 1)


async def test_the_resolver_of_a_subscription_gets_the_same_event_and_its_refusal_counts(
    asker: Any, chat: Any
) -> None:
    one = asker()
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
