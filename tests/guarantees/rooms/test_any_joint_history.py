"""Whatever people send, answer, mention, react to, edit, remove, read and leave, with the history visible from its beginning or from
joining: once the streams have told of it, every field says to each of them what a naive list says, whether their client was
there or came back."""

import os
import secrets
from random import Random
from typing import Any

import pytest

from chat.rules.projections import Projection
from chat.steps.mention_projection import MentionProjection
from chat.steps.summarise_reactions import ReactionSummaries
from tests.guarantees.rooms.joint_history import JointHistory
from tests.guarantees.support.fixtures import process
from tests.guarantees.support.projected import Projected

RUNS, STEPS = (40, 200) if os.environ.get("PROVE") else (1, 60)
SEED = os.environ.get("JOINT_SEED")


@pytest.mark.parametrize("from_joining", [False, True], ids=["all of the history", "from joining"])
@pytest.mark.parametrize("run", range(RUNS))
def test_any_joint_history(functions_environ: None, client: Any, run: int, from_joining: bool) -> None:
    seed = int(SEED) if SEED else secrets.randbits(32)
    print(f"JOINT_SEED={seed}")
    random = Random(seed)  # noqa: S311  repeatable
    history = JointHistory(client, random, from_joining)
    projections: list[Projection] = [
        MentionProjection(process(client, history.clock)),
        ReactionSummaries(process(history.stream.client, history.clock)),
    ]
    function = Projected(history.stream, projections, batch_size=random.randint(1, 30))
    for _ in range(STEPS):
        history.step()
        if random.random() < 0.1:
            function.run_as_lambda_may(random)
        if random.random() < 0.03:
            at_rest(history, function)
    at_rest(history, function)
    function.again(random)
    at_rest(history, function)
    assert function.letters.put_aside == []
    assert any(history.reacting.values()) or any(each.is_removed for each in history.known.values())


def at_rest(history: JointHistory, function: Projected) -> None:
    history.clock.jump(2_000)
    function.run(attempts=200)
    for user, person in history.people.items():
        if not person.is_in:
            continue
        history.check(user)
        assert history.found(user) == [each.seq for each in history.mentions_of(user)], user
        assert history.counted(user) == history.unread_mentions_of(user), user
        history.quoted(user)
