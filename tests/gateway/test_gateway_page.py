"""docs/gateway.md is tried as it stands; `make gateway` asks for its API first, and ends quietly."""

import asyncio
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.engine import PROJECT
from simulator.keys import AUDIENCE, ISSUER
from tests.gateway.conftest import Serve

PAGE = (PROJECT / "docs" / "gateway.md").read_text(encoding="utf-8")
MAKE_TOKEN, PYTHON, PORT = "make -s token USER=alice", ".venv-gateway/bin/python", "4100"


async def test_the_client_of_the_page_sends_and_receives(serve: Serve) -> None:
    """Verbatim but for the token's program, the environment's Python, the port and the room."""
    (client,) = re.findall(r"^    (\(echo .*\n.*)$", PAGE, re.MULTILINE)
    (typed,) = re.findall(r"^Type `(.*)`:", PAGE, re.MULTILINE)
    async with serve() as local, asyncio.timeout(30):
        room = local.room()
        for theirs, ours in (
            (PYTHON, sys.executable),
            (PORT, str(local.port)),
            ("lobby", room),
            (MAKE_TOKEN, f"echo {local.token('alice')}"),  # last: it may hold anything
        ):
            assert theirs in client
            client = client.replace(theirs, ours)
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", client, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.readuntil(b'"type":"subscribed"')
        process.stdin.write(typed.replace("lobby", room).encode() + b"\n")
        shown = b""
        while not (b'"type":"ack"' in shown and b'"type":"message"' in shown):  # in either order
            shown += await process.stdout.read(4_096)
        process.stdin.close()
        assert await process.wait() == 0


async def program(module: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """`python -m module`, with all that it writes as its output."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=PROJECT,
        env={"PYTHONPATH": ".:layers/chat/python", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def check(environment: Mapping[str, str]) -> tuple[int | None, str]:
    """The exit code of `python -m gateway.check`, and what it says."""
    process = await program("gateway.check", environment)
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.fixture
def environment(service_token: Path) -> dict[str, str]:
    """A gateway's settings, but for where the API is."""
    return {
        "SERVICE_TOKEN": f"file:{service_token}",
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_JWKS_URL": "http://127.0.0.1/",
    }


async def test_a_gateway_says_at_once_that_no_api_answers(
    serve: Serve, environment: dict[str, str], unused_tcp_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}/graphql"
    assert await check({**environment, "APPSYNC_URL": nowhere}) == (1, f"no API answers at {nowhere}\n")
    async with serve() as local:
        assert await check({**environment, "APPSYNC_URL": local.api.url}) == (0, "")


async def test_ctrl_c_ends_a_gateway_without_a_traceback(
    environment: dict[str, str], unused_tcp_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}/graphql"
    process = await program("gateway", {**environment, "APPSYNC_URL": nowhere, "PORT": "0"})
    assert process.stdout is not None
    assert (await process.stdout.readline()).startswith(b"ready ws://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert (process.returncode, b"Traceback" in output) == (0, False)


def test_the_makefile_checks_before_it_starts() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\ngateway:")[1].split("\n\n")[0]
    assert recipe.index("-m gateway.check") < recipe.index("exec $(GATEWAY) -m gateway")
