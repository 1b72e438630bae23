"""What CloudWatch says of alarms."""

from collections.abc import Sequence
from typing import Any, Protocol

from chat.storage.aws import StoreFailure, failures
from releases.canary import AlarmState


class Alarms(Protocol):
    def states(self, names: Sequence[str]) -> dict[str, AlarmState]:
        """By name; what is not there or was not answered is absent."""


class CloudWatchAlarms:
    """`client` is boto3's of CloudWatch."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def states(self, names: Sequence[str]) -> dict[str, AlarmState]:
        found: dict[str, AlarmState] = {}
        for start in range(0, len(names), 100):  # as many as one request may name
            try:
                with failures():
                    answer = self._client.describe_alarms(
                        AlarmNames=list(names[start : start + 100]),
                        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                        MaxRecords=100,
                    )
            except StoreFailure:
                continue
            for each in [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]:
                found[each["AlarmName"]] = each["StateValue"]
        return found
