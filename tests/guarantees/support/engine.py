"""A DynamoDB for the programs among these tests, which are not started by pytest."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from simulator import demo
from simulator.engine import embedded
from tests.conftest import choose_engine


@contextmanager
def engine(endpoint: str | None) -> Iterator[str]:
    """The address of a DynamoDB with the demo rooms: the one at
    `endpoint`, or one that ends with this context."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    with ExitStack() as stack:
        if endpoint is None:
            kind, why = choose_engine("auto")
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            endpoint = stack.enter_context(embedded(kind, home, in_memory=True))
            print(f"{kind}, {why}", flush=True)
        demo.seed(endpoint)
        yield endpoint
