"""Mutation.eraseMe: by somebody who has just signed in."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.resolvers.asking import by, due, somebody
from tests.resolvers.harness import Harness

ERASE_ME = "Mutation.eraseMe"


@pytest.mark.parametrize("age_s", [None, 901, 100_000, -120])
def test_an_erasure_takes_somebody_who_has_just_signed_in(harness: Harness, age_s: int | None) -> None:
    event = by(harness, ERASE_ME, somebody(harness), age_s=age_s)
    harness.refused(event, "NotAllowed", reason="notRecent")


@pytest.mark.parametrize("instant", ["", "-1", "1e9", "soon", "9" * 13, "\u0661"])
def test_what_is_no_instant_is_no_sign_in(harness: Harness, instant: str) -> None:
    event = by(harness, ERASE_ME, somebody(harness))
    event["identity"]["resolverContext"]["signedInAt"] = instant
    harness.refused(event, "NotAllowed", reason="notRecent")


def test_two_erasures_at_once_are_one(harness: Harness) -> None:
    user = somebody(harness)
    event = by(harness, ERASE_ME, user)
    with ThreadPoolExecutor(8) as pool:
        made = [each["id"] for each in pool.map(lambda _: harness.invoke(copy.deepcopy(event)), range(8))]
    assert len(set(made)) == 1
    assert due(harness, user) == made[:1]
