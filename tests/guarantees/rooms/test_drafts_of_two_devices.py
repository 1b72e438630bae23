"""No device overwrites a draft that it has not seen, whatever is saved, deleted, lost on the way and said again: any run of
two devices. The seed is printed."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.chance import seeded
from tests.guarantees.support.fixtures import Clock, new_room, process

STEPS = 200


@dataclass
class Device:
    """What a device has of the draft."""

    rev: int = 0
    text: str | None = None


@pytest.mark.parametrize("number", range(4))
def test_the_newer_draft_is_never_lost(client: Any, number: int) -> None:
    chance, clock = seeded(), Clock()
    room = new_room(client, members={"ann": "owner"})
    ours = [process(client, clock) for _ in range(2)]
    devices = [Device(), Device()]
    stands: tuple[int, str | None] = (0, None)
    """The draft that stands: its `rev` and its text."""
    given_out: set[int] = set()
    for step in range(STEPS):
        clock.sleep(chance.choice([1, 1, 5, 0.5, 100 * 86_400 if chance.random() < 0.02 else 2]))
        device = chance.choice(devices)
        if chance.random() < 0.2:
            device.rev, device.text = look(ours[0], room)
            continue
        text = None if chance.random() < 0.25 else f"{number}-{step}"
        answer = call(chance.choice(ours), "ann", "saveDraft", roomId=room, text=text, rev=device.rev or None)
        if isinstance(answer, Refusal):
            assert answer.code == "RateLimited"
            continue
        stands = stands if may_stand(stands, clock) else (stands[0], None)
        if answer["saved"] and answer["text"] != stands[1]:
            # What was overwritten is what this device had, or there was nothing.
            assert device.rev == stands[0] or stands[1] is None
            assert answer["rev"] > stands[0]
            assert answer["rev"] not in given_out
            stands = (answer["rev"], text)
            given_out.add(answer["rev"])
        listed = look(ours[1], room)
        assert listed == ((answer["rev"], answer["text"]) if answer["text"] is not None else (0, None))
        if chance.random() < 0.8:  # else the answer is lost
            device.rev, device.text = answer["rev"], answer["text"]


def may_stand(draft: tuple[int, str | None], clock: Clock) -> bool:
    """Whether this draft may still be there: it is kept for 90 days, and its `rev` is the second when it was saved, or
    some later one. The clock leaps by more than that, or by less than an hour."""
    return clock.ms // 1_000 - 1_700_000_000 - draft[0] < 90 * 86_400


def look(deployment: Any, room: str) -> tuple[int, str | None]:
    items = call(deployment, "ann", "drafts")["items"]
    found = [(each["rev"], each["text"]) for each in items if each["roomId"] == room]
    return found[0] if found else (0, None)
