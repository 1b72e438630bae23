"""Mutation.requestExport, by the role."""

import logging
import uuid

import pytest

from chat_lambda.telemetry import actor
from tests.resolvers.asking import by, somebody
from tests.resolvers.harness import Harness

EVENT = "Mutation.requestExport"


@pytest.mark.parametrize("role", ["privacy", "admin"])
def test_a_role_asks_for_others_once(harness: Harness, role: str) -> None:
    user, officer = somebody(harness), f"o-{uuid.uuid4()}"
    event = by(harness, EVENT, officer, role=role, userId=user)
    made = harness.invoke(event)
    assert (made["kind"], made["requestedBy"]) == ("EXPORT", actor(officer))
    assert harness.run(event, writes=[]) == made


def test_without_the_role_nobody_does(harness: Harness) -> None:
    event = by(harness, EVENT, "mallory", userId=somebody(harness))
    harness.refused(event, "NotAllowed", reason="role")


def test_somebody_who_is_nobody_is_refused(harness: Harness) -> None:
    event = by(harness, EVENT, "pia", role="privacy", userId=f"p-{uuid.uuid4()}")
    harness.refused(event, "NotAllowed", reason="nobody")


def test_it_is_audited_with_whose_data_it_is(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    user = somebody(harness)
    with caplog.at_level(logging.INFO):
        harness.invoke(by(harness, EVENT, "pia", role="privacy", userId=user))
    (decision,) = [vars(each) for each in caplog.records if vars(each).get("kind") == "audit"]
    assert (decision["outcome"], decision["actor"], decision["target"]) == ("done", actor("pia"), actor(user))
