"""What a month costs: the bill adds up, goes the right way, and says what is wrong with what was asked."""

from dataclasses import replace

import pytest

from cost import prices
from cost.bill import bill, pays_from, shares
from cost.table import Units, documented_costs, units
from cost.usage import CONFIRMED, calls, tasks, usage
from cost.workload import BadWorkload, Via, Workload, read

TABLE = units()
THOUSAND = Workload(room=1_000, messages=1_000_000, people=1_000)
WAYS: list[Via] = ["appsync", "gateway"]


def total(work: Workload) -> float:
    return sum(bill(work, TABLE).values())


def test_every_operation_of_the_model_has_its_row() -> None:
    for via in WAYS:
        for room in (10, 1_000):
            assert set(calls(replace(THOUSAND, room=room, via=via))) <= set(TABLE)
    assert set(TABLE) >= CONFIRMED
    assert set(TABLE) - CONFIRMED == set(documented_costs())


def test_a_bill_by_hand() -> None:
    """Ten people who send a million messages, and nothing else: 1 operation and 10 updates each, 2 read and 8 write units."""
    quiet = Workload(10, 1_000_000, 10, visits=0, reconnects=0, reads=0, epochs=0)
    none = dict.fromkeys(CONFIRMED, Units(0, 0, 0))
    used = usage(quiet, {**TABLE, **none})
    assert used.calls["sendMessage"] == 1_000_000
    assert used.read == 2_000_000
    assert used.written == 8_000_000
    assert used.updates == 10_000_000
    assert used.minutes == 10 * 8 * 60 * 30
    lines = bill(quiet, {**TABLE, **none})
    assert lines["AppSync: real-time updates"] == pytest.approx(20.0)
    assert lines["DynamoDB: write units"] == pytest.approx(5.0)
    assert lines["DynamoDB: read units"] == pytest.approx(0.25)


@pytest.mark.parametrize("via", WAYS)
@pytest.mark.parametrize("more", ["messages", "hours", "visits", "reconnects", "reads", "epochs"])
def test_more_of_anything_costs_more(via: Via, more: str) -> None:
    work = replace(THOUSAND, room=100, via=via)
    assert total(replace(work, **{more: getattr(work, more) * 2})) > total(work)


def test_the_gateway_has_tasks_and_a_balancer_and_appsync_alone_has_none() -> None:
    assert {line for line in bill(THOUSAND, TABLE) if line.startswith("gateway")} == set()
    behind = replace(THOUSAND, via="gateway")
    assert tasks(behind) == 2
    assert tasks(replace(behind, people=100_000)) == 10
    assert {line for line in bill(behind, TABLE) if line.startswith("gateway")} == {
        "gateway: tasks",
        "gateway: load balancer",
        "gateway: NAT",
    }


def test_the_gateway_brings_alarms_on_eight_metrics_and_six_metrics_of_its_own() -> None:
    alone, behind = bill(THOUSAND, TABLE), bill(replace(THOUSAND, via="gateway"), TABLE)
    assert alone["CloudWatch: alarms"] == pytest.approx(14.30)
    assert behind["CloudWatch: alarms"] == pytest.approx(15.10)
    assert behind["CloudWatch: metrics"] - alone["CloudWatch: metrics"] == pytest.approx(1.80)


def test_a_room_behind_tasks_is_delivered_once_to_each() -> None:
    behind = replace(THOUSAND, via="gateway", epochs=0)
    assert usage(behind, TABLE).updates < 1_000_000 * 2 * 1.01
    assert usage(replace(behind, via="appsync"), TABLE).updates > 1_000_000 * 1_000


@pytest.mark.parametrize("room", [10, 1_000])
def test_the_gateway_begins_to_pay_where_the_bills_cross(room: int) -> None:
    begins = pays_from(replace(THOUSAND, room=room), 1, TABLE)
    assert begins is not None
    for people, cheaper in ((begins - room, False), (begins, True)):
        if people:
            work = Workload(room, people * 30, people)
            assert (total(work) > total(replace(work, via="gateway"))) == cheaper


def test_shares_are_part_of_the_sum() -> None:
    for via in WAYS:
        work = replace(THOUSAND, via=via)
        assert all(0 <= share <= total(work) for share in shares(work, TABLE).values())


def test_read_takes_what_make_gives() -> None:
    asked = read(["ROOM=1000", "MESSAGES=1e6", "PEOPLE=20000", "VIA=gateway", "HOURS=4"])
    assert asked == Workload(1_000, 1e6, 20_000, "gateway", hours=4)
    assert read(["ROOM=7", "MESSAGES=0"]).people == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "ROOM= is missing"),
        (["ROOM=10"], "MESSAGES= is missing"),
        (["ROOM=", "MESSAGES=1"], "ROOM= is missing"),
        (["ROOM=ten", "MESSAGES=1"], "ROOM=ten: not a number"),
        (["ROOM=0", "MESSAGES=1"], "ROOM=0: from 1"),
        (["ROOM=1.5", "MESSAGES=1"], "ROOM=1.5: a whole number"),
        (["ROOM=10", "MESSAGES=nan"], "MESSAGES=nan: from 0"),
        (["ROOM=10", "MESSAGES=inf"], "MESSAGES=inf: from 0"),
        (["ROOM=10", "MESSAGES=-1"], "MESSAGES=-1: from 0"),
        (["ROOM=10", "MESSAGES=1", "PEOPLE=9"], "PEOPLE=9: not fewer than the 10"),
        (["ROOM=10", "MESSAGES=1", "VIA=post"], "VIA=post: appsync or gateway"),
        (["ROOM=10", "MESSAGES=1", "HOURS=25"], "HOURS=25: from 0.1 to 24"),
        (["ROOM=10", "MESSAGES=1", "SIZE=1"], "SIZE=1: give ROOM="),
        (["ROOM=10", "ROOM=11", "MESSAGES=1"], "ROOM is given twice"),
    ],
)
def test_read_says_what_is_wrong(arguments: list[str], says: str) -> None:
    with pytest.raises(BadWorkload, match=says):
        read(arguments)


def test_each_price_has_a_day_and_a_source() -> None:
    assert prices.DATED.startswith("20")
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.SOURCES.values())
