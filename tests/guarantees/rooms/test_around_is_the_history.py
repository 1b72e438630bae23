"""What `around` answers, with what its two tokens lead to, is the room's history: wherever it begins, whatever was removed
or has expired. The seed is printed."""

from random import Random
from typing import Any

import pytest

from chat.rules.identifiers import uuid7
from chat.storage import keys
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.chance import seeded
from tests.guarantees.support.fixtures import DAY_MS, FAST, Clock, delete_message, new_room, process

MESSAGES, LOOKS = 60, 40


def followed(ours: Any, room: str, token: str | None, order: str, chance: Random) -> list[str]:
    found: list[str] = []
    while token is not None:
        page = call(
            ours, "ann", "messages", roomId=room, order=order, nextToken=token, limit=chance.randint(1, 9)
        )
        assert not isinstance(page, Refusal)
        found += [each["id"] for each in page["items"]]
        token = page["nextToken"]
    return found


@pytest.mark.parametrize("number", range(3))
def test_from_any_place_both_sides_are_the_whole_history(client: Any, number: int) -> None:
    chance, clock = seeded(), Clock()
    room = new_room(client, settings=FAST | {"retentionDays": 7}, members={"ann": "owner"})
    ours = process(client, clock)
    sent = []
    for _ in range(MESSAGES):
        clock.sleep(chance.choice([0, 0.001, 1, 3_600 * 6]))
        sent.append(call(ours, "ann", "sendMessage", roomId=room, text="m")["id"])
    for message_id in chance.sample(sent, 10):
        call(ours, "ann", "removeMessage", roomId=room, id=message_id)
    clock.sleep(60)
    history = followed_from_the_newest(ours, room, chance)
    for message_id in chance.sample(history, 3):
        key = keys.message_of(message_id)
        assert key
        delete_message(
            client, room, key
        )  # as time to live does, of one that is older than any gap that may be filled
    history = followed_from_the_newest(ours, room, chance)
    for _ in range(LOOKS):
        made_up = uuid7(clock.ms - chance.randrange(20 * DAY_MS))
        message_id, limit = chance.choice([*sent, made_up]), chance.randint(1, 30)
        answer = call(ours, "ann", "around", roomId=room, id=message_id, limit=limit)
        shown = [each["id"] for each in answer["items"]]
        assert len(shown) <= limit
        if message_id in history:
            assert message_id in shown
            before = shown.index(message_id)
            assert before == min(limit // 2, history.index(message_id))
        older = followed(ours, room, answer["olderToken"], "NEWEST_FIRST", chance)
        newer = followed(ours, room, answer["newerToken"], "OLDEST_FIRST", chance)
        assert [*older[::-1], *shown, *newer] == history


def followed_from_the_newest(ours: Any, room: str, chance: Random) -> list[str]:
    page = call(ours, "ann", "messages", roomId=room, limit=5)
    rest = followed(ours, room, page["nextToken"], "NEWEST_FIRST", chance)
    return [*[each["id"] for each in page["items"]], *rest][::-1]
