"""Fixtures of the functions' tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.keys import SigningKey
from tests.resolvers.harness import Harness


@pytest.fixture(autouse=True)
def _forget_old_rooms(harness: Harness) -> None:
    harness.forget_old_rooms()


@pytest.fixture(scope="session")
def harness(client: Any, key: SigningKey, project: Path) -> Iterator[Harness]:
    harness = Harness(project, key, client)
    yield harness
    harness.functions.close()
