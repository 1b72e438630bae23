"""Event files say what a token should be, and get one that is so."""

from typing import Any

import jwt
import pytest

from simulator.event import BadEvent
from simulator.keys import AUDIENCE, ISSUER, SigningKey, new_signing_key
from simulator.placeholders import filled

NOW = 1_000


@pytest.fixture(scope="module")
def own() -> SigningKey:
    return new_signing_key()


def read(token: str, key: SigningKey) -> dict[str, Any]:
    trusted: Any = key.private.public_key()
    claims: dict[str, Any] = jwt.decode(
        token, trusted, ["ES256"], options={"verify_exp": False, "verify_iat": False, "verify_aud": False}
    )
    return claims


def test_a_placeholder_becomes_a_token_of_the_trusted_key(own: SigningKey) -> None:
    token = filled("${token user=alice}", own, now=NOW)
    assert read(token, own) == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": NOW,
        "exp": NOW + 3600,
    }


def test_each_part_of_a_placeholder_shows_in_the_token(own: SigningKey) -> None:
    text = "${token user=al#ice ttl=-60 audience=a issuer=https://b.example roles=admin,auditor locale=es}"
    assert read(filled(text, own, now=NOW), own) == {
        "iss": "https://b.example",
        "aud": "a",
        "sub": "al#ice",
        "iat": NOW,
        "exp": NOW - 60,
        "roles": ["admin", "auditor"],
        "locale": "es",
    }


def test_another_key_signs_under_the_trusted_keys_name(own: SigningKey) -> None:
    token = filled("${token user=alice key=another}", own, now=NOW)
    assert jwt.get_unverified_header(token)["kid"] == own.public_jwk["kid"]
    with pytest.raises(jwt.InvalidSignatureError):
        read(token, own)


def test_a_token_without_algorithm_has_no_signature(own: SigningKey) -> None:
    token = filled("${token user=alice algorithm=none}", own, now=NOW)
    assert jwt.get_unverified_header(token)["alg"] == "none"
    assert token.endswith(".")


def test_what_stands_around_a_placeholder_and_beside_it_stays(own: SigningKey) -> None:
    event = {"a": ["Bearer ${token user=alice}", 1, None, "${else}"], "b": {"c": "text"}}
    expanded = filled(event, own, now=NOW)
    assert read(expanded["a"][0].removeprefix("Bearer "), own)["sub"] == "alice"
    assert expanded["a"][1:] == [1, None, "${else}"]
    assert expanded["b"] == {"c": "text"}


@pytest.mark.parametrize(
    "parts",
    ["", " user=alice colour=red", " user=alice ttl=soon", " user=alice key=mine", " user=a algorithm=HS1"],
)
def test_a_wish_that_cannot_be_met_is_named(own: SigningKey, parts: str) -> None:
    with pytest.raises(BadEvent, match=r"^EVENT: a token"):
        filled("${token" + parts + "}", own, now=NOW)
