"""Whatever an item holds: it tells no event, is set aside, or goes out as the contract says."""

import json
import secrets
from collections import Counter
from random import Random
from typing import Any

import pytest

from chat.operations.publish_message import publish_message
from chat.operations.read_stream import read_stream
from chat.rules.errors import InvalidInput
from chat.rules.models import Item
from chat.rules.outgoing import Outcome, Outgoing
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from stream.contract import Event
from tests.guarantees.events.stream_records import Records, other, sent
from tests.guarantees.events.unreliable_targets import Letters

RUNS = 3_000
FILE = {"id": "a", "contentType": "image/png", "size": 1, "name": "PRIVATE"}
ROOM = {
    "roomId": "lobby", "roomType": "general", "guildId": None, "name": "Lobby", "visibility": "PUBLIC", "slowModeSeconds": 0,
    "retentionDays": 1, "personPerSecond": 1, "personBurst": 1, "roomPerSecond": 0.5, "roomBurst": 1, "memberCount": None,
    "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1},
    "me": {"userId": "a", "role": "OWNER", "status": "ACTIVE", "mutedUntil": None, "joinedSeq": 0},
}  # fmt: skip
NOTICE = {
    "kind": "ROOM_UPDATED", "userId": None, "role": None, "mutedUntil": None, "nextEpoch": None, "rev": 1, "room": ROOM,
}  # fmt: skip
JSONS: list[object] = [
    [], {}, 0, False, "", None, [[]], [7], [FILE], [FILE | {"key": "PRIVATE"}], [{"id": "a"}], [FILE | {"size": 1.5}],
    [NOTICE], [{"kind": "ROOM_UPDATED"}], [NOTICE | {"text": "PRIVATE"}], [NOTICE | {"mutedUntil": "2026-01-01T00:00:00Z"}],
    [NOTICE | {"room": 7}], [NOTICE | {"room": {"roomId": "x"}}], [NOTICE | {"room": ROOM | {"name": 7}}],
    [NOTICE | {"room": ROOM | {"topic": "PRIVATE"}}], [NOTICE | {"room": ROOM | {"head": {"seq": 1}}}],
    [NOTICE | {"room": ROOM | {"me": ROOM["me"] | {"note": "PRIVATE"}}}],  # type: ignore[operator]
]  # fmt: skip
DOCUMENTS: list[Any] = [{"S": json.dumps(each)} for each in JSONS]
ODD: list[Any] = [
    {"S": ""}, {"S": "x"}, {"S": "\x00"}, {"S": "\ud800"}, {"S": 7}, {"S": None}, {"S": ["a"]},
    *({"N": each} for each in ("0", "-1", "1", "7.5", "1E2", "1e400", "1.0", "9" * 38, "253402300800000", "x", "", 7)),
    {"BOOL": True}, {"NULL": True}, {"L": []}, {"M": {}}, {"B": "AA=="}, {"SS": ["a"]}, {}, 7, None, {"N": "1", "S": "x"},
]  # fmt: skip
NAMES = (
    "PK", "SK", "type", "id", "roomId", "guildId", "roomType", "senderId", "text", "ts", "seq", "sentRev", "rev", "epoch", "version",
    "clientMessageId", "attachments", "editedAt", "removedAt", "removedBy", "changedBy", "kind", "notices", "actorId", "generation",
    "replyTo", "mentions", "mentionsAll",
)  # fmt: skip


class Taking:
    """A target that keeps what it is given."""

    metric = "EventsTaken"

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def send(self, events: Any, _go_on: object) -> Outcome:
        self.taken += events
        return Outcome(len(events))


def whole(random: Random) -> Item:
    """A sound item of each form."""
    room = Room.parse(random.choice(["lobby", "GUILD#dragons"]))
    if random.random() < 0.5:
        return other(room, 9) | random.choice([{}, {"generation": {"N": "2"}}])
    changed = {"rev": {"N": "9"}, "version": {"N": "2"}, "changedBy": {"S": "bob"}}
    changes: list[Item] = [
        {},
        changed | {"editedAt": {"N": "1800000000100"}},
        changed | {"removedAt": {"N": "1800000000100"}, "removedBy": {"S": "bob"}},
    ]
    files = random.choice([{}, {"attachments": {"S": json.dumps([FILE])}}])
    return sent(room, 3, text="PRIVATE") | random.choice(changes) | files


@pytest.mark.timeout(120)
def test_any_item_is_no_event_or_set_aside_or_as_the_contract_says() -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"seed {seed}")
    random = Random(seed)  # noqa: S311  repeatable
    records, became = Records(random), Counter[str]()
    for _ in range(RUNS):
        item = whole(random)
        spoilt = random.choices(NAMES, k=random.choice([1, 1, 2]))
        record = records.record(item)
        record["dynamodb"]["NewImage"] = image = dict(item)
        for name in spoilt:
            if random.random() < 0.1:
                image.pop(name, None)
            else:
                is_document = name in ("attachments", "notices", "text") and random.random() < 0.5
                image[name] = random.choice(DOCUMENTS if is_document else ODD)
        became[check(record, with_text=random.random() < 0.3)] += 1
    assert min(became[each] for each in ("nothing", "set aside", "event")) > RUNS / 50, became


def check(record: Any, *, with_text: bool) -> str:
    target, letters = Taking(), Letters(Random(1), 0.0)  # noqa: S311  repeatable
    emitter = Emitter((target,), with_text=with_text, publishes=True, monotonic=lambda: 0.0)
    reading = read_stream(emitter, letters, [record], 0, Tally(), 1.0)
    assert reading.failed is None
    if not target.taken:
        return "set aside" if letters.letters else "nothing"
    (outgoing,) = target.taken
    assert outgoing.document
    Event.model_validate_json(outgoing.document)
    if not with_text:
        assert "PRIVATE" not in outgoing.document
    for message in outgoing.messages:
        assert message.encode()
        try:
            publish_message({"message": message})
        except InvalidInput:
            return "event"  # is set aside by the target
    return "event"
