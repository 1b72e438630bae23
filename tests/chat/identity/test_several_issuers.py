"""Tokens of several issuers: the one that a token names has to have signed it, by its own keys and rules."""

import json
import time
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chat.identity.discovery import key_sets
from chat.identity.jwks import KeySet, KeysUnavailable
from chat.identity.sources import parse_sources
from chat.identity.tokens import Claims, TokenRefused, Verifier, unmarked, verify_token
from tests.chat.identity.documented import (
    ADMINS,
    AUTH0,
    CLIENT,
    ENTRA,
    KEYCLOAK,
    POOL,
    SOURCES,
    auth0,
    cognito,
    entra,
    keycloak,
    setting,
    source,
)

ISSUERS = (POOL, AUTH0, KEYCLOAK, ENTRA)
SOURCES_OF_TOKENS = [each for each in SOURCES if each["type"] in ("cognito", "oidc")]
ALL = parse_sources(setting(*SOURCES))
PRIVATE = {issuer: rsa.generate_private_key(public_exponent=65537, key_size=2048) for issuer in ISSUERS}


def jwks(issuer: str) -> bytes:
    """As Entra writes it, without `alg`; the key's id is the same at every issuer."""
    public: Any = jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE[issuer].public_key(), as_dict=True)
    return json.dumps({"keys": [public | {"kid": "1", "use": "sig"}]}).encode()


class Fetches:
    """Key sets of all issuers, and whose were fetched."""

    def __init__(self) -> None:
        self.of: list[str] = []
        self.down: set[str] = set()
        keys = {issuer: KeySet(partial(self.fetch, issuer), time.monotonic) for issuer in ISSUERS}
        self.verifier = Verifier(ALL.tokens, ALL.prefixes, keys)

    def fetch(self, issuer: str) -> bytes:
        self.of.append(issuer)
        if issuer in self.down:
            raise TimeoutError
        return jwks(issuer)


@pytest.fixture
def fetches() -> Fetches:
    return Fetches()


def signed(identity: dict[str, Any], by: str | None = None, **changes: Any) -> str:
    """A token with the claims of an identity, by its own issuer or by another."""
    now = int(time.time())
    said = identity["claims"] | {"iat": now, "exp": now + 600} | changes
    claims = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(claims, PRIVATE[by or said["iss"]], "RS256", {"kid": "1"})


KNOWN: dict[str, tuple[dict[str, Any], str, tuple[str, ...], str | None]] = {
    "Cognito, access token": (cognito("u1", "readers"), "u1", ("readers",), None),
    "Cognito, ID token": (cognito("u1", ADMINS, use="id", locale="es-MX"), "u1", ("admin", ADMINS), "es"),
    "Auth0": (auth0("auth0|5f7c", "editor"), "a0:auth0|5f7c", ("editor",), None),
    "Keycloak": (keycloak("2f6a"), "kc:2f6a", ("offline_access",), None),
    "Entra": (entra("00aa", ADMINS), "entra:00aa", ("admin", ADMINS), None),
}


@pytest.mark.parametrize(("identity", "user_id", "roles", "locale"), KNOWN.values(), ids=KNOWN.keys())
def test_a_token_of_each_issuer_names_its_user(
    fetches: Fetches, identity: dict[str, Any], user_id: str, roles: tuple[str, ...], locale: str | None
) -> None:
    exp = int(time.time()) + 300
    iat = exp - 400
    answer = verify_token(signed(identity, exp=exp, iat=iat), fetches.verifier)
    assert answer == Claims(user_id, roles, locale, exp, identity["claims"].get("auth_time", iat))
    assert fetches.of == [identity["issuer"]]


def refused(token: str, verifier: Verifier) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        verify_token(token, verifier)
    return caught.value


@pytest.mark.parametrize("issuer", [*ISSUERS[1:], POOL + "x", "https://evil.example.com", ""], ids=str)
def test_a_token_that_names_an_issuer_who_has_not_signed_it_is_refused(fetches: Fetches, issuer: str) -> None:
    known = issuer in ISSUERS
    reason = "InvalidSignatureError" if known else "InvalidIssuerError"
    assert refused(signed(cognito("u1"), by=POOL, iss=issuer), fetches.verifier).reason == reason
    assert fetches.of == ([issuer] if known else [])


def test_an_issuer_that_is_not_known_makes_nobody_fetch(fetches: Fetches) -> None:
    for issuer in (POOL + "/", POOL.upper(), "https://evil.example.com", None, ["x"], {"a": 1}, 7):
        token = signed(cognito("u1"), by=POOL)
        header, _, signature = token.split(".")
        body = jwt.utils.base64url_encode(json.dumps({"iss": issuer, "sub": "u1"}).encode()).decode()
        assert refused(f"{header}.{body}.{signature}", fetches.verifier).reason == "InvalidIssuerError"
    assert fetches.of == []


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "another client": (cognito("u1", client_id="x"), "InvalidAudienceError", "TokenRefusedInvalidAudienceError"),
    "another audience": (auth0("a", aud="x"), "InvalidAudienceError", "TokenRefusedInvalidAudienceError"),
    "another party": (keycloak("a", azp="x", aud="web"), "InvalidAudienceError", "TokenRefusedInvalidAudienceError"),
    "another use": (cognito("u1", token_use="refresh"), "tokenUse", "TokenRefusedTokenUse"),
    "no id": (entra("x", oid=None), "subject", "TokenRefusedSubject"),
    "another source's id": (cognito("iam:gateway"), "subject", "TokenRefusedSubject"),
    "roles of 10 KB": (cognito("u1", *("x" * 100 for _ in range(50))), "roles", "TokenRefusedRoles"),
    "no end": (keycloak("a"), "MissingRequiredClaimError", "TokenRefusedMissingRequiredClaimError"),
}  # fmt: skip


@pytest.mark.parametrize(("case"), REFUSED, ids=str)
def test_why_a_token_is_refused_is_a_reason_and_a_metric(fetches: Fetches, case: str) -> None:
    identity, reason, metric = REFUSED[case]
    refusal = refused(signed(identity, **({"exp": None} if case == "no end" else {})), fetches.verifier)
    assert (refusal.reason, refusal.metric) == (reason, metric)


def test_a_token_of_two_sources_is_refused() -> None:
    one = source("keycloak", clients=None, audiences=["a"])
    two = source("keycloak", clients=None, audiences=["b"], name="two", prefix="two:")
    sources = parse_sources(setting(one, two))
    keys = {KEYCLOAK: KeySet(lambda: jwks(KEYCLOAK), time.monotonic)}
    verifier = Verifier(sources.tokens, sources.prefixes, keys)
    assert verify_token(signed(keycloak("x", aud="b")), verifier).user_id == "two:x"
    assert refused(signed(keycloak("x", aud=["a", "b"])), verifier).reason == "ambiguous"


def test_an_algorithm_is_the_sources_own(fetches: Fetches) -> None:
    token = jwt.encode(cognito("u1")["claims"], PRIVATE[POOL], "RS512", {"kid": "1"})
    assert refused(token, fetches.verifier).reason == "algorithm"
    assert fetches.of == []


def test_while_one_issuers_keys_cannot_be_had_the_others_are_verified(fetches: Fetches) -> None:
    fetches.down = {KEYCLOAK}
    with pytest.raises(KeysUnavailable):
        verify_token(signed(keycloak("a")), fetches.verifier)
    assert verify_token(signed(cognito("u1")), fetches.verifier).user_id == "u1"


def test_each_source_brings_its_keys_or_says_where_they_are() -> None:
    text = jwks(KEYCLOAK).decode()
    (with_keys,) = parse_sources(json.dumps([source("keycloak", jwks=text, prefix="")])).tokens
    verifier = Verifier((with_keys,), ("",), key_sets([with_keys], 1.0, time.monotonic))
    assert verify_token(signed(keycloak("a")), verifier).user_id == "a"


@pytest.mark.parametrize("marker", ["chat.", "~", "x" * 32])
def test_a_marker_is_stripped_and_a_token_without_it_is_refused(marker: str) -> None:
    assert unmarked(f"{marker}eyJ", marker) == "eyJ"
    for token in ("eyJ", f"Bearer {marker}eyJ", f" {marker}eyJ", marker[1:], ""):
        with pytest.raises(TokenRefused) as caught:
            unmarked(token, marker)
        assert (caught.value.reason, caught.value.metric) == ("marker", "TokenRefusedMarker")


def test_without_a_marker_a_token_stays_as_it_is() -> None:
    assert unmarked("Bearer eyJ", "") == "Bearer eyJ"


def test_a_client_of_one_pool_is_none_of_another() -> None:
    """Ids of clients are unique in one pool alone."""
    other = POOL + "2"
    sources = parse_sources(
        setting(source("pool"), source("pool", name="b", issuer=other, prefix="b:", clients=["x"]))
    )
    keys = {issuer: KeySet(lambda: jwks(POOL), time.monotonic) for issuer in (POOL, other)}
    verifier = Verifier(sources.tokens, sources.prefixes, keys)
    assert (
        refused(signed(cognito("u1", iss=other, client_id=CLIENT), by=POOL), verifier).reason
        == "InvalidAudienceError"
    )
    assert verify_token(signed(cognito("u1", iss=other, client_id="x"), by=POOL), verifier).user_id == "b:u1"
