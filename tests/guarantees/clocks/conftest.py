"""What these tests share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest


@pytest.fixture(autouse=True)
def _a_test_leaves_nothing(leaving_nothing: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    with leaving_nothing():
        yield
