"""Query.me: what somebody needs to know of themself."""

import uuid

from tests.resolvers.harness import Harness

EVENT = "Query.me"


def test_who_never_ended_anything_has_the_first_epoch_and_nothing_stored(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    assert harness.run(harness.event(EVENT, user), writes=[]) == {"userId": user, "epoch": 1}


def test_it_is_the_callers_own(harness: Harness) -> None:
    ada, ben = f"p-{uuid.uuid4()}", f"Ben #7 %23 {uuid.uuid4()}"
    harness.invoke(harness.event("Mutation.revokeSubscriptions", ben))
    assert harness.invoke(harness.event(EVENT, ada)) == {"userId": ada, "epoch": 1}
    assert harness.invoke(harness.event(EVENT, ben)) == {"userId": ben, "epoch": 2}
