"""
Has MiniStack keep its tables' streams over a restart, each change under the number that it had.

By itself it forgets them, and numbers changes by its clock. Here a number is where the journal has the request that made the
change, and the change's place in it: a request that is repeated from the journal gives the same numbers, so a reader goes on
where it was. What a table's stream holds is saved with the tables, its newest records; as many are kept in memory.

Runs in MiniStack's own Python: nothing else of ours is imported.
"""

from typing import Any

MOST_RECORDS = 20_000
"""Of one table: an hour of more than five changes a second. AWS keeps a day of any number."""

SLACK = 2_000

BETWEEN = 1_000_000
"""From where on changes between two requests are numbered: a transaction makes a hundred."""


class Streams:
    """The streams of MiniStack's module `dynamodb`."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._journal, self._line, self._index = 0, 0, 0
        self._between = BETWEEN

    def attach(self) -> None:
        trim = self._dynamodb._trim_stream_records  # noqa: SLF001  there is no other way in

        def trimmed(table_name: str, **scope: Any) -> None:
            trim(table_name, **scope)
            if not scope:  # a write's; the reading paths name account and region
                self._trim(table_name)

        self._dynamodb._trim_stream_records = trimmed  # noqa: SLF001
        self._dynamodb._next_stream_seq = self._number  # noqa: SLF001

    def begin(self, journal: int, line: int) -> None:
        """A request begins, which the journal has in this file and line if it is one that writes."""
        self._journal, self._line, self._index = journal, line, 0

    def end(self, journal: int, line: int) -> None:
        """It has ended, and the journal has so many lines: what changes now is no request's, as an item that expires."""
        self._between += 1
        self._journal, self._line, self._index = journal, line, self._between

    def _number(self) -> str:
        self._index += 1
        if self._index > BETWEEN:
            self._between = self._index
        return f"{self._journal:010d}{self._line:012d}{self._index:08d}"

    def _trim(self, table_name: str) -> None:
        records = self._dynamodb._stream_records.get(table_name) or []  # noqa: SLF001
        if len(records) > MOST_RECORDS + SLACK:
            trimmed = self._dynamodb._stream_trimmed  # noqa: SLF001
            dropped = len(records) - MOST_RECORDS
            del records[:dropped]
            trimmed[table_name] = trimmed.get(table_name, 0) + dropped

    def state(self) -> list[list[Any]]:
        """What is to be saved: account, region and table with the newest records, and how many there were before."""
        found = []
        for (account, region, table), records in self._dynamodb._stream_records.all_items():  # noqa: SLF001
            before = self._dynamodb._stream_trimmed.get_scoped(account, region, table, 0)  # noqa: SLF001
            dropped = max(0, len(records) - MOST_RECORDS)
            found.append([account, region, table, before + dropped, records[dropped:]])
        return found

    def load(self, state: list[list[Any]]) -> None:
        for account, region, table, before, records in state:
            self._dynamodb._stream_records.set_scoped(account, region, table, records)  # noqa: SLF001
            self._dynamodb._stream_trimmed.set_scoped(account, region, table, before)  # noqa: SLF001
