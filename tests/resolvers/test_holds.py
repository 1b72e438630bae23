"""Query.holds: the holds that there are, for those who may set them."""

import uuid

from tests.resolvers.harness import Harness
from tests.resolvers.test_set_hold import asked, hold, lift


def test_it_is_for_privacy_and_administrators(harness: Harness) -> None:
    harness.refused(harness.event("Query.holds.not-allowed"), "NotAllowed", reason="role")


def test_holds_are_listed_by_whom_they_cover(harness: Harness) -> None:
    user = f"p-{uuid.uuid4()}"
    held = hold(harness, userId=user)
    event = asked(harness, "Query.holds", userId=user)
    assert harness.invoke(event)["items"] == [held]
    assert harness.invoke(asked(harness, "Query.holds", roomId="lobby"))["items"] == []
    lift(harness, held["id"])
    assert [each["state"] for each in harness.invoke(event)["items"]] == ["LIFTED"]
