"""Senders in processes of their own, some killed between request and answer, and readers beside them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat.deployment import Deployment
from tests.guarantees.crowds.crowd import Level, run
from tests.guarantees.support.fixtures import new_room, send, store_of, stored


@pytest.mark.parametrize("level", [Level(8, 12, kills=3)], ids=["8 senders"])
def test_numbers_have_no_gap_nothing_is_lost_or_there_twice_and_readers_see_all(
    functions_environ: None, endpoint: str, level: Level
) -> None:
    run(level, endpoint)
    assert level.committed >= 8 * 12 - 3  # the last messages of those who were killed are not reported
    assert level.restarts == 3


def test_threads_of_one_process_share_its_memory_and_leave_no_gap(client: Any) -> None:
    """Each answer is what is stored; a message that two of them send under one name is stored once."""
    users = [f"u{number}" for number in range(6)]
    room = new_room(client, *users)
    ours = Deployment(store=store_of(client))

    def work(user: str) -> dict[str, int | None]:
        names = [f"{user}-{number // 2}" for number in range(20)]
        with ThreadPoolExecutor(2) as pair:
            sent = pair.map(lambda name: (name, send(ours, room, user, f"text of {name}", name).seq), names)
            return dict(sent)

    with ThreadPoolExecutor(len(users)) as pool:
        answered = {name: seq for answers in pool.map(work, users) for name, seq in answers.items()}
    kept = stored(client, room)
    assert [item["seq"] for item in kept] == list(range(1, 61))
    assert {item["clientMessageId"]: item["seq"] for item in kept} == answered
