"""Writes `events/stream/v1/`: the contract as a JSON Schema, and an event of each kind as an example."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chat.rules.data_requests import WAIT_MS
from chat.rules.events import EventKind, RoomEvent
from chat.rules.models import Message
from chat.rules.notification_events import DUE
from chat.rules.notification_events import NotificationEvent as Notification
from chat.rules.privacy_events import PrivacyEvent as Told
from chat.rules.rooms import Room
from stream.contract import (
    MESSAGE_KINDS,
    PRIVACY_KINDS,
    ROOM_KINDS,
    VERSION,
    Event,
    NotificationEvent,
    PrivacyEvent,
)

FOLDER = Path(__file__).parent.parent / "events" / "stream"
SCHEMA = "event.schema.json"
PRIVACY_SCHEMA, NOTIFICATION_SCHEMA = "privacy.schema.json", "notification.schema.json"
_ID, _MESSAGE_ID, _UPLOAD_ID, _ANSWERED_ID = (
    "019abf3c-8d2a-7c51-9f0e-3a6b5d1e7c90",
    "019abf3c-7a10-7b44-8e21-94d0c2f6b1aa",
    "019abf3c-6f02-7d13-a5c7-1b7e9e4d2f38",
    "019abf3c-5e01-7a2c-8b3d-7f60a1c5e294",
)
_TS = 1_795_737_600_123


def documents() -> dict[str, str]:
    """The files by their names in the folder of this version."""
    found = {SCHEMA: _text(schema()), PRIVACY_SCHEMA: _text(schema(PrivacyEvent))}
    found[NOTIFICATION_SCHEMA] = _text(schema(NotificationEvent))
    for kind in (*MESSAGE_KINDS, *ROOM_KINDS):
        found[f"{kind}.json"] = _text(example(kind))
    for told in PRIVACY_KINDS:
        found[f"{told}.json"] = _text(privacy_example(told).to_wire())
    found[f"{DUE}.json"] = _text(notification_example().to_wire())
    return found


def schema(model: type[Event | PrivacyEvent | NotificationEvent] = Event) -> dict[str, Any]:
    """JSON Schema, 2020-12. Open for attributes that are added: a consumer must not refuse these."""
    made: dict[str, Any] = _open(model.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": model.__name__, **made}


_LEFT_OUT = ("default", "title")


def _open(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {
            name: _open(each)
            for name, each in part.items()
            if name not in _LEFT_OUT and not (name == "additionalProperties" and each is False)
        }
    return [_open(each) for each in part] if isinstance(part, list) else part


def example(kind: Any) -> dict[str, Any]:
    """An event of this kind, with text."""
    return example_event(kind).to_wire(with_text=True)


def example_event(kind: EventKind) -> RoomEvent:
    is_message = kind in MESSAGE_KINDS
    return RoomEvent(
        id=f"{_MESSAGE_ID}.{_REVS[kind]}" if is_message else _ID,
        kind=kind,
        room_id="GUILD#dragons",
        room_type="guild",
        guild_id="dragons",
        rev=_REVS[kind] if is_message else 51,
        seq=42 if is_message else 43,
        epoch=3,
        generation=1,
        ts=_TS,
        actor_id=None if kind in ("GUILD_MEMBERSHIP", "REACTIONS_CHANGED") else "alice",
        message=_message(kind) if is_message else None,
        notices=tuple(_notices(kind)),
    )


def privacy_example(kind: Any) -> Told:
    """An event of this kind: of an erasure that somebody asked for, or of a hold of a person."""
    if kind in ("chat.privacy.held", "chat.privacy.released"):
        end = kind.rpartition(".")[2]
        return Told(id=f"{_ID}.{end}", kind=kind, ts=_TS, hold_id=_ID, user_id="alice")
    is_done = kind == "chat.privacy.done"
    return Told(
        id=f"{_ID}.{_REQUEST_REVS[kind]}",
        kind=kind,
        ts=_TS,
        request_id=_ID,
        request_kind="ERASURE",
        requested_by="SELF",
        due_at=_TS + WAIT_MS["ERASURE"] if kind == "chat.privacy.requested" else None,
        user_id=None if is_done else "alice",
        person="5d41402abc4b2a76" if is_done else None,
        reason="legalHold" if kind == "chat.privacy.refused" else None,
    )


def notification_example() -> Notification:
    """Somebody is to be notified of three messages, of which one mentions them."""
    return Notification(
        id=_ID,
        ts=_TS,
        user_id="carol",
        room=Room.parse("GUILD#dragons"),
        from_seq=40,
        seq=42,
        message_id=_MESSAGE_ID,
        message_ts=_TS - 60_000,
        count=3,
        mentioned=True,
    )


_REQUEST_REVS = {
    "chat.privacy.requested": 1,
    "chat.privacy.withdrawn": 2,
    "chat.privacy.begun": 2,
    "chat.privacy.refused": 2,
    "chat.privacy.done": 9,
}

_REVS = {"MESSAGE_SENT": 48, "MESSAGE_EDITED": 49, "MESSAGE_REMOVED": 50}


def _message(kind: str) -> Message:
    is_removed = kind == "MESSAGE_REMOVED"
    file = {"id": _UPLOAD_ID, "name": "map.png", "contentType": "image/png", "size": 20_481}
    return Message(
        id=_MESSAGE_ID,
        room_id="GUILD#dragons",
        room_type="guild",
        guild_id="dragons",
        sender_id="alice",
        text=None
        if is_removed
        else "The cave is behind the waterfall."
        if kind == "MESSAGE_SENT"
        else "The cave is here.",
        ts=_TS - (0 if kind == "MESSAGE_SENT" else 60_000),
        seq=42,
        epoch=3,
        client_message_id="c-8f2e",
        version=1 if kind == "MESSAGE_SENT" else 2,
        edited_at=None if kind == "MESSAGE_SENT" else _TS - (1_000 if is_removed else 0),
        removed_at=_TS if is_removed else None,
        attachments=None if is_removed else json.dumps([file]),
        reply_to=None if is_removed else _ANSWERED_ID,
        mentions=None if is_removed else json.dumps(["carol"]),
    )


def _notices(kind: str) -> list[dict[str, Any]]:
    """What members are told: of a room's beginning who came first, of a guild's service all that it did at once."""
    if kind in (*MESSAGE_KINDS, "INTERNAL", "ROOM_ADOPTED"):
        return []
    if kind == "ROOM_CREATED":
        return [
            _notice("MEMBER_ADDED", "alice", role="OWNER"),
            _notice("MEMBER_ADDED", "carol", role="MEMBER"),
        ]
    if kind == "GUILD_MEMBERSHIP":
        return [
            _notice("MEMBER_ADDED", "dave", role="MEMBER"),
            _notice("MEMBER_REMOVED", "carol", nextEpoch=4),
        ]
    told: dict[str, dict[str, Any]] = {
        "ROOM_UPDATED": {"room": _ROOM},
        "ROOM_DELETED": {"nextEpoch": 4},
        "MEMBER_ADDED": {"role": "MEMBER"},
        "MEMBER_REMOVED": {"nextEpoch": 4},
        "MEMBER_LEFT": {"nextEpoch": 4},
        "MEMBER_BANNED": {"nextEpoch": 4},
        "MEMBER_MUTED": {"mutedUntil": "2026-11-28T00:00:00.000Z"},
        "ROLE_CHANGED": {"role": "MODERATOR"},
        "REACTIONS_CHANGED": {"reactions": [_REACTIONS]},
        "MESSAGE_PINNED": {"messageId": _MESSAGE_ID, "seq": 42},
        "MESSAGE_UNPINNED": {"messageId": _MESSAGE_ID, "seq": 42},
        "ERASED": {"erased": [{"from": 7, "to": 9}, {"from": 42, "to": 42}]},
    }
    is_about_somebody = not kind.startswith(("ROOM_", "MESSAGE_", "REACTIONS_", "ERASED"))
    return [_notice(kind, "carol" if is_about_somebody else None, **told.get(kind, {}))]


def _notice(kind: str, user_id: str | None, **told: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("role", "mutedUntil", "nextEpoch", "messageId", "seq"))
    return {"kind": kind, "userId": user_id, **nothing, "rev": 51, "room": None, **told}


_REACTIONS = {
    "id": _MESSAGE_ID,
    "seq": 42,
    "rev": 51,
    "reactions": [
        {"emoji": "👍", "count": 12, "userIds": ["alice", "carol", "dave"]},
        {"emoji": ":party_parrot:", "count": 1, "userIds": ["erin"]},
    ],
}

_ROOM = {
    "roomId": "GUILD#dragons",
    "roomType": "guild",
    "guildId": "dragons",
    "name": "Dragons",
    "description": "About dragons.",
    "avatarUrl": "https://pictures.example.com/dragons.png",
    "avatarId": None,
    "visibility": "PRIVATE",
    "archivedAt": None,
    "directWith": None,
    "personPerSecond": 1.0,
    "personBurst": 10,
    "roomPerSecond": 50.0,
    "roomBurst": 100,
    "retentionDays": 365,
    "historyFrom": "BEGINNING",
    "historyRev": 0,
    "slowModeSeconds": 5,
    "memberCount": None,
    "head": {"seq": 43, "ts": "2026-11-27T00:00:00.000Z", "epoch": 3, "rev": 51, "pinsRev": 0},
    "me": None,
}


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    place = FOLDER / f"v{VERSION}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for file_name, content in documents().items():
        (place / file_name).write_text(content, encoding="utf-8")
