"""The client in clients/typescript/ with the real functions behind it, over AppSync's protocol and over the gateway.

It needs Node 20 and its packages, so it runs where CHAT_CLIENT=1 says so (`make prove-client`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.ports import free_port

pytestmark = [
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(os.environ.get("CHAT_CLIENT") != "1", reason="needs Node 20: make prove-client"),
]
TTL = 3_000


@contextmanager
def running(command: list[str], environment: dict[str, str], folder: Path, project: Path) -> Iterator[str]:
    """A program of ours, once it has said that it is ready; what it said."""
    with (
        (folder / f"{command[1]}.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=project,
            env=os.environ | {"PYTHONPATH": ".:layers/chat/python", "S3_ENDPOINT": ""} | environment,
        ) as child,
    ):
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready.startswith("ready "), Path(log.name).read_text()[-2000:]
        try:
            yield ready.split()[1]
        finally:
            child.terminate()
            child.communicate(timeout=60)


def token(state: Path, url: str, project: Path, user: str, roles: str = "") -> str:
    """What `make token` prints."""
    port = url.removeprefix("http://127.0.0.1:").removesuffix("/graphql")
    given = [f"--state={state}", f"--port={port}", f"--user={user}", f"--ttl={TTL}"]
    command = [sys.executable, "-m", "simulator", "token", *given, *([f"--roles={roles}"] if roles else [])]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.strip()


def test_the_client_loses_nothing(endpoint: str, project: Path, tmp_path: Path) -> None:
    arguments = ["--port=0", f"--state={tmp_path}", f"--dynamodb-endpoint={endpoint}"]
    with running(["-m", "simulator", "run", *arguments], {}, tmp_path, project) as url:
        service = tmp_path / "gateway.token"
        service.write_text(token(tmp_path, url, project, "gateway", "gateway"))
        settings = {
            "APPSYNC_URL": url,
            "PORT": str(free_port()),
            "SERVICE_TOKEN": f"file:{service}",
            "JWT_ISSUER": "appsync-chat-local",
            "JWT_AUDIENCE": "appsync-chat",
            "JWT_JWKS_URL": url.replace("/graphql", "/.well-known/jwks.json"),
        }
        with running(["-m", "gateway"], settings, tmp_path, project) as address:
            tokens = {
                "admin": token(tmp_path, url, project, "admin", "admin"),
                "bob": token(tmp_path, url, project, "bob"),
            }
            told = {"CHAT_URL": url, "CHAT_GATEWAY": address, "CHAT_TOKENS": json.dumps(tokens)}
            done = subprocess.run(
                ["npx", "vitest", "run", "test/simulator.test.ts"],
                cwd=project / "clients" / "typescript",
                env=os.environ | told,
                check=False,
            )
    assert done.returncode == 0
