"""Fixtures of the tests of guarantees."""

from collections.abc import Iterator
from typing import Any

import pytest

from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.guarantees.support.fixtures import Clock
from tests.guarantees.support.proxy import Proxy, proxy_to


@pytest.hookimpl(tryfirst=True)  # the marks are read by another
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "session_proxy" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_engine("moto is asked without a connection that could break"))


@pytest.fixture(scope="session")
def session_proxy(functions_environ: None, endpoint: str) -> Iterator[Proxy]:
    with proxy_to(endpoint) as proxy:
        yield proxy


@pytest.fixture
def proxy(session_proxy: Proxy) -> Iterator[Proxy]:
    """The proxy before the engine, without any fault at first."""
    session_proxy.operations.clear()
    yield session_proxy
    session_proxy.heal()


@pytest.fixture(scope="session")
def proxied(session_proxy: Proxy) -> Any:
    """The functions' own kind of client, through the proxy; it waits a third of a second for an answer."""
    return aws_client("dynamodb", region=REGION, endpoint=session_proxy.url, timeout=0.33, lean=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()
