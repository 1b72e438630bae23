"""The smoke test is a part of conformance that one person in a room that is there can ask."""

from typing import Any

import pytest

from proving.check import Cost, check
from proving.checks import CHECKS
from proving.endpoint import BadAddress
from proving.run import ask, world
from proving.smoke import smoke, smoke_checks, unasked
from proving.world import Room, Run

from .conftest import run_against

NAMES = {
    "appsync.http.no-token",
    "appsync.http.bad-token",
    "appsync.realtime.start",
    "chat.send.stored",
    "chat.send.repeat",
}


def test_these_are_asked_of_a_deployment() -> None:
    assert {each.id for each in smoke_checks()} == NAMES


@pytest.mark.parametrize("more", [{"rooms": 1}, {"needs": "add_member"}])
def test_a_check_that_takes_more_than_a_person_in_a_room_is_not_marked(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^chat\.smoke\.never takes more than one person"):
        check("chat.smoke.never", "", "", smoke=True, **more)(smoke_checks()[0].body)
    assert "chat.smoke.never" not in CHECKS


@pytest.mark.parametrize("design", ["sound", "no-idempotency"])
async def test_a_room_that_is_there_is_used_and_stays_and_is_as_good_a_second_time(design: str) -> None:
    expected = {"chat.send.repeat"} if design == "no-idempotency" else set()
    async with run_against(design) as (run, server):
        room = await world(run, CHECKS["chat.send.stored"], 0).room()
        made = Run(run.client, run.mapping, (room.owner,) * 3)
        made.shared[room.owner.user_id] = Room(room.id, room.owner, room.owner)
        for _ in range(2):
            results = [await ask(made, each, 0) for each in smoke_checks()]
            assert {each.check.id for each in results if each.status != "pass"} == expected, results
        assert made.rooms == []
        assert made.spent.messages <= 2 * sum((each.cost for each in smoke_checks()), Cost()).messages
        assert list(server.store.conversations) == [room.id]


def test_what_is_not_asked_says_what_it_lacks() -> None:
    def lacking(token: str, realtime: str) -> dict[str, str]:
        return {each.id: why for each in smoke_checks() if (why := unasked(each, token, realtime))}

    assert lacking("token", "wss://realtime") == {}
    assert lacking("token", "") == {"appsync.realtime.start": "no address of the WebSocket is given"}
    assert lacking("", "wss://realtime").keys() == {name for name in NAMES if "http" not in name}


async def test_no_token_leaves_this_machine_unencrypted() -> None:
    with pytest.raises(BadAddress, match="unencrypted"):
        await smoke("http://api.example.com/graphql", "", "secret", "smoke", lambda _: None)
