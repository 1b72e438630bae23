"""The programs that the client in clients/typescript/ speaks to: the API and the gateway before it, with tokens for them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.ports import free_port

TTL = 3_500
CLIENT = Path("clients") / "typescript"


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


@contextmanager
def the_chat(endpoint: str, folder: Path, project: Path) -> Iterator[dict[str, str]]:
    """Both programs on the DynamoDB at `endpoint`; what clients/typescript/test/real.ts reads from its environment."""
    page_port = str(free_port())
    arguments = ["--port=0", f"--state={folder}", f"--dynamodb-endpoint={endpoint}"]
    with running(["-m", "simulator", "run", *arguments], {}, folder, project) as url:
        service = folder / "gateway.token"
        service.write_text(token(folder, url, project, "gateway", "gateway"))
        settings = {
            "APPSYNC_URL": url,
            "PORT": str(free_port()),
            "SERVICE_TOKEN": f"file:{service}",
            "JWT_ISSUER": "appsync-chat-local",
            "JWT_AUDIENCE": "appsync-chat",
            "JWT_JWKS_URL": url.replace("/graphql", "/.well-known/jwks.json"),
            "ALLOWED_ORIGINS": f"http://127.0.0.1:{page_port}",
        }
        with running(["-m", "gateway"], settings, folder, project) as address:
            tokens = {
                "admin": token(folder, url, project, "admin", "admin"),
                "bob": token(folder, url, project, "bob"),
                "carol": token(folder, url, project, "carol"),
            }
            yield {
                "CHAT_URL": url,
                "CHAT_GATEWAY": address,
                "CHAT_TOKENS": json.dumps(tokens),
                "CHAT_PAGE_PORT": page_port,
            }


def vitest(project: Path, told: dict[str, str], *files: str) -> int:
    """The client's own tests in these files; what vitest ended with."""
    command = ["npx", "vitest", "run", *files]
    return subprocess.run(command, cwd=project / CLIENT, env=os.environ | told, check=False).returncode
