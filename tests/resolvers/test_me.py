"""Query.me: what somebody needs to know of themself."""

import uuid

from tests.resolvers.harness import Harness
from tests.resolvers.test_people import called

EVENT = "Query.me"


def test_who_never_ended_anything_has_the_first_epoch_and_nothing_stored(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    assert harness.run(harness.event(EVENT, user), writes=[]) == {
        "userId": user, "epoch": 1, "person": None,
    }  # fmt: skip


def test_it_is_the_callers_own(harness: Harness) -> None:
    ada, ben = f"p-{uuid.uuid4()}", f"Ben #7 %23 {uuid.uuid4()}"
    harness.invoke(harness.event("Mutation.revokeSubscriptions", ben))
    assert harness.invoke(harness.event(EVENT, ada)) == {"userId": ada, "epoch": 1, "person": None}
    assert harness.invoke(harness.event(EVENT, ben)) == {"userId": ben, "epoch": 2, "person": None}


def test_what_the_caller_is_called_is_answered_where_it_is_selected(harness: Harness) -> None:
    ann = called(harness, f"p-{uuid.uuid4()}", name="Ann")
    made = harness.event(f"{EVENT}.person", ann)
    assert harness.run(made, writes=[])["person"] == {
        "userId": ann, "name": "Ann", "avatarUrl": None, "avatarId": None, "updatedAt": None, "isConfusable": None,
    }  # fmt: skip
    nobody = f"p-{uuid.uuid4()}"
    assert harness.invoke(harness.event(f"{EVENT}.person", nobody))["person"]["name"] is None
