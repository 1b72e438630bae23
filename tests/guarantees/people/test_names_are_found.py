"""Whoever is in a room is found in it by the name that they have, and nobody else is, however late and however often the
index hears of it."""

import os
import secrets
from random import Random
from typing import Any

import pytest

from chat.operations.delete_room import delete_room
from chat.rules.rooms import Room
from chat.steps.name_index import index_name
from chat.steps.name_projection import NameProjection
from tests.guarantees.people.people_world import World
from tests.guarantees.support.fixtures import Clock, process
from tests.guarantees.support.projected import Projected, Stream

RUNS = 60 if os.environ.get("PROVE") else 4
SEED = os.environ.get("PEOPLE_SEED")


@pytest.mark.parametrize("_run", range(RUNS))
def test_the_index_says_who_is_there_and_what_they_are_called(
    functions_environ: None, client: Any, clock: Clock, _run: int
) -> None:
    seed = int(SEED) if SEED else secrets.randbelow(2**32)
    print(f"PEOPLE_SEED={seed}")
    random = Random(seed)  # noqa: S311  repeatable
    stream = Stream(client)
    deployment = process(stream.client, clock)
    world = World(deployment, client, clock, random, f"{seed:08x}")
    projected = Projected(stream, [NameProjection(deployment)])
    for _ in range(60):
        world.step()
        if random.random() < 0.2:
            projected.run_as_lambda_may(random)
        if random.random() < 0.2:
            world.work()
    projected.run()
    world.work()
    projected.again(random)
    world.work()
    for room in world.rooms:
        assert world.found(room) == world.pointed_to(room) == world.expected(room), room


def test_two_who_index_at_once_leave_what_is_so(functions_environ: None, client: Any, clock: Clock) -> None:
    """The one is overtaken between its look and its commit by a new name and by the other, which indexes that."""
    random = Random(1)  # noqa: S311  repeatable
    deployment = process(client, clock)
    world = World(deployment, client, clock, random, secrets.token_hex(4))
    overtaking = Overtaken(client, world)
    other = process(overtaking, Clock())  # whose deadline does not pass meanwhile
    for name in ("Ann", "Bob"):
        assert world.rename(world.boss, name)
        overtaking.armed = True
        index_name(other, Room.parse(world.rooms[0]), world.boss)
    world.work()
    assert world.found(world.rooms[0]) == world.expected(world.rooms[0])
    assert world.expected(world.rooms[0])


class Overtaken:
    """A client before whose next transaction somebody else gives the boss another name, and indexes it."""

    def __init__(self, client: Any, world: World) -> None:
        self._inner, self._world, self.armed = client, world, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.armed:
            self.armed = False
            assert self._world.rename(self._world.boss, "Overtaking")
            self._world.work()
        return self._inner.transact_write_items(**request)


def test_a_room_that_ends_takes_its_index_along(functions_environ: None, client: Any, clock: Clock) -> None:
    deployment = process(client, clock)
    world = World(deployment, client, clock, Random(1), secrets.token_hex(4))  # noqa: S311  repeatable
    assert world.rename(world.boss, "Ann")
    world.work()
    room = world.rooms[0]
    assert world.found(room) == world.pointed_to(room) != set()
    assert world.perform(delete_room, world.boss, {"roomId": room})
    index_name(deployment, Room.parse(room), world.boss)
    assert world.rename(world.boss, "Bob")
    world.work()
    assert world.found(room) == world.pointed_to(room) == set()
    assert world.found(world.rooms[1]) == world.expected(world.rooms[1])
