"""The restored tables themselves: made from point-in-time recovery, and given what a restore does not bring along.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_restores.html
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chat.storage.aws import StoreFailure, failures

POLL_S = 15.0
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
TTL = {"Enabled": True, "AttributeName": "expiresAt"}
TTL_ON = ("ENABLED", "ENABLING")


class Unfit(Exception):
    """A table cannot be used as it is; the text says which, and why."""


class RestoredTable:
    """One table and its restored copy. `client` is a DynamoDB client of boto3; `sleep` takes seconds."""

    def __init__(
        self, client: Any, source: str, target: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self.source = source
        self.target = target
        self._sleep = sleep

    def is_there(self) -> bool:
        return self._describe(self.target) is not None

    def restore(self, instant: datetime) -> None:
        """Begin the restore, unless it was begun before. Raises `StoreFailure`: also where the instant is not within what
        can be recovered (`InvalidRestoreTimeException`)."""
        if self.is_there():
            return
        with failures():
            self._client.restore_table_to_point_in_time(
                SourceTableName=self.source, TargetTableName=self.target, RestoreDateTime=instant
            )

    def wait(self, progress: Callable[[str], None]) -> None:
        """Until it is there: from twenty minutes to hours. Raises `Unfit` where it is gone."""
        while True:
            table = self._describe(self.target)
            if table is None:
                raise Unfit(f"{self.target} is not there")
            if table["TableStatus"] == "ACTIVE":
                return
            progress(f"{self.target}: {table['TableStatus']}")
            self._sleep(POLL_S)

    def lacks(self, recovery_days: int) -> list[str]:
        """What it has not, of what the chat needs: `ttl`, `stream`, `recovery`, `protection`. Raises `Unfit`."""
        table = self._describe(self.target)
        if table is None:
            raise Unfit(f"{self.target} is not there")
        names = {each["AttributeName"]: each["KeyType"] for each in table["KeySchema"]}
        if names != {"PK": "HASH", "SK": "RANGE"}:
            raise Unfit(f"{self.target} has other keys")
        with failures():
            ttl = self._client.describe_time_to_live(TableName=self.target)["TimeToLiveDescription"]
            backups = self._client.describe_continuous_backups(TableName=self.target)
        recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        days = recovery.get("RecoveryPeriodInDays", recovery_days)  # emulators do not tell
        has = {
            "ttl": ttl.get("TimeToLiveStatus") in TTL_ON and ttl.get("AttributeName") == "expiresAt",
            "stream": table.get("StreamSpecification", {}).get("StreamViewType") == "NEW_IMAGE",
            "recovery": recovery.get("PointInTimeRecoveryStatus") == "ENABLED" and days == recovery_days,
            "protection": bool(table.get("DeletionProtectionEnabled")),
        }
        return [name for name, is_on in has.items() if not is_on]

    def complete(self, recovery_days: int, progress: Callable[[str], None]) -> None:
        """Turn on what it lacks, one after the other, as DynamoDB wants it. Raises `Unfit` where that does not hold."""
        period = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": recovery_days}
        name = {"TableName": self.target}
        calls = {
            "ttl": lambda: self._client.update_time_to_live(**name, TimeToLiveSpecification=TTL),
            "stream": lambda: self._client.update_table(**name, StreamSpecification=STREAM),
            "recovery": lambda: self._client.update_continuous_backups(
                **name, PointInTimeRecoverySpecification=period
            ),
            "protection": lambda: self._client.update_table(**name, DeletionProtectionEnabled=True),
        }
        for part in self.lacks(recovery_days):
            with failures():
                calls[part]()
            self.wait(progress)
        if still := self.lacks(recovery_days):
            raise Unfit(f"{self.target} lacks {', '.join(still)}")

    def stream_arn(self) -> str | None:
        table = self._describe(self.target)
        return None if table is None else table.get("LatestStreamArn")

    def counts(self, name: str) -> Counter[str]:
        """How many items a table has, by the kind that their sort keys begin with: a scan of it all."""
        found: Counter[str] = Counter()
        request = {"TableName": name, "ProjectionExpression": "SK"}
        while True:
            with failures():
                page = self._client.scan(**request)
            found.update(item["SK"]["S"].partition("#")[0] for item in page["Items"])
            if not page.get("LastEvaluatedKey"):
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _describe(self, name: str) -> dict[str, Any] | None:
        try:
            with failures():
                table: dict[str, Any] = self._client.describe_table(TableName=name)["Table"]
        except StoreFailure as failure:
            if str(failure) == "ResourceNotFoundException":
                return None
            raise
        return table
