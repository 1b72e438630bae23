"""
Whether an embedded engine stopped as it should, kept beside its data.

The contract: `unclean_stops(home)` never decreases, and has gone up before an engine that follows an unclean stop
answers its first request. An unclean stop is every end of an engine on disk that was not asked for, that had to be
forced, or that its host did not live to see: what it acknowledged last may be gone. Whoever has to know that the store may have gone back compares
this number (`make run` raises the rooms' generation by it).

Files, in the engine's folder: running.json (there while an engine runs, and after one that stopped uncleanly),
unclean.json (`UncleanStop`), told (the count of the last one that a person was told of).
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAMES = {"ministack": "MiniStack", "dynamodb-local": "DynamoDB Local"}


@dataclass(frozen=True, slots=True)
class UncleanStop:
    """The last of `count` unclean stops. `kind`: of the engine; `last_write`: epoch seconds of the last change of
    its files; `repeated`: how many writes its next start took from the journal, None until it has started (and for
    ever where there is no journal); `lost`: how many acknowledged writes are known to be missing."""

    count: int
    kind: str
    last_write: float | None
    repeated: int | None = None
    lost: int = 0
    is_over: bool = False
    """Whether the next engine has started."""

    def sentence(self) -> str:
        """What a person is told."""
        last = (
            "nothing was ever saved" if self.last_write is None else f"last write {_instant(self.last_write)}"
        )
        told = f"{NAMES[self.kind]} had stopped without being asked to ({last}) and was started again. "
        if self.repeated is None:
            return told + "What it acknowledged last may be missing."
        kept = f"{self.repeated} writes since its last save were repeated from its journal; "
        if self.lost:
            return f"{told}{kept}{self.lost} could not be, and are lost."
        return f"{told}{kept}nothing that it acknowledged is lost."


def unclean_stops(home: Path) -> int:
    """How many unclean stops there have been; 0 where no engine ever was."""
    stop = last_unclean_stop(home)
    return stop.count if stop else 0


def last_unclean_stop(home: Path) -> UncleanStop | None:
    try:
        return UncleanStop(**json.loads((home / "unclean.json").read_text()))
    except FileNotFoundError:
        return None


def untold(home: Path) -> UncleanStop | None:
    """The last unclean stop, if nobody was told of it and its engine is there again."""
    stop = last_unclean_stop(home)
    told = home / "told"
    if stop is None or not stop.is_over or (told.exists() and int(told.read_text()) >= stop.count):
        return None
    return stop


def note_told(home: Path, stop: UncleanStop) -> None:
    (home / "told").write_text(str(stop.count))


def note_start(home: Path, kind: str) -> bool:
    """For the host: an engine is about to start. Gives whether the one before stopped uncleanly, which is counted
    then."""
    running = home / "running.json"
    is_unclean = running.exists()
    if is_unclean:
        _write(
            home / "unclean.json",
            asdict(UncleanStop(unclean_stops(home) + 1, kind, _last_write(home / "data"))),
        )
    _write(running, {"kind": kind})
    return is_unclean


def note_recovery(home: Path) -> None:
    """For the host: the engine that follows an unclean stop answers."""
    stop = last_unclean_stop(home)
    if stop is None or stop.is_over:
        return
    recovered = _recovered(home / "data")
    if recovered:
        stop = replace(
            stop,
            repeated=recovered["writes"],
            lost=recovered["failed"],
            last_write=recovered["last"] or stop.last_write,
        )
    _write(home / "unclean.json", asdict(replace(stop, is_over=True)))


def note_clean_stop(home: Path) -> None:
    """For the host: the engine has ended as it was asked to."""
    (home / "running.json").unlink(missing_ok=True)


def _recovered(data: Path) -> dict[str, Any] | None:
    """What `ministack_journal.py` tells of its start."""
    try:
        return dict(json.loads((data / "recovered.json").read_text()))
    except FileNotFoundError:
        return None


def _last_write(data: Path) -> float | None:
    files = (path for path in data.iterdir() if path.is_file()) if data.is_dir() else ()
    return max((path.stat().st_mtime for path in files if path.name != "recovered.json"), default=None)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _write(path: Path, document: dict[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(document))
    partial.replace(path)
