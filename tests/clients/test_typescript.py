"""The client in clients/typescript/ with the real functions behind it, over AppSync's protocol and over the gateway.

It needs Node 20 and its packages, so it runs where CHAT_CLIENT=1 says so (`make prove-client`), and with browsers where
CHAT_BROWSERS=1 does (`make test-browsers`). Both compare the client's model of the server with the functions.
"""

import os
from pathlib import Path

import pytest

from tests.clients.programs import the_chat, vitest

pytestmark = pytest.mark.timeout(3_600)


@pytest.mark.skipif(os.environ.get("CHAT_CLIENT") != "1", reason="needs Node 20: make prove-client")
def test_the_client_loses_nothing(endpoint: str, project: Path, tmp_path: Path) -> None:
    with the_chat(endpoint, tmp_path, project) as told:
        assert vitest(project, told, "test/simulator.test.ts") == 0


@pytest.mark.skipif(
    "1" not in (os.environ.get("CHAT_CLIENT"), os.environ.get("CHAT_BROWSERS")),
    reason="needs Node 20: make test-browsers",
)
def test_the_model_answers_as_the_functions(endpoint: str, project: Path, tmp_path: Path) -> None:
    with the_chat(endpoint, tmp_path, project) as told:
        assert vitest(project, told, "test/recorded.test.ts") == 0


@pytest.mark.skipif(os.environ.get("CHAT_BROWSERS") != "1", reason="needs browsers: make test-browsers")
def test_browsers_lose_nothing(endpoint: str, project: Path, tmp_path: Path) -> None:
    with the_chat(endpoint, tmp_path, project) as told:
        assert vitest(project, told, "--no-file-parallelism", "test/browsers") == 0
