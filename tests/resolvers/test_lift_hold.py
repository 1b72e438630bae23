"""Mutation.liftHold: what a hold that was lifted did cover is given back."""

from tests.resolvers.harness import Harness
from tests.resolvers.test_set_hold import asked, hold, lift

EVENT = "Mutation.liftHold"


def test_it_is_for_privacy_and_administrators(harness: Harness) -> None:
    harness.refused(harness.event("Mutation.liftHold.not-allowed"), "NotAllowed", reason="role")


def test_an_id_that_is_no_holds_is_a_mistake(harness: Harness) -> None:
    harness.refused(harness.event("Mutation.liftHold"), "InvalidInput", argument="id")


def test_a_repeat_answers_what_was_lifted(harness: Harness) -> None:
    held = hold(harness, roomId=harness.room())
    lifted = lift(harness, held["id"])
    assert harness.invoke(asked(harness, EVENT, id=held["id"])) == lifted
