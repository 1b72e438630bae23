"""A room's messages as tests tell them, and what is read back from the frames."""

import json
from collections.abc import Sequence
from typing import Any

from gateway.tail import Kept, Kind, Position
from gateway.timeline import Message, Timeline, Told


def encode(kind: Kind, message: Message, at: Position) -> bytes:
    return json.dumps([kind, message, str(at)]).encode()


def said(seq: int, rev: int | None = None) -> dict[str, Any]:
    return {"id": f"m{seq}", "seq": seq, "ts": f"t{seq}", "rev": rev, "epoch": 1, "notice": None}


def head(seq: int, rev: int, epoch: int = 1) -> dict[str, Any]:
    return {"seq": seq, "ts": f"t{seq}" if seq else None, "rev": rev, "epoch": epoch}


def started(seq: int = 0, rev: int = 1) -> Timeline:
    timeline = Timeline(encode)
    timeline.start(head(seq, rev))
    return timeline


def numbers(told: Sequence[Told | Kept]) -> list[int]:
    return [json.loads(each.frame)[1]["seq"] for each in told]
