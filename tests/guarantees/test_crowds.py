"""Senders in processes of their own, some killed between request and answer, and readers beside them."""

import pytest

from tests.guarantees.crowd import Level, run


@pytest.mark.parametrize("level", [Level(8, 12, deaths=3)], ids=["8 senders"])
def test_numbers_have_no_hole_nothing_is_lost_or_there_twice_and_readers_see_all(
    functions_environ: None, endpoint: str, level: Level
) -> None:
    run(level, endpoint)
    assert level.committed >= 8 * 12 - 3  # of the killed ones' last message, nobody was told
    assert level.restarts == 3
