"""What somebody has set to be notified of is told to their other devices, and to nobody else."""

import json
import uuid
from typing import Any

from chat.rules.rooms import Room
from chat.steps.new_room import add_room
from chat.steps.tell_people import PeopleTold
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, Clock, process, store_of
from tests.guarantees.support.projected import Projected, Stream


def test_who_has_set_it_is_told_as_long_as_they_are_in_the_room(client: Any, functions_environ: None) -> None:
    stream, clock, told = Stream(client), Clock(), list[dict[str, Any]]()
    suffix = uuid.uuid4().hex[:8]
    room_id, owner, other = f"r-{suffix}", f"a-{suffix}", f"b-{suffix}"
    assert add_room(store_of(client), Room.parse(room_id), {owner: "owner", other: "member"}, FAST)
    people = process(stream.client, clock)
    call(people, owner, "setNotifications", roomId=room_id, level="NONE")
    call(people, owner, "setNotifications", roomId=room_id, level="NONE")
    call(people, other, "setNotifications", roomId=room_id, level="MENTIONS")
    call(people, other, "leaveRoom", roomId=room_id)
    reader = PeopleTold(process(stream.client, clock), lambda text: told.append(json.loads(text)), 10)
    projected = Projected(stream, [reader])
    projected.run()
    found = [each for each in told if each["kind"] == "NOTIFICATIONS_SET"]
    assert [(each["userId"], each["roomId"]) for each in found] == [(owner, room_id)]
    projected.feed(stream.records)
    again = [each["id"] for each in told if each["kind"] == "NOTIFICATIONS_SET"]
    assert again == [found[0]["id"]] * 2
