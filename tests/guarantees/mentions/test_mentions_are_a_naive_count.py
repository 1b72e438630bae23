"""Whatever is sent, edited, removed, read and left, and however late, doubled and out of order the stream tells of it:
unread mentions are a naive count once all of it was told, and never more before; what messages answer is as it is now."""

import os
import secrets
from random import Random
from typing import Any

import pytest

from chat.steps.mention_projection import MentionProjection
from tests.guarantees.mentions.mention_history import MentionHistory, projected
from tests.guarantees.support.fixtures import process
from tests.guarantees.support.projected import Projected

RUNS, STEPS = (60, 150) if os.environ.get("PROVE") else (3, 40)
SEED = os.environ.get("MENTIONS_SEED")


@pytest.mark.timeout(1_800)  # with PROVE
@pytest.mark.parametrize("from_joining", [False, True], ids=["all of the history", "from joining"])
@pytest.mark.parametrize("run", range(RUNS))
def test_any_history(functions_environ: None, client: Any, run: int, from_joining: bool) -> None:
    seed = int(SEED) if SEED else secrets.randbits(32)
    print(f"MENTIONS_SEED={seed}")
    random = Random(seed)  # noqa: S311  repeatable
    history = MentionHistory(client, random, from_joining)
    function = projected(history, MentionProjection(process(client, history.clock)))
    for _ in range(STEPS):
        history.step()
        if random.random() < 0.2:
            some_of_it(history, function)
        if random.random() < 0.2:
            user = random.choice(list(history.people))
            if history.people[user].is_in:
                assert history.counted(user) <= history.unread_mentions_of(user), user
                assert set(history.found(user)) <= {each.seq for each in history.mentions_of(user)}
                history.quoted(user)
        if random.random() < 0.05:
            everything(history, function)
    everything(history, function)
    function.again(random)
    everything(history, function)
    assert function.letters.put_aside == []


def some_of_it(history: MentionHistory, function: Projected) -> None:
    """Any records in any order, as they come late and doubled; sometimes the next ones of the stream."""
    records, random = history.stream.records, history.random
    if random.random() < 0.5:
        function.run_as_lambda_may(random)
    elif records:
        function.feed(random.choices(records, k=random.randint(1, 10)))


def everything(history: MentionHistory, function: Projected) -> None:
    function.run()
    for user, person in history.people.items():
        if not person.is_in:
            continue
        assert history.found(user) == [each.seq for each in history.mentions_of(user)], user
        assert history.counted(user) == history.unread_mentions_of(user), user
        history.quoted(user)
