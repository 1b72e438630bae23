"""People who come to a room at the same moment all get in: each makes a revision of its own, and nobody is refused for
the others."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat.operations.join_room import join_room
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.roster import read_people
from tests.guarantees.support.fixtures import FAST, Clock, new_room, process, store_of

PEOPLE = 30


@pytest.mark.parametrize("processes", [1, 6])
def test_everybody_gets_in(client: Any, processes: int) -> None:
    clock = Clock()
    room = new_room(client, settings=FAST | {"visibility": "public"}, members={"ann": "owner"})
    # Of a busy machine each request may take a second: what is tried here is who gets in, not how fast.
    ours = [process(client, clock, deadline_s=20.0) for _ in range(processes)]

    def join(number: int) -> int:
        notice = join_room(ours[number % processes], Caller(f"p{number}"), {"roomId": room}, Tally()).notice
        assert notice
        assert notice.rev
        return notice.rev

    with ThreadPoolExecutor(PEOPLE) as threads:
        revisions = sorted(threads.map(join, range(PEOPLE)))
    first = revisions[0]
    assert revisions == list(range(first, first + PEOPLE))
    found = read_people(store_of(client), Room.parse(room), Caller("p0"), f"p{PEOPLE - 1}")
    assert found.person
    assert found.person.status == "active"
    assert found.view.head
    assert found.view.head.rev == revisions[-1]


def test_in_one_process_they_do_not_refuse_each_other(client: Any) -> None:
    ours, tally = process(client, Clock(), deadline_s=20.0), Tally()
    room = new_room(client, settings=FAST | {"visibility": "public"}, members={"ann": "owner"})
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda user: join_room(ours, Caller(user), {"roomId": room}, tally), "bcd"))
    assert dict(tally.items())["Attempts"] == len("bcd")
