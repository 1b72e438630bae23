"""What is wrong with a client's frame is answered by the first wrong field: with a reason, or with a
refusal that names the argument."""

import json
from typing import Any

import pytest

from chat.rules.rooms import Room
from gateway import client_frames
from gateway.client_frames import BadFrame, RefusedFrame, Resume, Subscribe, parse
from gateway.verbs import FRAMES

LOBBY = Room.parse("lobby")
REF = "ref must be 1 to 128 of A-Z a-z 0-9 _ . : | @ -"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({}, "unknown type"),
        ({"type": ["send"]}, "unknown type"),
        ({"type": "auth"}, "token must be a string"),
        ({"type": "resume", "rooms": {f"r{number}": -1 for number in range(101)}}, "rooms must be an object of at most 100 rooms"),
        ({"type": "send", "attachments": ["a", 1]}, "attachments must be a list of strings"),
        ({"type": "send", "clientMessageId": 1}, "clientMessageId must be a string"),
        ({"type": "send", "room": "no room", "ref": ""}, "text must be a string"),
        ({"type": "send", "text": "hi", "room": "no room"}, REF),
        ({"type": "ping", "ref": "no ref"}, REF),
        ({"type": "read", "room": "lobby", "seq": 2**31}, "seq must be a whole number"),
        ({"type": "read", "room": "lobby", "seq": 1.0}, "seq must be a whole number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_frame_has_a_reason(frame: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadFrame) as bad:
        parse(json.dumps(frame))
    assert str(bad.value) == reason


@pytest.mark.parametrize(
    ("frame", "argument"),
    [
        ({"type": "subscribe", "since": -1}, "roomId"),
        ({"type": "subscribe", "room": "lobby", "since": "1"}, "since"),
        ({"type": "delivered", "room": "no room", "seq": -1}, "roomId"),
        ({"type": "resume", "rooms": {"lobby": -1, "no room": 0}}, "since"),
        ({"type": "resume", "rooms": {"no room": -1}}, "roomId"),
        ({"type": "typing"}, "roomId"),
        ({"type": "pins", "ref": "r7", "room": "no room"}, "roomId"),
        ({"type": "edit", "ref": "r7", "room": "lobby", "id": "m", "text": "hi", "ts": "yesterday"}, "ts"),
        ({"type": "remove", "ref": "r7", "room": "lobby", "id": "m", "ts": "\ud800"}, "ts"),
        ({"type": "history", "ref": "r7", "room": "lobby", "after": "2026-02-30T00:00:00Z"}, "after"),
        ({"type": "history", "ref": "r7", "room": "lobby", "before": ""}, "before"),
        ({"type": "history", "ref": "r7", "room": "lobby", "order": "sideways"}, "order"),
    ],
)
def test_a_bad_room_position_instant_or_order_is_refused_by_the_name_of_the_argument(
    frame: dict[str, Any], argument: str
) -> None:
    with pytest.raises(RefusedFrame) as refused:
        parse(json.dumps(frame))
    assert refused.value.refusal.values == {"argument": argument}
    assert refused.value.about == ({"ref": frame["ref"]} if "ref" in frame else {})


def test_what_is_not_known_is_ignored_and_what_is_no_flag_is_not_set() -> None:
    frame = {"type": "subscribe", "room": "lobby", "receipts": "yes", "typing": True, "later": [1]}
    assert parse(json.dumps(frame)) == Subscribe(room=LOBBY, typing=True)
    resume = {"type": "resume", "rooms": {"lobby": None, "GUILD#dragons": 3}}
    assert parse(json.dumps(resume)) == Resume(rooms={LOBBY: None, Room.parse("GUILD#dragons"): 3})


def test_neither_texts_nor_tokens_are_shown() -> None:
    """A frame may end up in a log line of somebody who looks for a fault."""
    send = FRAMES["send"].model_validate({"ref": "r", "room": LOBBY, "text": "between us"})
    assert "lobby" in repr(send)
    assert "between us" not in repr(send)
    assert "secret" not in repr(client_frames.Authenticate(token="secret"))


def test_a_device_is_named_with_the_token() -> None:
    frame = client_frames.parse('{"type": "auth", "token": "t", "deviceId": "phone"}')
    assert isinstance(frame, client_frames.Authenticate)
    assert frame.device_id == "phone"
    with pytest.raises(RefusedFrame) as refused:
        client_frames.parse('{"type": "auth", "token": "t", "deviceId": "a phone"}')
    assert refused.value.refusal.values["argument"] == "deviceId"
