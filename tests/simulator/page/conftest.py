"""A server with a page beside its API, from a folder of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulator.auth.issuers import Issuer, local_issuer
from simulator.auth.modes import Mode
from simulator.page.code_flow import CodeFlow
from simulator.page.demo_tokens import DemoTokens
from simulator.page.documentation import Documentation
from simulator.page.explorer import Explorer
from simulator.page.site import Site


@dataclass
class Browser:
    """What asks: a page of the server, unless it says something else."""

    http: aiohttp.ClientSession
    origin: str
    minted: list[tuple[str, int]] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, *, data: Any = None, host: str | None = None, **headers: str | None
    ) -> tuple[int, str, Any]:
        """Status, body and headers. A header that is None is not sent; `_` in a name is `-`."""
        sent = {"Origin": self.origin} if method == "POST" else {}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {name: value for name, value in (sent | given).items() if value is not None}
        if host is not None:
            merged["Host"] = host
        async with self.http.request(
            method, self.origin + path, data=data, headers=merged, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
def built(tmp_path: Path) -> Path:
    return tmp_path / "dist"


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return local_issuer(
        Mode.COGNITO, "auth0", folder=tmp_path, address="http://127.0.0.1:4000", region="us-east-1"
    )


@pytest.fixture
async def browser(
    serve: Callable[..., AbstractAsyncContextManager[Any]], built: Path, issuer: Issuer
) -> AsyncIterator[Browser]:
    minted: list[tuple[str, int]] = []

    def mint(user: str, now: int) -> str:
        minted.append((user, now))
        return f"token-of-{user}"

    site = Site(
        built,
        {"signIn": []},
        "http://127.0.0.1:9000",
        demo=DemoTokens(mint),
        flows=(CodeFlow(issuer),),
        explorer=Explorer(built.parent / "explorer"),
        documentation=Documentation("sender"),
    )
    async with serve(site=site) as client:
        yield Browser(client.http, f"http://127.0.0.1:{client.address.port}", minted)
