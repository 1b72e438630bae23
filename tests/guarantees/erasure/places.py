"""Where an erasure's proof looks beside the tables: a bucket, and the memory of a gateway that follows the rooms."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from chat.rules.traces import Traces
from chat.storage import keys
from chat.storage.event_items import event_of
from gateway import server_frames
from gateway.memory import MemoryScan
from gateway.position import RoomPosition
from gateway.replay_buffer import EventKind
from gateway.timeline import Message, Timeline
from privacy.places import Finding, Looked


@dataclass
class Bucket:
    """Objects by their keys, and which were deleted. It is the `Objects` of the chat and the client of a scan."""

    objects: dict[str, bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def delete(self, names: Sequence[str]) -> None:
        self.deleted += names
        for name in names:
            self.objects.pop(name, None)

    def find(self, _: str) -> None:
        """There is nothing to hold."""

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": key, "Size": len(body)} for key, body in self.objects.items()]}

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": SimpleNamespace(read=lambda _most: self.objects[Key])}


def written(kind: EventKind, message: Message, at: RoomPosition) -> bytes:
    """As a feed writes it."""
    return server_frames.framed(server_frames.encode(kind, room="", at=str(at), message=message))


class Followed:
    """A client of DynamoDB whose committed writes a gateway hears: each change of a room goes into that room's timeline, as the
    stream's reader publishes it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.rooms: dict[str, Timeline] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        answer = self._client.transact_write_items(**request)
        for action in request["TransactItems"]:
            ((kind, what),) = action.items()
            key = {name: (what.get("Key") or what["Item"])[name] for name in ("PK", "SK")}
            if kind in ("Put", "Update") and key["SK"]["S"].startswith((keys.EVENTS, keys.MESSAGES)):
                self._hear(what["TableName"], key)
        return answer

    def _hear(self, table: str, key: dict[str, Any]) -> None:
        item = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        event = event_of(item) if item else None
        if event is None:
            return
        room = self.rooms.get(key["PK"]["S"])
        if room is None:
            room = self.rooms[key["PK"]["S"]] = Timeline(written)
            room.start({"seq": 0, "ts": None, "rev": 0, "epoch": 1})
        for message in event.messages():
            room.receive(json.loads(json.dumps(message)), 0.0)


@dataclass
class Memory:
    """What timelines hold, looked through as in a gateway."""

    rooms: dict[str, Timeline]
    kind = "gateway"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        scan = MemoryScan(traces)
        for _ in scan.walk(self.rooms):
            pass
        for (holder, what), count in scan.found.items():
            yield Finding("gateway", holder, f"{count} times", what)
        yield Looked("gateway", {"objects": scan.objects})
