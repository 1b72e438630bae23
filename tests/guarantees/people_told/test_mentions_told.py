"""Of a mention somebody is told as long as they may read its message."""

import json
import uuid
from typing import Any

import pytest

from chat.rules.rooms import Room
from chat.steps.new_room import add_room
from chat.steps.tell_people import PeopleTold
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, Clock, process, store_of
from tests.guarantees.support.projected import Projected, Stream

DAY_S = 86_400.0


@pytest.mark.parametrize(("days", "is_told"), [(None, True), (30, True), (7, False)])
def test_nobody_is_told_of_a_message_that_a_shorter_retention_hides(
    client: Any, functions_environ: None, days: int | None, *, is_told: bool
) -> None:
    stream, clock, told = Stream(client), Clock(), list[dict[str, Any]]()
    suffix = uuid.uuid4().hex[:8]
    room_id, owner, other = f"r-{suffix}", f"a-{suffix}", f"b-{suffix}"
    assert add_room(store_of(client), Room.parse(room_id), {owner: "owner", other: "member"}, FAST)
    people = process(stream.client, clock)
    sent = call(people, owner, "sendMessage", roomId=room_id, text="hi", mentions=[other])
    clock.sleep(8 * DAY_S)
    if days is not None:
        call(people, owner, "updateRoom", roomId=room_id, retentionDays=days)
    reader = PeopleTold(process(stream.client, clock), lambda text: told.append(json.loads(text)), 10)
    Projected(stream, [reader]).run()
    mentions = [each["messageId"] for each in told if each["kind"] == "MENTIONED"]
    assert mentions == ([sent["id"]] if is_told else [])
