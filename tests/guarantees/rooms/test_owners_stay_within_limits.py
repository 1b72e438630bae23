"""Whoever owns a room lifts its limits no further than the deployment lets owners: what is in force is never
above that, unless an administrator wanted it so."""

import uuid
from contextlib import suppress
from typing import Any

import pytest

from chat.operations.create_room import create_room
from chat.operations.update_room import update_room
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import LIMITS, Caller, Defaults
from chat.rules.tally import Tally
from tests.guarantees.support.fixtures import Clock, change_room, new_room, process, send

WIDE = {"personPerSecond": 1_000, "personBurst": 10_000, "roomPerSecond": 1_000, "roomBurst": 10_000}


def rule(deployment: Any, room: str, who: str, *roles: str, **rules: Any) -> Any:
    notice = update_room(deployment, Caller(who, frozenset(roles)), {"roomId": room, **rules}, Tally()).notice
    assert notice
    return notice.room


def flood(deployment: Any, clock: Clock, room: str, user: str) -> int:
    """How many messages come through in half a second, of sixty that are tried."""
    through = 0
    for _ in range(60):
        with suppress(RateLimited):
            through += bool(send(deployment, room, user, "buy this"))
        clock.sleep(0.008)
    return through


@pytest.mark.parametrize("limit", WIDE)
def test_a_room_made_with_a_stranger_takes_no_more_than_the_deployment_says(
    client: Any, clock: Clock, limit: str
) -> None:
    """Six hundred messages came through in four seconds."""
    ours, room = process(client, clock), f"trap-{uuid.uuid4()}"
    create_room(ours, Caller("mallory"), {"roomId": room, "members": ["victim"]}, Tally())
    most = getattr(ours.defaults, LIMITS[limit])
    with pytest.raises(NotAllowed) as caught:
        rule(ours, room, "mallory", **{limit: WIDE[limit]})
    assert caught.value.values == {"reason": "limit", "argument": limit, "max": f"{most:g}"}
    with pytest.raises(NotAllowed):
        rule(ours, room, "mallory", name="all at once", **WIDE)
    assert flood(ours, clock, room, "mallory") == 10
    assert rule(ours, room, "mallory", **{limit: most})[limit] == most


def test_limits_that_owners_lifted_before_do_not_hold_any_more(client: Any, clock: Clock) -> None:
    ours = process(client, clock)
    room = new_room(client, members={"mallory": "owner", "victim": "member"}, settings={})
    change_room(client, room, **WIDE)
    assert flood(ours, clock, room, "mallory") == 10
    shown = rule(ours, room, "mallory", name="as before", **WIDE)
    assert [shown[name] for name in WIDE] == [1, 10, 50, 100]


def test_what_an_administrator_allowed_holds_until_an_owner_sets_another(client: Any, clock: Clock) -> None:
    ours = process(client, clock)
    room = new_room(client, members={"olga": "owner", "bot": "member"}, settings={})
    rule(ours, room, "root", "admin", personPerSecond=100, personBurst=40)
    assert flood(ours, clock, room, "bot") == 60
    shown = rule(ours, room, "olga", personPerSecond=100, personBurst=5)
    assert (shown["personPerSecond"], shown["personBurst"]) == (100, 5)
    with pytest.raises(NotAllowed):
        rule(ours, room, "olga", personBurst=40)
    rule(ours, room, "olga", reset=["PERSON_RATE"])
    with pytest.raises(NotAllowed):
        rule(ours, room, "olga", personPerSecond=100)


def test_one_limit_that_an_administrator_set_allows_no_other(client: Any, clock: Clock) -> None:
    ours = process(client, clock)
    room = new_room(client, members={"mallory": "owner"}, settings={})
    change_room(client, room, **WIDE)
    shown = rule(ours, room, "root", "admin", roomPerSecond=WIDE["roomPerSecond"])
    assert [shown[name] for name in WIDE] == [1, 10, 1_000, 100]
    again = rule(ours, room, "root", "admin", roomPerSecond=WIDE["roomPerSecond"])
    assert again == shown | {"head": again["head"]}
    assert again["head"]["rev"] == shown["head"]["rev"]


def test_a_deployment_may_let_owners_set_more_and_less_again(client: Any, clock: Clock) -> None:
    generous = process(client, clock, defaults=Defaults(owner_max_person_burst=30, owner_max_room_burst=1))
    room = new_room(client, members={"olga": "owner"}, settings={})
    assert rule(generous, room, "olga", personBurst=30, roomBurst=100)["personBurst"] == 30
    assert flood(generous, clock, room, "olga") == 30
    with pytest.raises(NotAllowed) as caught:
        rule(generous, room, "olga", personBurst=31)
    assert caught.value.values["max"] == "30"
    clock.sleep(60)
    assert flood(process(client, clock), clock, room, "olga") == 10
