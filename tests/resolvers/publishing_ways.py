"""The functions as a deployment has them that publishes otherwise, or derives nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chat_lambda.settings import settings


@contextmanager
def deployed(**variables: str) -> Iterator[None]:
    """The functions' environment has these as well. A function reads its settings once: they are read anew."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()
