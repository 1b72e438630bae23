"""The functions as a deployment has them with settings of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chat_lambda import compose
from chat_lambda.settings import settings
from tests.resolvers.harness import Harness
from tests.resolvers.rights import Rights


@contextmanager
def composed(harness: Harness, **variables: str) -> Iterator[None]:
    """The functions are composed anew, with `variables` in their environment; and again at the end, without."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        compose_anew(harness)
        yield
    compose_anew(harness)


def compose_anew(harness: Harness) -> None:
    """Each process composes its functions once, from its environment: again."""
    for part in (settings, compose.hooks, compose.deployment):
        part.cache_clear()
    harness.deployment = compose.deployment()
    harness.rights = Rights(harness.deployment.store)
