"""The keys that tokens are verified with: a JSON Web Key Set (RFC 7517), fetched, cached and safe to
rotate."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPMessage
from threading import Lock
from typing import Any

import jwt

from chat.identity.addresses import is_https
from chat.rules.rate import Rate

REFRESH_S = 600.0
"""A key set is fetched again after this long, so that a withdrawn key stops working."""
COOLDOWN_S = 30.0
"""After a fetch for a refresh, the next such fetch waits this long."""
UNKNOWN_KEY_IDS = Rate(1 / COOLDOWN_S, 4)
"""How often unknown key ids may make us fetch. A caller who invents them cannot make us fetch for each, and a
few invented ones do not hide a key that is new."""
RETRY_S = 5.0
"""While there are no keys at all, a fetch is tried this often, however many tokens come."""
MAX_KEY_SET_BYTES = 65_536
MIN_RSA_BITS = 2_048
"""RFC 7518, section 3.3."""


class KeysUnavailable(Exception):
    """The key set cannot be had. Constant text: AppSync passes an authorizer's exception on to the caller."""

    def __init__(self) -> None:
        super().__init__("The token keys cannot be read just now.")


class BadKeySet(Exception):
    """A document is no JSON Web Key Set, or holds no key that can be used."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Whoever redirects to an address without TLS is not followed: anybody on the way could give other keys."""

    def redirect_request(  # urllib calls it with these
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not is_https(newurl):
            raise OSError("a redirect to an address without TLS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch_key_set(url: str, timeout_s: float) -> bytes:
    """The document at `url`, an http or https address. Raises `OSError`."""
    opener = urllib.request.build_opener(_Redirects)
    try:
        with opener.open(url, timeout=timeout_s) as answer:  # settings allow http and https only
            document: bytes = answer.read(MAX_KEY_SET_BYTES + 1)
    except (HTTPException, ValueError) as error:
        raise OSError(type(error).__name__) from None
    return document


class KeySet:
    """Public keys by key id. Safe for threads.

    `fetch` answers the key set's JSON and raises `OSError` when it cannot; `monotonic` is in seconds.
    """

    def __init__(self, fetch: Callable[[], bytes], monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._unknown_tat = 0
        self._lock = Lock()

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key with this id, `None` when the key set lacks it. Raises `KeysUnavailable` when there is none
        at all."""
        if self._is_due(key_id):
            with self._lock:
                if self._is_due(key_id):
                    self._refresh(key_id)
        if not self._keys:
            raise KeysUnavailable from None
        return self._keys.get(key_id)

    def _is_due(self, key_id: str) -> bool:
        now = self._monotonic()
        if not self._keys:
            return now - self._tried_at >= RETRY_S
        if key_id not in self._keys:
            return UNKNOWN_KEY_IDS.wait(self._unknown_tat, _microseconds(now)) == 0
        return now - self._fetched_at > REFRESH_S and now - self._tried_at > COOLDOWN_S

    def _refresh(self, key_id: str) -> None:
        """Take over a new key set; while none can be had the old one stays. Who needs the first one waits for
        it, the others go on with what there is."""
        now = self._monotonic()
        if self._keys:
            self._tried_at = now
            if key_id not in self._keys:
                self._unknown_tat = UNKNOWN_KEY_IDS.taken(self._unknown_tat, _microseconds(now))
        try:
            self._keys = parse_key_set(self._fetch())
            self._fetched_at = now
        except (OSError, BadKeySet):
            return
        finally:
            self._tried_at = self._monotonic()


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def parse_key_set(text: bytes) -> dict[str, jwt.PyJWK]:
    """Signing keys by key id; keys of other kinds, for other uses or too short are passed over. Raises
    `BadKeySet`."""
    if len(text) > MAX_KEY_SET_BYTES:
        raise BadKeySet("too long")
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeySet("not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise BadKeySet("not a JSON Web Key Set")
    found = {}
    for each in document["keys"]:
        if isinstance(each, dict) and each.get("kty") in ("RSA", "EC") and each.get("use", "sig") == "sig":
            try:
                key = jwt.PyJWK(each)
            except jwt.PyJWTError:
                continue
            if each["kty"] == "EC" or key.key.key_size >= MIN_RSA_BITS:
                found[str(each.get("kid"))] = key
    if not found:
        raise BadKeySet("no usable key")
    return found
