"""Log lines and metrics. Constant text with fields beside it; never message text, tokens or whole events."""

import sys
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from chat.audit import pseudonym
from chat_lambda.secrets import read_key
from chat_lambda.settings import settings


@cache
def logger() -> Logger:
    """JSON lines on standard error, which Lambda collects like standard output: stdout stays free for an answer."""
    return Logger(service=settings().powertools_service_name, stream=sys.stderr)


@cache
def audit_key() -> bytes:
    """The key of persons' pseudonyms. Raises `BadSecret`."""
    own = settings()
    return read_key("audit_key", own.audit_key, own.aws_region)


def actor(user_id: str) -> str:
    """The person, as logs may name them: a keyed pseudonym."""
    return pseudonym(user_id, audit_key())


def audit(*, action: str, outcome: str, reason: str, fields: Mapping[str, Any]) -> None:
    """One security-relevant decision. `kind=audit` lets a subscription filter route it to a store that is kept longer."""
    logger().warning(
        "Decision", extra={"kind": "audit", "action": action, "outcome": outcome, "reason": reason, **fields}
    )


def publish_metrics(function: str, numbers: Mapping[str, float]) -> None:
    """One line of CloudWatch's Embedded Metric Format for one call; names ending in `Ms` are milliseconds.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    metrics = EphemeralMetrics(namespace=settings().powertools_metrics_namespace)
    metrics.add_dimension("function", function)
    for name, number in numbers.items():
        unit = MetricUnit.Milliseconds if name.endswith("Ms") else MetricUnit.Count
        metrics.add_metric(name, unit, number)
    metrics.flush_metrics()


def where(traceback: TracebackType | None) -> str:
    """`file:line` of the innermost frame: what can be said of an exception whose text may hold inputs."""
    if traceback is None:
        return "unknown"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
