"""Each part of the benchmark with a few people: it comes to an end, and what it counts adds up."""

import pytest

from bench.gateway.__main__ import PARTS, arguments
from bench.gateway.candidates import candidates
from bench.gateway.gateway_server import Gateway, gateway
from bench.gateway.parts import api, faults
from bench.gateway.parts.capacity import LIMIT_MS, Step, search_rates
from bench.gateway.parts.crowd_table import crowd_table, measure
from bench.gateway.parts.idle import idle
from bench.gateway.parts.reconnect import reconnect_all
from bench.gateway.parts.rooms import rooms
from bench.gateway.parts.slow import stall
from bench.gateway.publishing import joined, publish
from bench.gateway.servers import FLOOR

PEOPLE = 10


def test_without_a_name_all_parts_are_run_and_an_unknown_name_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert arguments([]).parts == list(PARTS)
    assert arguments(["capacity", "faults"]).parts == ["capacity", "faults"]
    with pytest.raises(SystemExit):
        arguments(["nothing"])
    assert "no such part: nothing" in capsys.readouterr().err


async def test_a_crowd_receives_everything_once(capsys: pytest.CaptureFixture[str]) -> None:
    result = await measure(gateway, PEOPLE, rate=20, seconds=0.5)
    assert (result.live, result.repaired, result.lost, result.duplicates, result.out_of_order) == (
        100,
        0,
        0,
        0,
        0,
    )
    await crowd_table(PEOPLE, [20], 0.5, 1, only=FLOOR)
    assert FLOOR in capsys.readouterr().out


async def test_what_the_api_loses_on_purpose_is_repaired_and_counted_apart() -> None:
    async with gateway(lose=5) as running:
        crowd = await joined(running, PEOPLE)
        await publish(running, crowd, 44, 0.5)
        assert await crowd.received(22 * PEOPLE) == 0
        assert await running.repaired() >= 4 * PEOPLE
        assert (crowd.deliveries.duplicates, crowd.deliveries.out_of_order) == (0, 0)
        await crowd.leave()


def test_a_step_is_good_only_if_everything_came_in_time_in_order_and_once() -> None:
    shares = (0.5, 0.5, 0.0)
    assert Step(20.0, LIMIT_MS - 1, 0, 0, shares).is_good
    assert not Step(20.0, LIMIT_MS, 0, 0, shares).is_good
    assert not Step(20.0, 1.0, 1, 0, shares).is_good
    assert not Step(20.0, 1.0, 0, 1, shares).is_good
    assert not Step(20.0, float("nan"), 0, 0, shares).is_good


async def test_raising_the_rate_ends_for_every_server() -> None:
    searches = await search_rates(5, 0.2, "floor,gateway", first=60_000)
    assert [search.name for search in searches] == [FLOOR, "gateway"]
    assert all(search.steps and not search.steps[-1].is_good for search in searches)


async def test_people_who_stop_reading_are_closed_and_come_back_for_everything() -> None:
    outcome = await stall(candidates("gateway")["gateway"], PEOPLE, 1, seconds=2, size=40_000)
    assert (outcome.lost, outcome.others.losses, outcome.closed) == (0, 0, {"4408": 1})
    assert outcome.late is not None
    assert (outcome.late.losses, outcome.late_lost, outcome.late.out_of_order, outcome.late.resets) == (
        1,
        0,
        0,
        0,
    )


@pytest.mark.parametrize("is_new", [False, True])
async def test_all_who_reconnect_are_one_subscription_and_at_most_two_reads_of_history(is_new: bool) -> None:
    back = await reconnect_all(PEOPLE, 0.5, is_new=is_new)
    assert (back.given, back.due) == (12 * PEOPLE, 12 * PEOPLE)
    assert (back.deliveries.duplicates, back.deliveries.out_of_order, back.deliveries.resets) == (0, 0, 0)
    assert back.subscriptions == is_new
    assert back.reads <= 2


@pytest.mark.parametrize("name", faults.FAULTS)
async def test_nothing_is_lost_or_out_of_order_after_a_fault(name: str) -> None:
    outcome = await faults.inject(faults.FAULTS[name], PEOPLE, 0.5)
    deliveries = outcome.deliveries
    assert outcome.recovered_s is not None
    assert (outcome.lost, deliveries.out_of_order, deliveries.resets) == (0, 0, 0)
    assert outcome.repaired + deliveries.replayed > 0
    assert deliveries.losses == (0 if faults.FAULTS[name] is faults.upstream_goes else PEOPLE)


async def test_small_rooms_and_idle_people_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    await rooms(3, 2, 5.0, 0.5)
    await idle(20)
    printed = capsys.readouterr().out
    assert "deliveries 16, lost 0, duplicates 0, out of order 0" in printed
    assert "20 idle connections" in printed


async def test_a_gateway_that_is_started_anew_is_another_process_on_the_same_port() -> None:
    async with gateway() as running:
        assert isinstance(running, Gateway)
        port = running.address.port
        running.process.kill()
        running.process.wait()
        old = await running.start()
        assert (running.address.port, old.pid == running.process.pid) == (port, False)


async def test_with_the_real_api_everybody_comes_hears_everything_once_and_comes_back() -> None:
    outcome = await api.run("ministack", PEOPLE, 0.5)
    assert (outcome.refused, outcome.refused_back, outcome.lost) == (0, 0, 0)
    assert (outcome.duplicates, outcome.out_of_order) == (0, 0)
    assert outcome.joining_s.keys() == {"gateway", "API", "engine"}
