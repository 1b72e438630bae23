"""A replay that is killed at any write, and started again, comes to the same."""

import os
import secrets
from random import Random
from typing import Any

import pytest

from tests.restore.rehearsal import World
from tests.restore.test_rehearsal import EDITED, SECRET, Told

STRIDE = 1 if os.environ.get("PROVE") else 19
"""Every how many writes it is killed."""
SEED = os.environ.get("RESTORE_SEED")


class Killed(BaseException):
    """The program was killed, which nothing in it can catch."""


class Killing:
    """A client of DynamoDB whose program is killed at a transaction: before it, or after the first from there on that took
    effect, since one may be refused."""

    def __init__(self, client: Any, at: int, *, after: bool) -> None:
        self._client, self.left, self._after = client, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self.left -= 1
        if self.left <= 0 and not self._after:
            raise Killed
        answer = self._client.transact_write_items(**request)
        if self.left <= 0:
            raise Killed
        return answer


@pytest.mark.timeout(1_800)  # with PROVE
@pytest.mark.parametrize("after", [False, True], ids=["before a write", "after a write"])
def test_killed_and_started_again(
    functions_environ: None, client: Any, objects: Any, objects_address: str, *, after: bool
) -> None:
    seed = int(SEED) if SEED else secrets.randbits(32)
    print(f"RESTORE_SEED={seed}")
    told = Told(World(client, objects, objects_address))
    wanted = told.world.wanted()
    number = first = Random(seed).randint(1, STRIDE)  # noqa: S311  repeatable
    while True:
        killing = Killing(client, number, after=after)
        restored = told.world.restored(killing)
        try:
            restored.replay(wanted)
        except Killed:
            pass
        else:
            break
        killing.left = 10**9  # never again
        restored.replay(wanted)
        left = restored.replay(wanted, dry_run=True)
        assert (left.total("due"), left.total("done")) == (0, 0), number
        gone = [f"{text} {room}" for text in (SECRET, EDITED) for room in (told.room, told.guild)]
        assert restored.find(*gone) == [], number
        number += STRIDE
    assert number > first
