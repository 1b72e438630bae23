"""How many alarms there are, on how many metrics, and what they cost: the plan, the runbook and the bill say the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from cost import bill, prices
from gateway.metrics import Metrics
from tests.emulator.deployment import Workspace
from tests.terraform import burn_rates, metric_math
from tests.terraform.plans import GATEWAY_TESTS, Planned, planned
from tests.terraform.timelines import TIMELINES

WITH, WITHOUT = "tasks_without_rights_and_what_watches_them", "there_is_none_unless_it_is_wanted"
PERIODS = {600: "ten minutes", 900: "15 minutes"}


@pytest.fixture(scope="module")
def plans(workspace: Workspace) -> Planned:
    return planned(workspace, GATEWAY_TESTS)


@pytest.fixture(scope="module")
def runbook(project: Path) -> str:
    text = (project / "docs" / "runbook.md").read_text(encoding="utf-8")
    return " ".join(text.split())


def alarms(resources: list[Any]) -> list[Any]:
    return [each["change"]["after"] for each in resources if each["type"] == "aws_cloudwatch_metric_alarm"]


def metrics(resources: list[Any]) -> int:
    """An alarm on an expression is paid for by each metric in it."""
    return sum(
        sum(len(query["metric"]) for query in alarm["metric_query"] or ()) or 1 for alarm in alarms(resources)
    )


def test_the_gateways_own_tests_pass(plans: Planned) -> None:
    """`planned` raises where one does not."""
    assert {WITH, WITHOUT} <= plans.keys()


def test_the_bill_counts_the_alarms_of_the_plan(plans: Planned) -> None:
    assert metrics(plans[WITHOUT]) == bill.ALARM_METRICS
    assert metrics(plans[WITH]) == bill.ALARM_METRICS + bill.GATEWAY_ALARM_METRICS
    for run in (WITH, WITHOUT):
        composite = [each for each in plans[run] if each["type"] == "aws_cloudwatch_composite_alarm"]
        assert len(composite) == bill.COMPOSITE_ALARMS


@pytest.mark.parametrize("name", TIMELINES)
def test_planned_alarms_ring_when_the_rules_say_so(plans: Planned, name: str) -> None:
    """On recorded calls, every 17 minutes. What only AWS counts (5XX, runs that broke) is 0 there."""
    timeline, objectives = TIMELINES[name], plans_by_objective(plans[WITHOUT])
    (rule,) = (
        each["change"]["after"]["alarm_rule"]
        for each in plans[WITHOUT]
        if each["type"] == "aws_cloudwatch_composite_alarm"
    )
    for end in range(1, timeline.minutes + 1, 17):
        on, wakes = set(), False
        for objective, by_window in objectives.items():
            counts = burn_rates.window_of(objective.partition("-")[0], timeline, end)
            expected = burn_rates.in_alarm(objective.partition("-")[0], counts)
            found = {window: metric_math.is_on(alarm, timeline, end) for window, alarm in by_window.items()}
            assert {window for window, is_on in found.items() if is_on} == expected, (objective, end)
            on |= {by_window[window]["alarm_name"] for window in expected}
            wakes = wakes or burn_rates.wakes(expected)
        assert metric_math.rule_holds(rule, frozenset(on)) == wakes


def plans_by_objective(resources: list[Any]) -> dict[str, dict[str, Any]]:
    """The alarms of error budgets, by objective and window."""
    found: dict[str, dict[str, Any]] = {}
    for alarm in alarms(resources):
        objective, _, window = alarm["alarm_name"].removeprefix("chat-other-").rpartition("-")
        if window in burn_rates.RULES["windows"]:
            found.setdefault(objective, {})[window] = alarm
    assert {name.partition("-")[0] for name in found} == set(burn_rates.BUDGETS)
    return found


def test_the_runbook_says_what_a_budget_of_a_field_costs(plans: Planned, runbook: str) -> None:
    own = [
        alarm
        for alarm in alarms(plans[WITHOUT])
        if re.search(r"(answered|latency)-messages-", alarm["alarm_name"])
    ]
    watched = sum(len(query["metric"]) for alarm in own for query in alarm["metric_query"])
    assert len(own) == 10
    assert f"it is ten alarms on {watched} metrics (${watched * prices.ALARM_MONTH:.2f})" in runbook


def test_the_runbook_has_the_burn_rates(project: Path) -> None:
    text = (project / "docs" / "runbook.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d.]+) \| (\d+ \w+) \| ((?:\d+ \w+)?) ?\| (\d+) % \|", text, re.MULTILINE)
    words = {
        "1h": "1 hour",
        "5m": "5 minutes",
        "6h": "6 hours",
        "30m": "30 minutes",
        "3d": "3 days",
        None: "",
    }
    assert [row[:3] for row in rows] == [
        (f"{rate['times']:g}", words[rate["over"]], words[rate["and"]])
        for rate in burn_rates.RULES["burn_rates"]
    ]


def test_the_bill_counts_the_metrics_that_the_gateway_brings() -> None:
    numbers = Metrics().state(0, 0, is_breaker_open=False, has_fault=False)
    assert len(numbers) == bill.GATEWAY_METRICS


def test_the_runbook_says_how_many_there_are_and_what_they_cost(plans: Planned, runbook: str) -> None:
    usual, more = plans[WITHOUT], plans[WITH]
    cost = metrics(usual) * prices.ALARM_MONTH + bill.COMPOSITE_ALARMS * prices.COMPOSITE_ALARM_MONTH
    assert (
        f"With the defaults these are {len(alarms(usual))} alarms on {metrics(usual)} metrics, "
        f"and one over them: ${cost:.2f} a month." in runbook
    )
    added = metrics(more) - metrics(usual)
    assert (
        f"The gateway has {len(alarms(more)) - len(alarms(usual))}, on {added} metrics "
        f"(${added * prices.ALARM_MONTH:.2f}), and {bill.GATEWAY_METRICS} metrics of its own "
        f"(${bill.GATEWAY_METRICS * prices.METRIC_MONTH:.2f})." in runbook
    )
    assert (
        f"up to about {bill.CUSTOM_METRICS}, or ${bill.CUSTOM_METRICS * prices.METRIC_MONTH:.0f} a month"
        in runbook
    )


def test_the_runbook_says_from_when_the_gateways_alarms_ring(plans: Planned, project: Path) -> None:
    text = (project / "docs" / "runbook.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(gateway-[a-z]+)` \| ([^|]+) \|", text, re.MULTILINE))
    watched = [alarm for alarm in alarms(plans[WITH]) if "-gateway-" in alarm["alarm_name"]]
    assert len(watched) == len(rows)
    for alarm in watched:
        says = rows[alarm["alarm_description"].split()[-1].rstrip(".")]
        queries = [metric for query in alarm["metric_query"] or () for metric in query["metric"]]
        periods = {each["period"] for each in queries or [alarm]}
        assert all(PERIODS[seconds * alarm["evaluation_periods"]] in says for seconds in periods), says
        assert not alarm["threshold"] or f"{alarm['threshold']:g}" in says


def test_the_runbook_says_how_many_alarms_a_reader_of_streams_has(plans: Planned, runbook: str) -> None:
    of_reader = [alarm for alarm in alarms(plans[WITHOUT]) if "project" in alarm["alarm_name"]]
    count = len(of_reader)
    assert all(alarm["metric_name"] for alarm in of_reader)
    assert f"has {count} of its own, on {count} metrics (${count * prices.ALARM_MONTH:.2f})" in runbook


def test_the_runbook_says_how_many_there_would_be_by_function(wiring: Any, runbook: str) -> None:
    wired = (wiring["authorizer"], *wiring["fields"].values(), *wiring["services"].values())
    functions = len({each["module"] for each in wired})
    assert (
        f"There are {functions} functions. An alarm for each of five kinds and each function would be "
        f"{5 * functions} alarms" in runbook
    )
