"""Of a direct room the other is told that whom they have it with is nobody any more."""

import uuid
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.direct import direct
from chat.operations.my_rooms import my_rooms
from chat.operations.run_jobs import run_jobs
from chat.operations.sync import sync
from chat.rules.erasure import ERASED_SENDER
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, make_request
from tests.guarantees.support.fixtures import CURSOR_KEYS, Clock, process, send


def synced(ours: Deployment, user_id: str, since: str | None) -> tuple[str, dict[str, Any]]:
    """A round of `sync`: its token, and what it says of each room."""
    rooms: dict[str, Any] = {}
    while True:
        page = sync(ours, CURSOR_KEYS, Caller(user_id), {"since": since}, Tally())
        rooms |= {each["roomId"]: each for each in page["rooms"]}
        since = page["token"]
        if not page["more"]:
            return str(since), rooms


@pytest.mark.parametrize("wrote", [True, False])
def test_who_was_away_reads_it_with_what_has_changed(client: Any, clock: Clock, *, wrote: bool) -> None:
    ours, eve, bob = process(client, clock), f"eve-{uuid.uuid4()}", f"bob-{uuid.uuid4()}"
    room = direct(ours, Caller(bob), {"userId": eve}, Tally())["roomId"]
    direct(ours, Caller(eve), {"userId": bob}, Tally())
    if wrote:
        send(ours, room, eve, "between us")
    token, rooms = synced(ours, bob, None)
    assert rooms[room]["room"]["directWith"] == eve
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    assert run_jobs(ours, 100.0, Tally()).failures == []
    _, rooms = synced(ours, bob, token)
    assert rooms[room]["room"]["directWith"] == ERASED_SENDER
    (listed,) = my_rooms(ours, CURSOR_KEYS, Caller(bob), {}, Tally())["items"]
    assert listed["room"]["directWith"] == ERASED_SENDER
