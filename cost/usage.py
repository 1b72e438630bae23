"""What a month takes of AWS's services: pure arithmetic on the tables of `docs/costs.md`.

What nobody has counted is assumed, and stands here as a constant with its reason.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chat.steps.heartbeat_request import MOST_PEOPLE
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from cost import flags
from cost.table import Units
from cost.workload import DAYS, Workload

HEARTBEAT_S = 30
"""How often a client, and the gateway for its clients, confirms."""
BUSY_CONFIRMATIONS = 2
"""How many of somebody's confirmations write more after a message: the one that sees it, and the next."""
MS_ALONE, MS_OF_A_HUNDRED = 15, 500
"""How long a call takes at 1 GB, about; of `heartbeats` one for a hundred people."""
AUTHORIZER_S, AUTHORIZER_GB_S = 300, 0.0025
"""For how long AppSync remembers a token (`authorizer_ttl_seconds`), and what a call takes: 5 ms of 512 MB."""
MESSAGE_BYTES = 700
"""A frame with a message of a line, as `make bench-gateway` has it."""
STORED_BYTES = 1_000
"""A message, its idempotency item and what indexes of them DynamoDB adds (100 bytes an item)."""
CALL_BYTES = 1_500
"""A query or mutation and its answer, between gateway and AppSync."""
LOGGED_BYTES = 1_000
"""START, END, REPORT and one line of ours, for each call of a function."""
TRACED = 0.05
"""X-Ray's own rule: one a second, and this share of the others."""
CONNECTIONS_EACH, DELIVERY_S, BUSY = 10_000, 0.000015, 0.5
"""Of a task: connections (`gateway.tasks.connections_each`), CPU for a delivery (twice what was measured), and how much of
its CPU a task may use."""
LEAST_TASKS = 2
SUBSCRIPTIONS_EACH = 200
"""Subscriptions of one connection to AppSync."""
HEAD_READ, LEDGER_WRITE = 0.5, 1.0
"""Units of `heartbeats` for each room in a call, however many people of it the call names: its head, and with a message its ledger."""

MONTH_HOURS = 730
ALONE, ALONE_QUIET = "heartbeat, one by one", "heartbeat, one by one, nothing said"
TOGETHER, TOGETHER_QUIET = "heartbeats, by the hundred", "heartbeats, by the hundred, nothing said"
CONFIRMED = {ALONE, ALONE_QUIET, TOGETHER, TOGETHER_QUIET}
SUBSCRIBE = ("onMessage", "onMessage, just after somebody went", "onMine", "onReceipt")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a month. `calls`: by the operation and its situation, of confirmations one for each person that is named."""

    calls: Mapping[str, float]
    operations: float
    updates: float
    minutes: float
    functions: float
    gb_seconds: float
    read: float
    written: float
    requests: float
    tasks: float
    """At the hours when people are there; 0 without a gateway."""
    task_hours: float
    balancer_units: float
    """LCU-hours."""
    nat_bytes: float
    out_bytes: float
    stored_bytes: float
    configuration_requests: float
    configurations: float
    """Of AppConfig, received."""


def tasks(work: Workload) -> int:
    """How many tasks the gateway needs while everybody is there; 0 without one."""
    if work.via == "appsync":
        return 0
    deliveries = work.rate * work.rooms * work.room
    by_cpu = deliveries * DELIVERY_S / BUSY
    return max(LEAST_TASKS, math.ceil(work.people / CONNECTIONS_EACH), math.ceil(by_cpu))


def spread(work: Workload) -> float:
    """On how many connections to AppSync a room is heard: its people, or the tasks where they are."""
    return work.room if work.via == "appsync" else min(work.room, tasks(work))


def calls(work: Workload) -> dict[str, float]:
    """By the operation and its situation."""
    people, gateway = work.people * DAYS, work.via == "gateway"
    opened, again = people * work.visits, people * work.reconnects
    gone = work.rooms * work.epochs * DAYS
    small = work.room <= SMALL_ROOM_MEMBERS
    found: dict[str, float] = {}
    found["sendMessage"] = work.messages
    found["myRooms, ten rooms"] = opened
    found["messages, a page of 50"] = opened
    found["markRead"] = people * work.reads
    found["removeMember"] = found["addMember"] = gone
    found["room"] = gone * work.room + (opened + again if gateway else 0)
    found["onMessage, just after somebody went"] = gone * spread(work)
    if not gateway:
        found["onMessage"] = found["onMine"] = opened + again
        found["onReceipt"] = opened + again + gone * work.room if small else 0
        found["changes, nothing new"] = again
    else:
        found["onMessage"] = work.rooms * spread(work) * DAYS  # a subscription ends within a day
        found["onReceipt"] = (work.rooms * DAYS + gone) * spread(work) if small else 0
    confirmed = people * work.hours * 3_600 / HEARTBEAT_S
    busy = 1 - math.exp(-work.rate * HEARTBEAT_S * BUSY_CONFIRMATIONS)
    found[TOGETHER if gateway else ALONE] = confirmed * busy
    found[TOGETHER_QUIET if gateway else ALONE_QUIET] = confirmed * (1 - busy)
    return found


def units_of(work: Workload, name: str, table: Mapping[str, Units]) -> Units:
    """What one call takes. A call of `heartbeats` with few people of each room looks at more rooms."""
    row = table[name]
    if name not in (TOGETHER, TOGETHER_QUIET):
        return row
    more = max(0.0, 1 / min(MOST_PEOPLE, work.room / spread(work)) - 1 / MOST_PEOPLE)
    ledger = LEDGER_WRITE * more if name == TOGETHER else 0.0
    return Units(row.requests + ledger, row.read + HEAD_READ * more, row.written + ledger)


def usage(work: Workload, table: Mapping[str, Units]) -> Usage:
    """`table`: what one call takes, as `cost.table.units` has it."""
    made, gateway = calls(work), work.via == "gateway"
    named = {
        name: (count / MOST_PEOPLE if name in (TOGETHER, TOGETHER_QUIET) else count)
        for name, count in made.items()
    }
    functions = sum(named.values())
    operations = sum(count for name, count in named.items() if name not in SUBSCRIBE)
    subscribed = functions - operations
    heard = _heard(work, made)
    together = sum(named[name] for name in named if name in (TOGETHER, TOGETHER_QUIET))
    seconds = together * MS_OF_A_HUNDRED / 1_000 + (functions - together) * MS_ALONE / 1_000
    authorized = _authorized(work, operations - together)
    units = {name: units_of(work, name, table) for name in made}
    there = work.hours * DAYS
    connections = work.rooms * spread(work) / SUBSCRIPTIONS_EACH if gateway else work.people
    connects = 0 if gateway else (made["onMessage"])
    out = heard * work.room * MESSAGE_BYTES + operations * CALL_BYTES / 2
    asked, received = flags.of_month(work, made, MS_ALONE / 1_000)
    hours = tasks(work) * there + LEAST_TASKS * (MONTH_HOURS - there) if gateway else 0.0
    return Usage(
        calls=made,
        operations=operations,
        updates=heard * spread(work) + subscribed + connects,
        minutes=connections * there * 60,
        functions=functions + authorized,
        gb_seconds=seconds + authorized * AUTHORIZER_GB_S,
        read=sum(count * units[name].read for name, count in made.items()),
        written=sum(count * units[name].written for name, count in made.items()),
        requests=sum(count * units[name].requests for name, count in made.items()),
        tasks=tasks(work),
        task_hours=hours,
        balancer_units=_balancer(work, out) if gateway else 0.0,
        nat_bytes=heard * spread(work) * MESSAGE_BYTES + operations * CALL_BYTES if gateway else 0.0,
        out_bytes=out,
        stored_bytes=work.messages / DAYS * work.kept * STORED_BYTES,
        configuration_requests=asked,
        configurations=received,
    )


def _heard(work: Workload, made: Mapping[str, float]) -> float:
    """How many events each subscriber of a room hears, times the rooms: messages, notices and receipts."""
    receipts = made["markRead"] if work.room <= SMALL_ROOM_MEMBERS else 0.0
    return work.messages + made["removeMember"] + made["addMember"] + receipts


def _authorized(work: Workload, own: float) -> float:
    """Calls of the authorizer: for each person once while a token is remembered, and not without a call of theirs."""
    return min(own, work.people * DAYS * work.hours * 3_600 / AUTHORIZER_S)


def _balancer(work: Workload, out: float) -> float:
    """LCU-hours: of new connections, connections and bytes the most.

    https://aws.amazon.com/elasticloadbalancing/pricing/: 25 new connections a second, 3,000 connections, 1 GB an hour.
    """
    there = work.hours * DAYS
    new = work.people * (work.visits + work.reconnects) * DAYS / (there * 3_600) / 25
    return max(new * there, work.people / 3_000 * there, out / 1e9)
