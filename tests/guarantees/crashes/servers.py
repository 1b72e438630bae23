"""The API, the gateway and the engine as programs that are killed, frozen and started again."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.engine import PROJECT, home_of
from simulator.keys import AUDIENCE, ISSUER, SigningKey, new_signing_key, signing_key
from simulator.ports import free_port

STARTS_WITHIN = 60.0
FROZEN_S = (0.5, 4.0)
"""How long a program stands still, at least and at most."""


@dataclass
class Program:
    """One program, on a port that it keeps over its lives."""

    command: list[str]
    environment: Mapping[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220  it returns at once
                self.command,
                cwd=PROJECT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not await self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command} did not start: see {self.log}")
            await asyncio.sleep(0.1)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def signal(self, number: signal.Signals) -> None:
        if self.process:
            self.process.send_signal(number)


@dataclass
class Servers:
    """All of them, with their state in one folder. `options`: more of the API's. `jwks_url`: where the keys are that tokens are
    signed with, where another issuer than the API itself has them."""

    home: Path
    engine: str
    options: Sequence[str] = ()
    jwks_url: str = ""
    keys: SigningKey = field(default_factory=new_signing_key)
    api: Program = field(init=False)
    gateway: Program = field(init=False)

    def __post_init__(self) -> None:
        if not self.jwks_url:
            self.keys = signing_key(self.home / "keys")
        self.api = self._api()
        self.gateway = self._gateway()

    def _api(self) -> Program:
        port = free_port()
        command = [sys.executable, "-m", "simulator", "run", f"--port={port}", f"--engine={self.engine}"]
        keys = [f"--jwks-url={self.jwks_url}"] if self.jwks_url else []
        return Program(
            [*command, f"--state={self.home}", *keys, *self.options], {}, port, self.home / "api.log"
        )

    def _gateway(self) -> Program:
        self.renew_gateway_token()
        port = free_port()
        environment = {
            "APPSYNC_URL": f"http://127.0.0.1:{self.api.port}/graphql",
            "PORT": str(port),
            "SERVICE_TOKEN": f"file:{self.gateway_token}",
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "JWT_JWKS_URL": self.jwks_url or f"http://127.0.0.1:{self.api.port}/.well-known/jwks.json",
        }
        return Program([sys.executable, "-m", "gateway"], environment, port, self.home / "gateway.log")

    @property
    def gateway_token(self) -> Path:
        return self.home / "gateway.token"

    def renew_gateway_token(self) -> None:
        """What the gateway comes with, signed with the key of now. It reads it when it starts."""
        self.gateway_token.write_text(self.token("gateway", roles=["gateway"]))

    @property
    def graphql(self) -> str:
        return f"http://127.0.0.1:{self.api.port}/graphql"

    def token(self, user: str, **claims: object) -> str:
        return self.keys.mint(user, now=int(time.time()), ttl=86_400, **claims)  # type: ignore[arg-type]

    async def start(self) -> None:
        await self.api.start()
        await self.gateway.start()

    def stop(self) -> None:
        self.gateway.stop()
        self.api.stop()

    def engine_process(self) -> int:
        """The id of the engine's own process."""
        found = json.loads((home_of(self.engine, self.home) / "engine.json").read_text())  # type: ignore[arg-type]
        return int(found["engine"])

    async def fault(self, name: str, seconds: float) -> None:
        """One of `FAULTS`; it is over when this returns, but for an engine that its host starts again."""
        what, target = name.split(" ")
        program = {"api": self.api, "gateway": self.gateway}.get(target)
        if what == "kill" and program:
            program.kill()
            await asyncio.sleep(seconds / 4)
            await program.start()
        elif program:
            program.signal(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            program.signal(signal.SIGCONT)
        else:
            engine = self.engine_process()
            os.kill(engine, signal.SIGKILL if what == "kill" else signal.SIGSTOP)
            await asyncio.sleep(seconds)
            if what == "freeze":
                os.kill(engine, signal.SIGCONT)


FAULTS = ("kill api", "kill gateway", "kill engine", "freeze api", "freeze gateway", "freeze engine")
