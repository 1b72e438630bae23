"""A run says what it will make, makes no more, and takes it away however it ends."""

from dataclasses import replace

import aiohttp
import pytest

from proving.check import Check, Cost, Failed
from proving.checks import CHECKS
from proving.conformance import MAPPINGS, OWN
from proving.endpoint import endpoint
from proving.limits import CONNECTIONS, MESSAGES, ROOMS
from proving.mapping import load
from proving.run import PASSES, BadPlan, ask, ask_all, clean_up, plan, world
from proving.world import Run, World

from .conftest import SAMPLE, results_of, run_against


@pytest.mark.parametrize("mapping", sorted(MAPPINGS.iterdir()), ids=lambda path: path.name)
def test_all_checks_together_stay_below_the_ceilings(mapping: object) -> None:
    cost = plan(CHECKS.values(), load(SAMPLE if mapping == SAMPLE else OWN)).cost
    assert 0 < cost.rooms <= ROOMS
    assert 0 < cost.messages <= MESSAGES
    assert 0 < cost.connections <= CONNECTIONS


def test_a_plan_above_the_ceilings_is_refused() -> None:
    dear = replace(CHECKS["chat.send.stored"], cost=Cost(messages=MESSAGES + 1))
    with pytest.raises(BadPlan):
        plan([dear], load(OWN))


def test_what_is_asked_can_be_chosen_and_what_is_not_costs_nothing() -> None:
    chosen = plan(CHECKS.values(), load(SAMPLE), ["chat.change.*", "appsync.http.no-token"])
    assert chosen.checks[0].id == "appsync.http.no-token"
    assert chosen.cost == Cost(rooms=3)
    with pytest.raises(BadPlan, match="no check nothing"):
        plan(CHECKS.values(), load(SAMPLE), ["chat.*", "nothing"])


async def test_no_check_makes_more_than_it_announced_and_the_run_no_more_than_the_plan() -> None:
    async with run_against("sound") as (run, _):
        await results_of(run)
        announced = plan(CHECKS.values(), run.mapping).cost
    assert len(run.rooms) <= announced.rooms
    assert run.spent.messages <= announced.messages
    assert run.spent.connections <= announced.connections


async def greedy(world: World) -> None:
    room = await world.room()
    await world.send(world.owner, room, "one")
    await world.send(world.owner, room, "one too many")


async def test_a_check_that_would_make_more_fails_before_it_does() -> None:
    check = Check("chat.greedy", "", "", (), Cost(messages=1), greedy)
    async with run_against("sound") as (run, server):
        result = await ask(run, check, 0)
        (conversation,) = server.store.conversations.values()
        assert [each.content for each in conversation.rows.values()] == ["one"]
    assert (result.status, "more than was announced" in result.reason) == ("fail", True)


async def fails(world: World) -> None:
    await world.new_room()
    raise Failed("on purpose")


async def test_what_a_failed_check_made_is_taken_away() -> None:
    check = Check("chat.fails", "", "", (), Cost(rooms=1), fails)
    async with run_against("sound") as (run, server):
        await ask_all(run, [check, check], lambda _: None)
        assert len(server.store.conversations) == 2
        assert await clean_up(run) == []
        assert server.store.conversations == {}


async def test_what_cannot_be_taken_away_is_named() -> None:
    mapping = load(SAMPLE)
    without = {name: each for name, each in mapping.operations.items() if name != "end_room"}
    async with run_against("sound", replace(mapping, operations=without)) as (run, _):
        room = await world(run, CHECKS["chat.send.stored"], 0).room()
        assert await clean_up(run) == [(room, "the mapping has no operation end_room")]
    async with run_against("sound") as (run, server):
        room = await world(run, CHECKS["chat.send.stored"], 0).room()
        server.store.conversations.clear()
        ((left, why),) = await clean_up(run)
        assert (left, "NotAMember" in why) == (room, True)


async def test_what_is_not_promised_is_skipped_with_its_reason() -> None:
    mapping = replace(load(SAMPLE), not_promised={"chat.unread.*": "nobody counts"})
    async with run_against("unread-counter", mapping) as (run, _):
        results = await results_of(run, "chat.unread.*")
    assert {(each.status, each.reason) for each in results.values()} == {
        ("skip", "not promised: nobody counts")
    }


async def test_a_known_gap_is_no_failure_and_one_that_is_mended_is() -> None:
    gaps = {"chat.send.repeat": "nothing is remembered", "chat.send.stored": "nothing is stored"}
    check = plan(CHECKS.values(), load(SAMPLE), ["chat.send.*"]).checks
    async with run_against("no-idempotency") as (run, _):
        found = {each.check.id: each for each in await ask_all(run, check, lambda _: None, gaps)}
    repeat, stored = found["chat.send.repeat"], found["chat.send.stored"]
    assert repeat.status == "skip"
    assert repeat.reason.startswith("known gap: nothing is remembered; sent six times")
    assert (stored.status, stored.reason) == ("fail", PASSES)


async def test_where_nobody_listens_each_check_says_so() -> None:
    async with run_against("sound") as (run, _), aiohttp.ClientSession() as http:
        nobody = replace(run.client, endpoint=endpoint("http://127.0.0.1:1/graphql", None, ()), http=http)
        for name in ("appsync.http.no-token", "chat.send.stored", "appsync.realtime.ack"):
            result = await ask(Run(nobody, run.mapping, run.people), CHECKS[name], 0)
            assert result.status == "fail"
            assert result.reason.startswith(("no answer", "no WebSocket"))
