"""A deployment's own rule is asked about each text once, after everything of ours that would refuse, and never about a
repeat."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from chat.operations.create_room import create_room
from chat.operations.update_room import update_room
from chat.rules.errors import (
    ChatError,
    IdempotencyMismatch,
    InvalidInput,
    Muted,
    NotAllowed,
    NotRoomMember,
    RateLimited,
    ServiceUnavailable,
)
from chat.rules.hooks import HookFailed, Question
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.hooks import REFUSALS, Refusals
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import (
    DAY_MS,
    Clock,
    change_member,
    edit,
    new_room,
    process,
    refused,
    send,
    stored,
)
from tests.guarantees.support.own_rules import PASS, OwnRules, refusal
from tests.guarantees.support.proxy import Proxy


def masking(question: Question) -> dict[str, Any]:
    return {"text": question["text"].replace("darn", "****")}


def failing(_: Question) -> dict[str, Any]:
    raise HookFailed("TimedOut", replaced=True)


def texts(client: Any, room: str) -> list[str]:
    return [each["text"] for each in stored(client, room)]


@pytest.mark.parametrize("remembering", [True, False])
def test_a_repeat_is_answered_from_the_table_and_nobody_is_asked(
    client: Any, clock: Clock, remembering: bool
) -> None:
    room, rules = new_room(client, "ann"), OwnRules(masking)
    ours = process(client, clock, **rules.parts())
    first = send(ours, room, "ann", "oh darn", "m1")
    rules.says = lambda _: refusal()
    other = ours if remembering else process(client, clock, **rules.parts())
    assert send(other, room, "ann", "oh darn", "m1") == first
    assert isinstance(refused(other, room, "ann", "oh ****", "m1"), IdempotencyMismatch)
    assert (rules.texts(), texts(client, room)) == (["oh darn"], ["oh ****"])


def test_two_at_once_under_one_name_store_one_message(client: Any, clock: Clock) -> None:
    """Both are asked about: neither knows of the other before the commit, which finds the first."""
    room, rules = new_room(client, "ann"), OwnRules(masking)
    one, other = process(client, clock, **rules.parts()), process(client, clock)
    meanwhile = iter([lambda: send(other, room, "ann", "darn", "m1")])

    def while_asked(question: Question) -> dict[str, Any]:
        next(meanwhile)()
        return masking(question)

    rules.says = while_asked
    assert send(one, room, "ann", "darn", "m1").text == "darn"
    assert texts(client, room) == ["darn"]


def test_what_was_refused_is_asked_about_again_and_may_be_said_otherwise(client: Any, clock: Clock) -> None:
    """Nothing was stored under the clientMessageId, so it is still free."""
    room, rules = (
        new_room(client, "ann"),
        OwnRules(lambda question: refusal() if "spam" in question["text"] else PASS),
    )
    ours = process(client, clock, **rules.parts())
    for _ in range(2):
        assert refused(ours, room, "ann", "spam", "m1").values == {"reason": "unwanted"}
    assert send(ours, room, "ann", "ham", "m1").seq == 1
    assert rules.texts() == ["spam", "spam", "ham"]


@pytest.mark.parametrize(
    "fault", [faults.conflict(2), faults.lost_answer, faults.error("ThrottlingException")]
)
def test_a_transaction_that_is_tried_again_asks_nobody(
    client: Any, proxied: Any, proxy: Proxy, clock: Clock, fault: Any
) -> None:
    room, rules, tally = new_room(client, "ann"), OwnRules(masking), Tally()
    ours = process(proxied, clock, **rules.parts())
    proxy.once("TransactWriteItems", fault)
    assert send(ours, room, "ann", "darn", "m1", tally).text == "****"
    assert (rules.texts(), texts(client, room)) == (["darn"], ["****"])
    assert (tally["HookChanges"], tally["HookMs"] >= 0) == (1, True)


def test_an_edit_that_is_tried_again_asks_nobody(
    client: Any, proxied: Any, proxy: Proxy, clock: Clock
) -> None:
    room, rules = new_room(client, "ann"), OwnRules(masking)
    ours = process(proxied, clock, **rules.parts())
    message = send(ours, room, "ann", "hi", "m1")
    for fault in (faults.conflict(2), faults.lost_answer):
        rules.asked.clear()
        proxy.once("TransactWriteItems", fault)
        text = f"darn {fault.__name__}"
        assert edit(ours, message, text).text == text.replace("darn", "****")
        assert rules.texts() == [text]


def test_an_edit_to_the_text_that_is_there_asks_nobody_and_writes_nothing(client: Any, clock: Clock) -> None:
    room, rules = new_room(client, "ann"), OwnRules(masking)
    ours = process(client, clock, **rules.parts())
    message = edit(ours, send(ours, room, "ann", "hi", "m1"), "darn")
    rules.asked.clear()
    assert edit(ours, message, "****").rev == message.rev
    assert rules.asked == []
    assert edit(ours, message, "darn").rev == message.rev  # the rule makes of it what is there
    assert rules.texts() == ["darn"]


def test_a_room_that_is_tried_again_asks_nobody_and_so_does_a_refusal(
    client: Any, proxied: Any, proxy: Proxy, clock: Clock
) -> None:
    """A refusal costs the rate of making rooms, and that write may be tried again as well."""
    rules = OwnRules(lambda question: PASS if "text" in question else refusal())
    ours, ann = process(proxied, clock, **rules.parts()), Caller("ann-of-rules")
    proxy.once("TransactWriteItems", faults.conflict(0))
    made = create_room(ours, ann, {"roomId": f"r-{uuid.uuid4()}", "name": "Tea"}, Tally())
    again = create_room(ours, ann, {"roomId": made["roomId"], "name": "Tea", "members": ["bob"]}, Tally())
    assert (again["head"], rules.texts()) == (made["head"], ["Tea"])
    rules.asked.clear()
    proxy.once("UpdateItem", faults.error("ThrottlingException"))
    with pytest.raises(NotAllowed) as caught:
        create_room(ours, ann, {"name": "Tea", "members": ["bob", "carol"]}, Tally())
    assert caught.value.values == {"reason": "unwanted"}
    assert [each.get("text") or each["person"]["user_id"] for each in rules.asked] == ["Tea", "bob", "carol"]


def test_whoever_is_refused_by_us_is_not_asked_about(client: Any, clock: Clock) -> None:
    rules = OwnRules(lambda _: refusal())
    ours = process(client, clock, **rules.parts())
    room = new_room(client, "ann", "bob", settings={"personPerSecond": 0.1, "personBurst": 1})
    muted = new_room(client, "ann")
    change_member(client, muted, "ann", mutedUntil=clock.now() + DAY_MS)
    message = send(process(client, clock), room, "ann", "hi", "m1")
    change_member(client, room, "bob", status="banned")
    expected: list[tuple[type[ChatError], Any]] = [
        (InvalidInput, lambda: send(ours, room, "ann", " ")),
        (NotRoomMember, lambda: send(ours, room, "carol", "hi")),
        (NotRoomMember, lambda: send(ours, room, "bob", "hi")),
        (Muted, lambda: send(ours, muted, "ann", "hi")),
        (RateLimited, lambda: send(ours, room, "ann", "hi", "m2")),
        (RateLimited, lambda: edit(ours, message, "other")),
        (NotRoomMember, lambda: edit(ours, message, "other", "carol")),
        (NotAllowed, lambda: update_room(ours, Caller("ann"), {"roomId": room, "name": "x"}, Tally())),
    ]
    for kind, call in expected:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.values.get("reason") != "unwanted"
    assert rules.asked == []


def test_a_clock_in_doubt_is_told_before_anybody_is_asked(client: Any, clock: Clock) -> None:
    rules = OwnRules()
    ours = process(client, clock, clock_in_doubt=lambda: True, **rules.parts())
    assert refused(ours, new_room(client, "ann"), "ann").values == {"reason": "clock"}
    assert rules.asked == []


def test_whoever_is_refused_again_and_again_is_asked_about_more_seldom(client: Any, clock: Clock) -> None:
    """What is refused charges nothing in the tables: a process remembers it."""
    room, rules = (
        new_room(client, "ann", "bob"),
        OwnRules(lambda question: refusal() if question["text"] == "spam" else PASS),
    )
    ours = process(client, clock, **rules.parts(Refusals(clock.monotonic)))
    send(ours, room, "ann", "hi")
    for _ in range(REFUSALS.burst):
        assert isinstance(refused(ours, room, "ann", "spam"), NotAllowed)
    rules.asked.clear()
    limited = refused(ours, room, "ann", "hi")
    assert (type(limited), limited.values) == (RateLimited, {"retryAfterMs": 1_000, "scope": "person"})
    assert rules.asked == []
    assert send(ours, room, "bob", "hi").seq == 2
    clock.sleep(1)
    assert isinstance(refused(ours, room, "ann", "spam"), NotAllowed)
    assert isinstance(refused(ours, room, "ann", "spam"), RateLimited)
    clock.sleep(1)
    assert send(ours, room, "ann", "hi").seq == 3


@pytest.mark.parametrize("opens", [False, True])
def test_a_rule_that_fails_is_closed_or_open(client: Any, clock: Clock, opens: bool) -> None:
    room, rules, tally = new_room(client, "ann"), OwnRules(failing, opens=opens), Tally()
    ours = process(client, clock, **rules.parts())
    if opens:
        assert send(ours, room, "ann", "hi", "m1", tally).text == "hi"
    else:
        with pytest.raises(ServiceUnavailable) as caught:
            send(ours, room, "ann", "hi", "m1", tally)
        assert caught.value.values == {"reason": "hook"}
    assert texts(client, room) == (["hi"] if opens else [])
    assert (tally["HookFailures"], tally["HooksReplaced"]) == (1, 1)
    assert rules.failures == [("before_text", "TimedOut")]


@pytest.mark.parametrize("made", ["", " \n", "\ud800", "x" * 4_001, "\u202e", None, 3])
def test_what_a_rule_makes_of_a_text_has_to_be_one(client: Any, clock: Clock, made: object) -> None:
    """Whoever wrote it is not told that their text is wrong."""
    room, rules = new_room(client, "ann"), OwnRules(lambda _: {"text": made})
    ours = process(client, clock, **rules.parts())
    assert refused(ours, room, "ann").values == {"reason": "hook"}
    assert (rules.failures, texts(client, room)) == ([("before_text", "InvalidText")], [])


def test_what_a_rule_makes_of_a_text_is_cleaned_as_every_text_is(client: Any, clock: Clock) -> None:
    room, rules = new_room(client, "ann"), OwnRules(lambda _: {"text": "e\u0301\u202e\r\nx"})
    ours = process(client, clock, **rules.parts())
    assert send(ours, room, "ann", "hi", "m1").text == "é\nx"
    assert texts(client, room) == ["é\nx"]


def test_a_proof_that_expires_after_it_was_seen_lets_no_text_by(client: Any, clock: Clock) -> None:
    """The send looked like a repeat, so nobody was asked; by the commit it is none."""
    room, rules = new_room(client, "ann"), OwnRules(masking)
    ours = process(client, clock, **rules.parts())
    send(ours, room, "ann", "darn", "m1")
    with pytest.raises(ServiceUnavailable):
        send(replace(ours, now=_jumping(clock)), room, "ann", "darn again", "m1")
    assert texts(client, room) == ["****"]


def _jumping(clock: Clock) -> Any:
    """A clock that jumps beyond every expiry after its second look, by which a send has judged its proof."""
    looks = iter(range(2))

    def now() -> int:
        return clock.ms if next(looks, None) is not None else clock.ms + 400 * DAY_MS

    return now
