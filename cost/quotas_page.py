"""`docs/quotas.md`: `python -m cost.quotas_page`, which `make data` runs."""

from collections.abc import Mapping
from pathlib import Path

from cost.flags import PEAK
from cost.quotas import CONNECTS, DAILY, QUOTAS, ROOM, Quota, breaks_at, demands, first
from cost.table import Units, units
from cost.usage import CONNECTIONS_EACH, tasks
from cost.workload import DAYS, Via, Workload

PAGE = Path(__file__).parent.parent / "docs" / "quotas.md"
PEOPLE = (1_000, 100_000, 1_000_000)
WAYS: tuple[Via, ...] = ("appsync", "gateway")

HEAD = """<!-- Generated from cost/ by make data. -->
# AWS's quotas, and which one is met first

What the busiest second asks of each quota, as a share of its default: {peak:g} times the average of [what a month takes](what-it-costs.md),
people in rooms of {room}, each of whom sends {daily} messages a day; all rooms in one of the two tables. This is arithmetic on counted
requests and units, and was not run at AWS. Above 100 % ask AWS for more before the people come.

"""
TAIL = """
- **Request tokens**: AppSync takes one for up to 1,500 KB-seconds of an operation. 5,000 a second is the smallest default; some regions
  have 10,000. Without the gateway confirmations (`heartbeat`) take nearly all of them: the gateway
  sends those of a hundred people in one operation.
- **When everybody comes back at once**, as after an outage of the network, AppSync lets {connects:,.0f} connect in a second: {storm}. The client library
  waits for a random time before it tries again.
- **One partition of DynamoDB** gives 1,000 write and 3,000 read units a second. A room's sends meet their own rate first
  ([limits](limits.md#numbers)).
- **Subscriptions of a connection**: 200. The gateway opens another connection then.
- **The gateway's tasks**: {each:,} connections each (`gateway.tasks`): {tasks}. `most` is 20 by default: raise it above {most:,} people. Target groups of an
  Application Load Balancer take 1,000 targets.

| quota, which AWS raises when asked | default |
| --- | --- |
"""
CHECKS = """
Terraform refuses a `reserved_concurrency` that leaves fewer than 100 runs of `account_concurrency_limit` to the others
([terraform](terraform.md)). It cannot see the other quotas: `aws service-quotas list-service-quotas --service-code appsync` (`lambda`, `dynamodb`)
says what your account has. Which alarms ring when one is met is in the [runbook](runbook.md).
"""


def workload(people: int, via: Via) -> Workload:
    return Workload(room=ROOM, messages=float(people * DAILY * DAYS), people=people, via=via)


def share(asked: Mapping[Quota, float], quota: Quota) -> str:
    part = asked[quota] / quota.limit
    if not part:
        return "–"
    return "< 0.1 %" if part < 0.001 else f"{part * 100:,.1f} %" if part < 0.1 else f"{part * 100:,.0f} %"


def page() -> str:
    """The text of the page."""
    table: Mapping[str, Units] = units()
    works = [workload(people, via) for people in PEOPLE for via in WAYS]
    asked = [demands(work, table) for work in works]
    rows = [["people", *(f"{work.people:,}, {work.via}" for work in works)], ["---"] * (len(works) + 1)]
    rows += [[quota.name, *(share(each, quota) for each in asked)] for quota in QUOTAS]
    rows.append(["**first**", *(f"**{first(each).name}**" for each in asked)])
    breaks = ", ".join(
        f"{breaks_at(workload(PEOPLE[1], via), table):,} people at {'AppSync alone' if via == 'appsync' else 'the gateway'}"
        for via in WAYS
    )
    quotas = "".join(f"| [{each.name}]({each.source}) | {each.limit:,.0f} {each.unit} |\n" for each in QUOTAS)
    head = HEAD.format(peak=PEAK, room=ROOM, daily=DAILY)
    tail = TAIL.format(
        connects=CONNECTS.limit, each=CONNECTIONS_EACH, most=20 * CONNECTIONS_EACH,
        storm=", ".join(f"{people:,} people in {max(1, people / CONNECTS.limit):,.0f} s" for people in PEOPLE),
        tasks=", ".join(f"{tasks(work):,} for {work.people:,} people" for work in works[1::2]),
    )  # fmt: skip
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return head + body + f"\nThe first is used up by {breaks}.\n" + tail + quotas + CHECKS


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
