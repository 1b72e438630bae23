"""A restored table is given what a restore leaves off, and is used by nobody without it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.exceptions
import pytest

from restore.tables import RestoredTable, Unfit

INSTANT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALL = ["ttl", "stream", "recovery", "protection"]


def failure(code: str) -> Exception:
    return botocore.exceptions.ClientError({"Error": {"Code": code}}, "any")


class Dynamo:
    """DynamoDB as the documentation describes it: a restored table is being made for two looks, and has neither TTL nor a
    stream, nor recovery, nor protection."""

    def __init__(self, keys: tuple[str, str] = ("PK", "SK"), *, forgets: str = "") -> None:
        self.keys, self.forgets = keys, forgets
        self.table: dict[str, Any] | None = None
        self.ttl: dict[str, Any] = {"TimeToLiveStatus": "DISABLED"}
        self.recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        self.looks, self.restores = 0, 0

    def restore_table_to_point_in_time(self, **request: Any) -> None:
        assert request["RestoreDateTime"] == INSTANT
        self.restores += 1
        self.table = {
            "TableStatus": "CREATING",
            "KeySchema": [
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(self.keys, ("HASH", "RANGE"), strict=True)
            ],
        }

    def describe_table(self, **_: Any) -> Any:
        if self.table is None:
            raise failure("ResourceNotFoundException")
        self.looks += 1
        if self.looks > 2:
            self.table["TableStatus"] = "ACTIVE"
        return {"Table": self.table}

    def describe_time_to_live(self, **_: Any) -> Any:
        return {"TimeToLiveDescription": self.ttl}

    def describe_continuous_backups(self, **_: Any) -> Any:
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": self.recovery}}

    def update_time_to_live(self, **request: Any) -> None:
        if self.forgets != "ttl":
            name = request["TimeToLiveSpecification"]["AttributeName"]
            self.ttl = {"TimeToLiveStatus": "ENABLING", "AttributeName": name}

    def update_table(self, **request: Any) -> None:
        assert self.table is not None
        self.table |= {name: value for name, value in request.items() if name != "TableName"}

    def update_continuous_backups(self, **request: Any) -> None:
        days = request["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"]
        self.recovery = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days}


def restored(dynamo: Dynamo, sleep: Callable[[float], None] = lambda _: None) -> RestoredTable:
    return RestoredTable(dynamo, "gg_core", "gg_core-then", sleep)


def test_it_is_restored_once_awaited_and_given_all() -> None:
    dynamo, said = Dynamo(), list[str]()
    table = restored(dynamo)
    assert not table.is_there()
    table.restore(INSTANT)
    table.restore(INSTANT)
    table.wait(said.append)
    assert (dynamo.restores, said[0]) == (1, "gg_core-then: CREATING")
    assert table.lacks(28) == ALL
    table.complete(28, said.append)
    assert table.lacks(28) == []
    assert table.lacks(14) == ["recovery"]


def test_one_that_still_lacks_something_is_not_used() -> None:
    table = restored(Dynamo(forgets="ttl"))
    table.restore(INSTANT)
    with pytest.raises(Unfit, match="lacks ttl"):
        table.complete(28, lambda _: None)


def test_one_with_other_keys_is_not_used() -> None:
    table = restored(Dynamo(("id", "SK")))
    table.restore(INSTANT)
    with pytest.raises(Unfit, match="other keys"):
        table.lacks(28)


def test_one_that_is_gone_is_not_waited_for() -> None:
    with pytest.raises(Unfit, match="is not there"):
        restored(Dynamo()).wait(lambda _: None)
