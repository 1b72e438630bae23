"""Signing in at a local issuer: the authorization code flow with PKCE, as a page does it with Cognito or another provider.

RFC 6749 section 4.1 and RFC 7636 with `S256` alone. Whoever is at this machine says who they are: there are no passwords.
Redirects go to this server's own pages. Nobody becomes an administrator here.
"""

import base64
import hmac
import html
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from chat.rules.rooms import is_user_id
from simulator.auth.issuers import Issuer
from simulator.auth.people import Person
from simulator.page.demo_tokens import PEOPLE, TTL
from simulator.page.guard import check_host, check_same_origin
from simulator.page.headers import PAGE_HEADERS

CODE_SECONDS = 60.0
MOST_CODES = 1_000
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""https://www.rfc-editor.org/rfc/rfc7636#section-4.2"""
ASKED = ("response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method", "state")


@dataclass(frozen=True, slots=True)
class _Code:
    user: str
    client_id: str
    redirect_uri: str
    challenge: str
    until: float


@dataclass(slots=True)
class CodeFlow:
    """Of one issuer, whose form names the only client that there is."""

    issuer: Issuer
    ttl: int = TTL
    _codes: dict[str, _Code] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.issuer.sign_in_path

    @property
    def client_id(self) -> str:
        return self.issuer.form.client

    async def ask(self, request: web.Request) -> web.Response:
        """The form in which somebody says who they are."""
        check_host(request)
        asked = self._asked(request, request.query)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">' for name in ASKED
        )
        people = "".join(f'<button name="user" value="{name}">{name}</button> ' for name in PEOPLE)
        return web.Response(
            text=_FORM.format(path=f"{self.path}/authorize", hidden=hidden, people=people),
            content_type="text/html",
            headers=PAGE_HEADERS | _FORM_HEADERS,
        )

    async def grant(self, request: web.Request) -> web.Response:
        """The form came back: to the page with a code."""
        check_same_origin(request)
        said = {name: str(value) for name, value in (await request.post()).items()}
        asked, user = self._asked(request, said), said.get("user") or said.get("other", "")
        if not is_user_id(user):
            raise web.HTTPBadRequest(text="This is no user id.")
        now = time.monotonic()
        self._codes = {code: each for code, each in self._codes.items() if each.until > now}
        if len(self._codes) >= MOST_CODES:
            raise web.HTTPServiceUnavailable(text="Too many codes are waiting.")
        code = secrets.token_urlsafe(32)
        granted = _Code(
            user, asked["client_id"], asked["redirect_uri"], asked["code_challenge"], now + CODE_SECONDS
        )
        self._codes[code] = granted
        target = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        raise web.HTTPSeeOther(target, headers={"Cache-Control": "no-store"})

    async def token(self, request: web.Request) -> web.Response:
        """The code against a token: once, with the verifier of its challenge."""
        check_same_origin(request)
        said = {name: str(value) for name, value in (await request.post()).items()}
        granted = self._codes.pop(said.get("code", ""), None)
        if said.get("grant_type") != "authorization_code":
            return _refused("unsupported_grant_type")
        if granted is None or granted.until <= time.monotonic() or not _is_for(granted, said):
            return _refused("invalid_grant")
        token = self.issuer.token(Person(granted.user), now=int(time.time()), ttl=self.ttl)
        return _json({"access_token": token, "token_type": "Bearer", "expires_in": self.ttl})

    def _asked(self, request: web.Request, said: Mapping[str, str]) -> dict[str, str]:
        """What the page asks for, checked. Raises HTTPBadRequest: nobody is sent to an address that is not ours."""
        asked = {name: said.get(name, "") for name in ASKED}
        at = urlsplit(asked["redirect_uri"])
        scheme = "https" if request.secure else "http"
        if (at.scheme, at.netloc) != (scheme, request.headers["Host"]) or at.query or at.fragment:
            raise web.HTTPBadRequest(text="redirect_uri: not a page of this server.")
        if asked["client_id"] != self.client_id:
            raise web.HTTPBadRequest(text="client_id: there is no such client.")
        if asked["response_type"] != "code" or asked["code_challenge_method"] != "S256":
            raise web.HTTPBadRequest(text="Only response_type=code and code_challenge_method=S256 are known.")
        if not _CHALLENGE.fullmatch(asked["code_challenge"]):
            raise web.HTTPBadRequest(text="code_challenge: not base64url of a SHA-256.")
        return asked


def _is_for(granted: _Code, said: Mapping[str, str]) -> bool:
    digest = sha256(said.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        hmac.compare_digest(challenge, granted.challenge)
        and said.get("client_id") == granted.client_id
        and said.get("redirect_uri") == granted.redirect_uri
    )


def _refused(error: str) -> web.Response:
    """https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""
    return _json({"error": error}, status=400)


def _json(answer: Mapping[str, object], status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(answer),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


_CSP = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_FORM_HEADERS = {"Content-Security-Policy": _CSP, "Referrer-Policy": "same-origin"}
"""Without a referrer browsers send `Origin: null` with a form (https://fetch.spec.whatwg.org/#append-a-request-origin-header),
which is refused."""
_FORM = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in</title><link rel="stylesheet" href="/plain.css">
<main><h1>Who are you?</h1><p>This is the issuer of this machine. It knows no passwords.</p>
<form method="post" action="{path}">{hidden}<p>{people}</p>
<p><label for="other">Somebody else</label> <input id="other" name="other" maxlength="128" autocomplete="username">
<button>Sign in</button></p></form></main></html>
"""
