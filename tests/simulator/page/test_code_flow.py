"""Signing in at a local issuer by an authorization code with PKCE."""

import base64
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from simulator.auth.issuers import Issuer
from tests.simulator.page.conftest import Browser

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def flow(issuer: Issuer) -> str:
    return issuer.sign_in_path


def asked(browser: Browser, issuer: Issuer, **changed: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": issuer.form.client,
        "redirect_uri": f"{browser.origin}/signed-in",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "a state with = and &",
        **changed,
    }


async def code(browser: Browser, issuer: Issuer, user: str = "alice") -> str:
    status, _, headers = await browser.ask(
        "POST", f"{issuer.sign_in_path}/authorize", data={**asked(browser, issuer), "user": user}
    )
    assert status == 303
    target = urlsplit(headers["Location"])
    said = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{browser.origin}/signed-in"
    assert said["state"] == ["a state with = and &"]
    return str(said["code"][0])


async def redeem(
    browser: Browser, issuer: Issuer, code: str, **changed: str
) -> tuple[int, Mapping[str, Any]]:
    said = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": issuer.form.client,
        "redirect_uri": f"{browser.origin}/signed-in",
        "code_verifier": VERIFIER,
        **changed,
    }
    status, body, _ = await browser.ask("POST", f"{issuer.sign_in_path}/token", data=said)
    return status, json.loads(body)


async def test_the_form_carries_what_was_asked_for(browser: Browser, issuer: Issuer, flow: str) -> None:
    question = urlencode(asked(browser, issuer, state='"><script>'))
    status, page, headers = await browser.ask("GET", f"{flow}/authorize?{question}")
    assert status == 200
    assert "<script>" not in page
    assert {"alice", "bob", "carol"} <= set(re.findall(r'name="user" value="(\w+)"', page))
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"  # else a browser sends the form without its origin


async def test_a_code_is_a_token_once(browser: Browser, issuer: Issuer) -> None:
    given = await code(browser, issuer)
    status, answer = await redeem(browser, issuer, given)
    claims = issuer.verify(answer["access_token"], lambda: 0.0)
    assert (status, claims["sub"], answer["token_type"]) == (200, "alice", "Bearer")
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 3_600
    assert "cognito:groups" not in claims
    assert await redeem(browser, issuer, given) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "another"},
        {"client_id": "another"},
        {"redirect_uri": "https://other.example/"},
        {"code": "another"},
    ],
)
async def test_a_code_is_for_whoever_asked_for_it(
    browser: Browser, issuer: Issuer, changed: dict[str, str]
) -> None:
    given = await code(browser, issuer)
    assert await redeem(browser, issuer, **{"code": given, **changed}) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://other.example/"},
        {"redirect_uri": "//other.example/"},
        {"redirect_uri": ""},
        {"client_id": "another"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
async def test_nobody_is_sent_elsewhere(
    browser: Browser, issuer: Issuer, flow: str, changed: dict[str, str]
) -> None:
    said = asked(browser, issuer, **changed)
    assert (await browser.ask("GET", f"{flow}/authorize?{urlencode(said)}"))[0] == 400
    assert (await browser.ask("POST", f"{flow}/authorize", data={**said, "user": "alice"}))[0] == 400


@pytest.mark.parametrize("path", ["authorize", "token"])
async def test_other_websites_sign_nobody_in(browser: Browser, issuer: Issuer, flow: str, path: str) -> None:
    said = {**asked(browser, issuer), "user": "alice"}
    for headers in ({"Origin": "https://other.example"}, {"Origin": None}):
        assert (await browser.ask("POST", f"{flow}/{path}", data=said, **headers))[0] == 403


@pytest.mark.parametrize("user", ["", "a\x00", "x" * 129])
async def test_a_bad_name_is_refused(browser: Browser, issuer: Issuer, flow: str, user: str) -> None:
    said = {**asked(browser, issuer), "user": user}
    assert (await browser.ask("POST", f"{flow}/authorize", data=said))[0] == 400


async def test_the_issuer_names_these_endpoints(issuer: Issuer) -> None:
    (document,) = [
        json.loads(body) for path, body in issuer.documents.items() if path.endswith("openid-configuration")
    ]
    assert document["authorization_endpoint"] == f"http://127.0.0.1:4000{issuer.sign_in_path}/authorize"
    assert document["token_endpoint"] == f"http://127.0.0.1:4000{issuer.sign_in_path}/token"
