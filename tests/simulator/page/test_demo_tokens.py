"""Tokens of demo people: for this server's own page, never of an administrator."""

import json
from typing import Any

import pytest

from tests.simulator.page.conftest import Browser

JSON = "application/json"
ALICE = json.dumps({"user": "alice"})


async def ask(browser: Browser, data: Any = ALICE, **headers: Any) -> tuple[int, Any]:
    status, body, _ = await browser.ask("POST", "/demo/token", data=data, **{"Content_Type": JSON, **headers})
    return status, json.loads(body)


async def test_a_page_of_this_server_gets_one(browser: Browser) -> None:
    assert await ask(browser) == (200, {"token": "token-of-alice", "expiresInSeconds": 3600})
    assert [user for user, _ in browser.minted] == ["alice"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "https://other.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"host": "evil.example:4000", "Origin": "http://evil.example:4000"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": None},
    ],
)
async def test_nobody_else_does(browser: Browser, headers: Any) -> None:
    status, answer = await ask(browser, **headers)
    assert status in (400, 403, 421)
    assert answer["errors"]
    assert browser.minted == []


@pytest.mark.parametrize("user", ["admin", "gateway"])
async def test_there_is_none_of_an_administrator_or_a_service(browser: Browser, user: str) -> None:
    assert (await ask(browser, json.dumps({"user": user})))[0] == 400
    assert browser.minted == []


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"user": 1}',
        '{"user": null}',
        '{"user": ""}',
        '{"user": "a\\u0000"}',
        '{"user": "\\ud800"}',
        json.dumps({"user": "x" * 129}),
        "[" * 100_000,
    ],
)
async def test_bad_input_is_refused(browser: Browser, data: str) -> None:
    assert (await ask(browser, data))[0] == 400
    assert browser.minted == []


async def test_roles_are_not_asked_for_here(browser: Browser) -> None:
    await ask(browser, json.dumps({"user": "alice", "roles": ["admin"]}))
    assert [user for user, _ in browser.minted] == ["alice"]


async def test_it_is_not_kept_by_caches(browser: Browser) -> None:
    _, _, headers = await browser.ask("POST", "/demo/token", data=ALICE, Content_Type=JSON)
    assert headers["Cache-Control"] == "no-store"
