"""Log lines and metrics. Constant text with fields beside it; never message text, tokens or whole events."""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.logging import Logger

from chat.rules.audit import pseudonym
from chat_lambda.secrets import read_key
from chat_lambda.settings import settings

NAMESPACE = "Chat"
TOTALS = frozenset(
    {
        "DurationMs",
        "InternalError",
        "ServiceUnavailable",
        "SelectionUnknown",
        "ClockInDoubt",
        "DeliveriesDue",
        "DeliveriesConfirmed",
        "ConfirmMs",
        "HookFailures",
        "FlagsUnreadable",
        "SwitchedOff",
    }
)
"""What is counted for the deployment as well, so that one alarm sees all of its functions."""


@cache
def logger() -> Logger:
    """JSON lines on standard error, which Lambda collects like standard output: stdout stays free for an
    answer."""
    return Logger(service="chat", stream=sys.stderr)


@cache
def audit_key() -> bytes:
    """The key of persons' pseudonyms. Raises `BadSecret`."""
    own = settings()
    return read_key("audit_key", own.audit_key, own.aws_region)


def actor(user_id: str) -> str:
    """The person, as logs may name them: a keyed pseudonym."""
    return pseudonym(user_id, audit_key())


def audit(*, action: str, outcome: str, reason: str, fields: Mapping[str, Any]) -> None:
    """One security-relevant decision. `kind=audit` lets a subscription filter route it to a store that is
    kept longer."""
    logger().warning(
        "Decision", extra={"kind": "audit", "action": action, "outcome": outcome, "reason": reason, **fields}
    )


def publish_metrics(function: str, numbers: Mapping[str, float]) -> None:
    """One line of CloudWatch's Embedded Metric Format for one call; names ending in `Ms` are milliseconds.

    Each number is counted by `function`, those in `TOTALS` by `deployment` too. A metric has no second
    dimension.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directives = [_directive("function", numbers)]
    if totals := sorted(TOTALS & numbers.keys()):
        directives.append(_directive("deployment", totals))
    line = {
        "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives},
        "function": function,
        "deployment": settings().deployment_name,
        **numbers,
    }
    # Lambda collects standard output. One write: print() has two, and another thread's line may come between.
    sys.stdout.write(f"{json.dumps(line, separators=(',', ':'))}\n")
    sys.stdout.flush()


def _directive(dimension: str, names: Iterable[str]) -> dict[str, Any]:
    units = {True: "Milliseconds", False: "Count"}
    metrics = [{"Name": name, "Unit": units[name.endswith("Ms")]} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": [[dimension]], "Metrics": metrics}
