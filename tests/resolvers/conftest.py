"""Fixtures of the functions' tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from simulator.keys import SigningKey
from tests.resolvers.harness import Harness


@pytest.fixture(autouse=True)
def _forget_old_rooms(
    harness: Harness, leaving_nothing: Callable[[], AbstractContextManager[None]]
) -> Iterator[None]:
    harness.forget_old_rooms()
    with leaving_nothing():
        yield


@pytest.fixture(scope="session")
def harness(client: Any, key: SigningKey, project: Path) -> Iterator[Harness]:
    harness = Harness(project, key, client)
    yield harness
    harness.functions.close()
