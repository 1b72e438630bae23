"""Whatever people send, answer, mention, react to, pin, edit, remove, read and leave, in a room with the history visible from its
beginning or from joining and in the direct rooms of two, which they make, enter, leave and close by blocks: once the streams have
told of it, every field says to each of them what a naive list says, whether their client was there or came back; what is unread
is a naive count at each step; and whoever is not in a room gets nothing of it.

A failure shows its seed, which JOINT_SEED= repeats; PROVE=1 looks at many more.
"""

import os
import secrets
from contextlib import closing
from random import Random
from typing import Any

import pytest

from tests.guarantees.rooms.joint_run import JointRun

RUNS, STEPS = (10, 300) if os.environ.get("PROVE") else (1, 70)
SEED = os.environ.get("JOINT_SEED")

pytestmark = pytest.mark.timeout(1_500 if os.environ.get("PROVE") else 120)


@pytest.mark.parametrize("publish", ["sender", "stream"])
@pytest.mark.parametrize("from_joining", [False, True], ids=["all of the history", "from joining"])
@pytest.mark.parametrize("run", range(RUNS))
def test_any_joint_history(
    functions_environ: None, client: Any, run: int, from_joining: bool, publish: str
) -> None:
    seed = int(SEED) if SEED else secrets.randbits(32)
    print(f"JOINT_SEED={seed}")
    random = Random(seed)  # noqa: S311  repeatable
    with closing(JointRun(client, random, from_joining, publish)) as running:
        for _ in range(STEPS):
            running.step()
        running.at_rest()
        running.function.again(random)
        running.at_rest()
        assert running.function.letters.put_aside == []
        assert any(room.history.known for room in running.rooms)
