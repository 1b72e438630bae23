"""Messages of a room as its history and its subscription have them, and what is read back from frames."""

import json
from collections.abc import Sequence
from typing import Any

from gateway.position import RoomPosition
from gateway.replay_buffer import BufferedEvent, EventKind
from gateway.timeline import Message, RoomEvent, Timeline


def encode(kind: EventKind, message: Message, position: RoomPosition) -> bytes:
    return json.dumps([kind, message, str(position)]).encode()


def new_message(seq: int, rev: int | None = None) -> dict[str, Any]:
    return {"id": f"m{seq}", "seq": seq, "ts": f"t{seq}", "rev": rev, "epoch": 1, "notice": None}


def revocation(epoch: int, user: str = "bob") -> dict[str, Any]:
    """The notice that `user` left, which ended the epoch before `epoch`."""
    notice = {"kind": "MEMBER_LEFT", "userId": user, "nextEpoch": epoch, "rev": epoch}
    return {"id": f"n{epoch}", "seq": None, "epoch": epoch - 1, "notice": notice}


def head(seq: int, rev: int, epoch: int = 1) -> dict[str, Any]:
    return {"seq": seq, "ts": f"t{seq}" if seq else None, "rev": rev, "epoch": epoch}


def started(seq: int = 0, rev: int = 1) -> Timeline:
    timeline = Timeline(encode)
    timeline.start(head(seq, rev))
    return timeline


def seqs(events: Sequence[RoomEvent | BufferedEvent]) -> list[int]:
    return [json.loads(each.frame)[1]["seq"] for each in events]
