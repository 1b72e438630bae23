"""`docs/what-it-costs.md`: `python -m cost.page`, which `make data` runs."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cost import flags, prices, usage
from cost.bill import bill, pays_from, shares
from cost.table import Units, units
from cost.workload import Via, Workload

PAGE = Path(__file__).parent.parent / "docs" / "what-it-costs.md"
ROOMS = (10, 100, 1_000, 100_000)
PEOPLE, MESSAGES = 100_000, 1_000_000.0
WAYS: tuple[Via, ...] = ("appsync", "gateway")
DAILY = (0, 1, 10)
"""Messages of each person in a day."""
USUAL = Workload(room=10, messages=MESSAGES, people=PEOPLE)

HEAD = """<!-- Generated from cost/ by make data. -->
# What a month costs

    make cost ROOM=1000 MESSAGES=1e6 PEOPLE=20000 VIA=gateway

prints a month's bill: `ROOM` people in each room, `MESSAGES` sent in a month in all rooms together, `PEOPLE` in all (as many as in one
room unless you say it), `VIA` AppSync alone or the [gateway](gateway.md). This page is the same arithmetic for four sizes of rooms. The units
and requests of each operation are those of [costs](costs.md), which tests count; prices are AWS's for {region} on {dated}, without free tiers
and discounts, and stand in `cost/prices.py` ({sources}). Nothing here was billed by AWS.

{people:,} people, each in one room and connected for {hours:g} hours a day, all at the same hours; {messages:,.0f} messages a month; each person opens
their room {visits:g} times a day, loses the connection {reconnects:g} times, calls `markRead` {reads:g} times, and confirms every {beat} seconds;
{epochs:g} person a day goes from each room and one comes, whereupon the others subscribe anew; a message is kept for {kept:g} days. `HOURS`, `VISITS`, `RECONNECTS`,
`READS`, `EPOCHS` and `KEPT` change these. [Flags](deployment.md#flags) are asked for every {flags:g} seconds (`FLAGS_SECONDS=0`: there are none).

"""
ASSUMED = """
Heartbeats, reconnects and the like are parts of the lines above: what the sum would be less without them. Alarms and metrics are for a
whole deployment with every field in use, and are the same without anybody; the gateway brings its own.

## Where the gateway begins to pay

How many people the rooms need to have in all for the gateway to be cheaper, by the size of the rooms and by how much is said; everything else as above:

| people in a room | nothing said | a message a day by each | ten a day by each |
| --- | --- | --- | --- |
"""
TAIL = """
With fewer people its two tasks, load balancer and NAT gateways, which cost the same when nobody is there, are more than what it saves. It saves
by confirmations first (`heartbeats` for a hundred people at once), in every size of room; and by deliveries where a room has more people
than there are tasks.

## What is assumed

What no test counts, in `cost/usage.py` and `cost/bill.py`: a function's {ms} ms ({hundred} for a hundred confirmations) at 1 GB; {message} bytes a delivery,
{stored:,} stored for a message and {logged:,} logged for a call; {traced:.0%} of calls traced; {each:,} connections a task, {cpu:g} ms of CPU for a
thousand deliveries (twice what was measured) and half of a task's CPU used; environments of a function
as many as run at once at {peak:g} times the average, for {environment:g} hours each, in each of which AppConfig's extension gets the flags once and asks again every
`FLAGS_SECONDS` while it is called (of the functions that can be switched off only `markRead` is called here); NAT gateways in two zones; data out at its dearest step. The
firewall, uploads, the page, events, projections and CloudFront are not in it. Nor are the dashboard, Container Insights, the alarms that
autoscaling makes for itself, retries and refusals.
"""


def dollars(cost: float) -> str:
    return f"${cost:,.2f}" if cost < 100 else f"${cost:,.0f}"


def _sums(table: Mapping[str, Units]) -> str:
    works = [replace(USUAL, room=room, via=via) for room in ROOMS for via in WAYS]
    bills = [bill(work, table) for work in works]
    names = list(dict.fromkeys(name for each in reversed(bills) for name in each))
    heads = [f"{work.room:,}, {work.via}" for work in works]
    rows = [["people in a room", *heads], ["---"] * (len(works) + 1)]
    rows += [[name, *(dollars(each[name]) if name in each else "" for each in bills)] for name in names]
    rows.append(["**in all**", *(f"**{dollars(sum(each.values()))}**" for each in bills)])
    parts = [shares(work, table) for work in works]
    rows += [[f"of it {name}", *(dollars(each[name]) for each in parts)] for name in parts[0]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _begins(room: int, table: Mapping[str, Units]) -> str:
    cells = []
    for each in DAILY:
        begins = pays_from(replace(USUAL, room=room, people=room), each, table)
        cells.append("never" if begins is None else f"{begins:,}")
    return f"| {room:,} | {' | '.join(cells)} |\n"


def page() -> str:
    """The text of the page."""
    table = units()
    sources = ", ".join(f"[{name}]({address})" for name, address in prices.SOURCES.items())
    head = HEAD.format(
        region=prices.REGION, dated=prices.DATED, sources=sources, people=PEOPLE, messages=MESSAGES, hours=USUAL.hours,
        visits=USUAL.visits, reconnects=USUAL.reconnects, reads=USUAL.reads, epochs=USUAL.epochs, kept=USUAL.kept, flags=USUAL.flags_seconds, beat=usage.HEARTBEAT_S,
    )  # fmt: skip
    tail = TAIL.format(
        ms=usage.MS_ALONE, hundred=usage.MS_OF_A_HUNDRED, message=usage.MESSAGE_BYTES, stored=usage.STORED_BYTES,
        logged=usage.LOGGED_BYTES, traced=usage.TRACED, each=usage.CONNECTIONS_EACH, cpu=usage.DELIVERY_S * 1_000_000,
        peak=flags.PEAK, environment=flags.ENVIRONMENT_S / 3_600,
    )  # fmt: skip
    return head + _sums(table) + ASSUMED + "".join(_begins(room, table) for room in ROOMS) + tail


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
