"""`python -m stream --help`."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chat.rules.rooms import Table
from chat.storage.aws import StoreFailure
from chat.storage.store import Store
from stream.activity import Wanted, active_rooms
from stream.client import client
from stream.letters import Letter, Reader, Since, Unclear, letters_in
from stream.printing import to_file
from stream.reemission import Reemit, Report, by_function, reemit_room
from stream.settings import Settings, read

TABLES: tuple[Table, ...] = ("core", "guild")


class Run:
    """One run over what its settings say."""

    def __init__(self, own: Settings, report: Report) -> None:
        """Raises `StoreFailure`, where boto3 finds no such profile."""
        self._own, self._report = own, report
        self._names: dict[Table, str] = {"core": own.core_table, "guild": own.guild_table}
        self._endpoint = str(own.endpoint).rstrip("/") if own.endpoint else None
        self._dynamodb = client("dynamodb", own.region, self._endpoint)
        self._reemit: Reemit = (
            by_function(client("lambda", own.region), own.function)
            if own.function
            else to_file(Store(self._dynamodb, self._names), sys.stdout, with_text=own.text)
        )

    def go(self) -> None:
        """Raises `StoreFailure`."""
        own = self._own
        if own.room:
            for room_id in dict.fromkeys(own.room):
                self._room(Wanted(room_id, own.since, own.until))
        elif own.since_time is not None and own.all:
            self._all(own.since_time, own.state)
        for place in own.dead_letters:
            self._letters(place)

    def _room(self, wanted: Wanted) -> bool:
        return reemit_room(wanted, self._reemit, self._own.target or None, self._report)

    def _rooms(self, found: Iterable[Wanted]) -> bool:
        """Each of them, whatever becomes of the others. Gives whether all are done."""
        done = [self._room(wanted) for wanted in found]
        return all(done)

    def _all(self, since_ms: int, state: Path | None) -> None:
        """Each page's rooms before the next page; where the state is kept, the next run goes on after the last page."""
        kept: dict[str, Any] = json.loads(state.read_text()) if state and state.exists() else {}
        first = TABLES.index(kept.get("table", "core"))
        for table in TABLES[first:]:
            start, open_room = kept.get("start"), kept.get("open")
            for page in active_rooms(
                self._dynamodb,
                table,
                self._names[table],
                since_ms,
                start,
                tuple(open_room) if open_room else None,
            ):
                for wanted in page.found:
                    self._room(wanted)
                if state and page.start:
                    kept_now = {"table": table, "start": page.start, "open": page.open_room}
                    state.write_text(json.dumps(kept_now), encoding="utf-8")
            kept = {}
        if state and not self._report.failed:
            state.unlink(missing_ok=True)

    def _told(self, pointers: list[Wanted]) -> bool:
        """Whether each revision that a letter points to was given out: what still cannot be read may be mended, and the
        letter is all that knows of it."""
        told = []
        for wanted in pointers:
            before = self._report.emitted
            done = self._room(wanted)
            whole = self._report.emitted - before == (wanted.until or 0) - wanted.since
            if done and not whole:
                self._report.unclear.append(f"{wanted.room_id}: not all of its revisions could be given out")
            told.append(done and whole)
        return all(told)

    def _letters(self, place: str) -> None:
        """A letter is taken out of its queue once its rooms are done; one that points to revisions, once these are told."""
        reader = Reader(
            self._names, self._dynamodb, lambda: client("dynamodbstreams", self._own.region, self._endpoint)
        )
        since: dict[Table, int] = {}
        waiting: dict[Table, list[Letter]] = {}
        for letter in letters_in(place, lambda: client("sqs", self._own.region)):
            try:
                found = reader.read(letter.text)
            except Unclear as why:
                self._report.unclear.append(str(why))
                continue
            if isinstance(found, Since):
                since[found.table] = min(found.ms, since.get(found.table, found.ms))
                waiting.setdefault(found.table, []).append(letter)
            elif self._told(found):
                letter.remove()
        for table, ms in since.items():
            pages = active_rooms(self._dynamodb, table, self._names[table], ms)
            if self._rooms(wanted for page in pages for wanted in page.found):
                for letter in waiting[table]:
                    letter.remove()


def main() -> int:
    own, report = read(sys.argv[1:]), Report()
    try:
        Run(own, report).go()
    except StoreFailure as failure:
        print(f"AWS: {failure}. Start again to go on.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Start again with the same options to go on.", file=sys.stderr)
        return 130
    finally:
        for line in report.lines():
            print(line, file=sys.stderr)
    return 1 if report.failed or report.unclear else 0


if __name__ == "__main__":
    sys.exit(main())
