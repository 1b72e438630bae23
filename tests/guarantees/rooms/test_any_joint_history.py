"""Whatever people send, answer, mention, react to, pin, edit, remove, read and leave, in a room with the history visible from its
beginning or from joining and in the direct rooms of two, which they make, enter, leave and close by blocks: once the streams have
told of it, every field says to each of them what a naive list says, whether their client was there or came back; what is unread
is a naive count at each step; and whoever is not in a room gets nothing of it.

A failure shows its seed, which JOINT_SEED= repeats; PROVE=1 looks at many more.
"""

import os
import secrets
from itertools import combinations
from random import Random
from typing import Any

import pytest

from chat.rules.projections import Projection
from chat.steps.mention_projection import MentionProjection
from chat.steps.summarise_reactions import ReactionSummaries
from tests.guarantees.rooms.joint_direct import DirectHistory
from tests.guarantees.rooms.joint_history import JointHistory
from tests.guarantees.support.fixtures import process
from tests.guarantees.support.projected import Projected

RUNS, STEPS = (40, 300) if os.environ.get("PROVE") else (1, 90)
PAIRS = 2
SEED = os.environ.get("JOINT_SEED")


@pytest.mark.parametrize("from_joining", [False, True], ids=["all of the history", "from joining"])
@pytest.mark.parametrize("run", range(RUNS))
def test_any_joint_history(functions_environ: None, client: Any, run: int, from_joining: bool) -> None:
    seed = int(SEED) if SEED else secrets.randbits(32)
    print(f"JOINT_SEED={seed}")
    random = Random(seed)  # noqa: S311  repeatable
    history = JointHistory(client, random, from_joining)
    rooms = [history, *direct_rooms(history)]
    projections: list[Projection] = [
        MentionProjection(process(client, history.clock)),
        ReactionSummaries(process(history.stream.client, history.clock)),
    ]
    function = Projected(history.stream, projections, batch_size=random.randint(1, 30))
    for _ in range(STEPS):
        room = random.choices(rooms, [3, *[2] * PAIRS])[0]
        room.step()
        if inside := [user for user, person in room.people.items() if person.is_in]:
            room.check_unread(random.choice(inside), is_told=False)
        if random.random() < 0.1:
            function.run_as_lambda_may(random)
        if random.random() < 0.03:
            at_rest(rooms, function)
    at_rest(rooms, function)
    function.again(random)
    at_rest(rooms, function)
    assert function.letters.put_aside == []
    assert any(room.known for room in rooms)


def direct_rooms(history: JointHistory) -> list[DirectHistory]:
    """Of some pairs of the room's people."""
    pairs = history.random.sample(list(combinations(history.people, 2)), PAIRS)
    consent = history.random.random() < 0.5
    return [
        DirectHistory(history.client, history.random, False, beside=history, pair=pair, consent=consent)
        for pair in pairs
    ]


def at_rest(rooms: list[JointHistory], function: Projected) -> None:
    """All is told: everybody has what they should, and nobody else anything."""
    rooms[0].clock.jump(2_000)
    function.run(attempts=200)
    for room in rooms:
        for user, person in room.people.items():
            if not person.is_in:
                room.shut_out(user)
                continue
            room.check(user)
            assert room.found(user) == [each.seq for each in room.mentions_of(user)], user
            room.check_unread(user, is_told=True)
            room.quoted(user)
