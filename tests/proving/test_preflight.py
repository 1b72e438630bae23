"""An endpoint that cannot be asked is a sentence and status 2 from each program, before anything is made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proving.__main__ import main

from .conftest import SAMPLE

PROGRAMS = {"conformance": (), "chaos": (), "load": ("--go",)}
HTML = "<!doctype html><h1>Sign in</h1>"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def page(_: web.Request) -> web.StreamResponse:
    return web.Response(text=HTML, content_type="text/html")


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=502, text=HTML, content_type="text/html")


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/")


async def denied(_: web.Request) -> web.StreamResponse:
    told = {
        "errors": [
            {"errorType": "UnauthorizedException", "message": "Valid authorization header not provided."}
        ]
    }
    return web.json_response(told, status=401)


async def other(_: web.Request) -> web.StreamResponse:
    return web.json_response(["no GraphQL"])


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def graphql(_: web.Request) -> web.StreamResponse:
    return web.json_response({"data": {"__typename": "Query"}})


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """Takes POST alone: who wants a WebSocket gets 404."""
    application = web.Application()
    application.router.add_post("/graphql", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bound: Any = runner.addresses[0]
        yield f"http://127.0.0.1:{bound[1]}/graphql"
    finally:
        await runner.cleanup()


async def said(
    program: str, url: str, folder: Path, capsys: pytest.CaptureFixture[str], *more: object
) -> str:
    """What is said of an endpoint that cannot be asked."""
    tokens = folder / "tokens"
    tokens.write_text("ann secret1\nben secret2\ncleo secret3\n", encoding="utf-8")
    given = [
        program,
        "--url",
        url,
        "--tokens",
        tokens,
        "--mapping",
        SAMPLE,
        "--patience",
        0.5,
        *PROGRAMS[program],
    ]
    status = await asyncio.to_thread(main, [str(each) for each in (*given, *more)])
    printed = capsys.readouterr()
    assert status == 2, printed
    assert "secret" not in printed.err + printed.out
    assert "✓" not in printed.out
    (line,) = printed.err.splitlines()
    return line


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (page, "is no address of GraphQL: HTTP 200, and no JSON."),
        (broken, "is no address of GraphQL: HTTP 502, and no JSON."),
        (elsewhere, "leads elsewhere (HTTP 302), and redirections are not followed."),
        (
            denied,
            "refuses the token of ann: HTTP 401, UnauthorizedException: Valid authorization header not provided.",
        ),
        (other, 'is no address of GraphQL: HTTP 200, ["no GraphQL"]'),
        (hangs, "cannot be asked: no answer within 0.5 s"),
    ],
)
async def test_what_is_no_endpoint_is_a_sentence(
    program: str, handler: Handler, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(handler) as url:
        assert await said(program, url, tmp_path, capsys) == f"{url} {words}"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_where_nobody_listens_or_speaks_tls_it_is_said(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Connect call failed" in await said(program, "http://127.0.0.1:1/graphql", tmp_path, capsys)
    async with served(graphql) as url:
        secure = url.replace("http:", "https:")
        assert f"{secure} cannot be asked: no answer: " in await said(program, secure, tmp_path, capsys)


@pytest.mark.parametrize("program", ["chaos", "load"])
async def test_where_nobody_can_listen_chaos_and_load_do_not_begin(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would hear nothing, and nothing wrong. Conformance has lines for it."""
    async with served(graphql) as url:
        assert "/graphql/realtime cannot be asked: no WebSocket: " in await said(
            program, url, tmp_path, capsys
        )


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_report_that_cannot_be_written_is_said_before(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "found.json"
    url = "http://127.0.0.1:1/graphql"
    assert await said(program, url, tmp_path, capsys, "--json", path) == f"{path} cannot be written."


async def test_a_check_that_there_is_not_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a run of nothing would be green."""
    url = "http://127.0.0.1:1/graphql"
    assert (
        await said("conformance", url, tmp_path, capsys, "--only", "chat.sent.*")
        == "There is no check chat.sent.*."
    )
