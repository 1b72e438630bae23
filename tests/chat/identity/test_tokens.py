"""A token is good only if the trusted issuer signed it, for us, for now, for somebody."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from chat.identity.jwks import KeySet, KeysUnavailable
from chat.identity.tokens import LEEWAY_S, MAX_END, Claims, TokenRefused, TokenRules, verify_token
from simulator.keys import AUDIENCE, ISSUER, claims, new_signing_key
from tests.chat.rules.test_user_ids import NO_SUBJECTS, SUBJECTS

KEY, OTHER = new_signing_key(), new_signing_key()
KID = KEY.public_jwk["kid"]
SECRET = b"s" * 32
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_JWK = {**jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "r"}
JWKS = json.dumps({"keys": [KEY.public_jwk, RSA_JWK]}).encode()


def key_set(document: bytes = JWKS) -> KeySet:
    return KeySet(lambda: document, time.monotonic)


RULES = TokenRules(ISSUER, AUDIENCE, ("ES256",), key_set())
EVERY = TokenRules(ISSUER, AUDIENCE, ("ES256", "RS256", "HS256"), key_set(), SECRET)


def said(**changes: object) -> dict[str, Any]:
    """A good token's claims with changes; `None` leaves a claim out."""
    whole = claims("alice", now=int(time.time()), ttl=600) | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(
    payload: object, header: dict[str, Any] | None = None, algorithm: str = "ES256", key: Any = None
) -> str:
    """A token over any JSON at all, since an issuer's mistakes are not
    limited to what a library would sign."""
    head = {"typ": "JWT", "alg": algorithm, "kid": KID} | (header or {})
    parts = [encoded(json.dumps(part).encode()) for part in (head, payload)]
    signing = ".".join(parts).encode()
    signer = jwt.get_algorithm_by_name(algorithm)
    prepared = KEY.private if key is None else key
    return ".".join([*parts, encoded(signer.sign(signing, prepared))])


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(token: str, rules: TokenRules = RULES) -> str:
    with pytest.raises(TokenRefused) as caught:
        verify_token(token, rules)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.reason


def test_a_good_token_names_its_user() -> None:
    payload = said()
    assert verify_token(signed(payload), RULES) == Claims("alice", (), None, payload["exp"], payload["iat"])


SIGN_INS: list[tuple[object, int | None]] = [
    (1_700_000_000, 1_700_000_000), (1_700_000_000.9, 1_700_000_000), ("1700000000", 1_700_000_000), (True, None), (-1, None),
    (10**12, None), ("soon", None), ([], None), ({}, None), (1e300, None),
]  # fmt: skip


@pytest.mark.parametrize(("auth_time", "known"), SIGN_INS)
def test_the_sign_in_is_told_before_the_issue(auth_time: object, known: int | None) -> None:
    """One that is no instant is not known, and never as late as `iat`."""
    assert verify_token(signed(said(auth_time=auth_time)), RULES).signed_in_at == known


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: ascii(subject)[:40])
def test_any_subject_names_a_user_exactly(subject: str) -> None:
    assert verify_token(signed(said(sub=subject)), RULES).user_id == subject


def test_what_is_no_user_id_is_refused_with_that_reason() -> None:
    for subject in NO_SUBJECTS:
        if isinstance(subject, str):
            assert refused(signed(said(sub=subject))) == "subject"


def test_roles_and_language_are_read() -> None:
    answer = verify_token(signed(said(roles=["admin", "auditor"], locale="es-MX")), RULES)
    assert (answer.roles, answer.locale) == (("admin", "auditor"), "es")


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        ("admin", ("admin",)), ("auditor, admin", ("admin", "auditor")), ('["admin"]', ("admin",)), ([7, "a"], ("a",)), (["a,b"], ()),
        ([""], ()), (["a\nb"], ()), (["a b"], ()), (None, ()), ("", ()), ([], ()),
    ],
    ids=str,
)  # fmt: skip
def test_roles_are_a_list_or_a_text_and_what_is_no_id_is_none(claim: object, roles: tuple[str, ...]) -> None:
    assert verify_token(signed(said(roles=claim)), RULES).roles == roles


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER ", " ", "Bearer  "])
def test_the_scheme_may_stand_before_the_token(prefix: str) -> None:
    assert verify_token(f"{prefix}{signed(said())}\n", RULES).user_id == "alice"


@pytest.mark.parametrize("prefix", ["Basic ", "Bearer Bearer ", "Bearer", "x "])
def test_no_other_scheme_may(prefix: str) -> None:
    refused(f"{prefix}{signed(said())}")


def test_each_pinned_algorithm_verifies_with_its_own_kind_of_key() -> None:
    assert verify_token(signed(said()), EVERY).user_id == "alice"
    assert verify_token(signed(said(), {"kid": "r"}, "RS256", RSA_KEY), EVERY).user_id == "alice"
    assert verify_token(signed(said(), {}, "HS256", SECRET), EVERY).user_id == "alice"


def test_an_algorithm_that_is_not_pinned_is_refused() -> None:
    only_rs = TokenRules(ISSUER, AUDIENCE, ("RS256",), key_set())
    assert refused(signed(said()), only_rs) == "algorithm"
    assert refused(signed(said(), {"kid": "r"}, "RS256", RSA_KEY)) == "algorithm"
    assert refused(signed(said(), {"kid": "r"}, "RS512", RSA_KEY), EVERY) == "algorithm"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, 7, [], ["ES256"], {}, "es256"]
)
def test_a_token_that_names_no_algorithm_is_refused(algorithm: object) -> None:
    body = encoded(json.dumps(said()).encode())
    head = encoded(json.dumps({"alg": algorithm, "kid": KID}).encode())
    for signature in ("", encoded(b"x" * 64)):
        for rules in (RULES, EVERY):
            refused(f"{head}.{body}.{signature}", rules)


def test_a_public_key_is_no_secret() -> None:
    """RFC 8725 section 2.1: HS256 keyed with the bytes of the public key,
    in each form that an attacker can have."""
    public = KEY.private.public_key()
    forms = [
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(KEY.public_jwk).encode(),
        JWKS,
    ]
    for form in forms:
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": KID}, said())]
        mac = hmac.HMAC(form, hashes.SHA256())
        mac.update(".".join(parts).encode())
        token = ".".join([*parts, encoded(mac.finalize())])
        assert refused(token) == "algorithm"
        assert refused(token, EVERY) == "InvalidSignatureError"


def test_a_key_of_another_kind_than_the_algorithm_is_refused() -> None:
    assert refused(signed(said(), {"kid": "r"}), EVERY) == "unknown key"
    assert refused(signed(said(), {"kid": KID}, "RS256", RSA_KEY), EVERY) == "unknown key"


def test_another_key_is_refused_whatever_name_it_goes_by() -> None:
    assert refused(signed(said(), key=OTHER.private)) == "InvalidSignatureError"
    assert refused(OTHER.sign(said())) == "unknown key"
    assert refused(signed(said(), {}, "HS256", b"t" * 32), EVERY) == "InvalidSignatureError"


def test_a_key_in_a_token_is_ignored() -> None:
    for header in (
        {"jwk": OTHER.public_jwk},
        {"jku": "https://elsewhere.example"},
        {"x5u": "https://elsewhere.example"},
    ):
        assert refused(signed(said(), header, key=OTHER.private)) == "InvalidSignatureError"


@pytest.mark.parametrize("kid", [None, "", 7, [], {}, "None", "x" * 5_000, "../keys", "\ud800"])
def test_a_key_id_that_is_not_in_the_set_is_refused(kid: object) -> None:
    refused(signed(said(), {"kid": kid}))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"crit": ["http://example.com/x"], "http://example.com/x": 1},
        {"crit": []},
        {"crit": "exp"},
    ],
)
def test_an_extension_that_must_be_understood_is_refused(header: dict[str, Any]) -> None:
    """RFC 7515 section 4.1.11."""
    refused(signed(said(), header))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None}, {"iss": "somebody"}, {"iss": ISSUER + " "}, {"iss": ""}, {"iss": [ISSUER]}, {"iss": 7},
        {"aud": None}, {"aud": "somebody"}, {"aud": []}, {"aud": ["a", "b"]}, {"aud": 7}, {"aud": {AUDIENCE: 1}},
        {"exp": None}, {"exp": 0}, {"exp": -1}, {"exp": "soon"}, {"exp": []}, {"exp": {}}, {"exp": float("nan")},
        {"exp": float("-inf")}, {"exp": True},
        {"nbf": "later"}, {"nbf": []}, {"nbf": {}}, {"nbf": float("inf")},
        {"iat": "then"}, {"iat": []}, {"iat": float("nan")},
        {"sub": None}, {"sub": ""}, {"sub": "alice\n"}, {"sub": "a\x7f"}, {"sub": "a\x85"}, {"sub": "\uffff"},
        {"sub": "x" * 129}, {"sub": "李" * 86}, {"sub": 7}, {"sub": []}, {"sub": {}}, {"sub": "\ud800"},
        {"sub": "erased:" + "0" * 128},
        {"roles": {}}, {"roles": 7}, {"roles": True}, {"roles": ["x"] * 101}, {"roles": "x" * 4_097}, {"roles": "["},
    ],
    ids=str,
)  # fmt: skip
def test_a_claim_that_is_missing_wrong_or_odd_is_refused(changes: dict[str, Any]) -> None:
    refused(signed(said(**changes)))


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_from_an_hour_ahead_is_refused(claim: str) -> None:
    assert refused(signed(said(**{claim: int(time.time()) + 3_600}))) == "ImmatureSignatureError"


@pytest.mark.parametrize("exp", [float("inf"), 10**400, 10**30], ids=["infinity", "400 digits", "30 digits"])
def test_an_end_that_no_clock_reaches_is_none(exp: float) -> None:
    """An integer of 400 digits is no difference in seconds: it cannot become a float."""
    assert refused(signed(said(exp=exp))) == "DecodeError"


def test_an_end_may_be_far_away() -> None:
    assert verify_token(signed(said(exp=MAX_END)), RULES).expires_at == MAX_END
    assert refused(signed(said(exp=MAX_END + 1))) == "DecodeError"


def test_a_token_is_over_when_its_end_and_the_leeway_have_passed() -> None:
    now = int(time.time())
    assert refused(signed(said(exp=now - LEEWAY_S - 1))) == "ExpiredSignatureError"
    assert verify_token(signed(said(exp=now)), RULES).expires_at == now


@pytest.mark.parametrize("locale", ["", "xx", 7, [], {}, None])
def test_a_language_that_is_none_of_ours_leaves_the_choice_to_the_request(locale: object) -> None:
    assert verify_token(signed(said(locale=locale)), RULES).locale is None


def test_an_audience_among_several_is_enough() -> None:
    assert verify_token(signed(said(aud=["somebody", AUDIENCE])), RULES).user_id == "alice"


@pytest.mark.parametrize("payload", [None, 7, "alice", [], ["alice"]], ids=repr)
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    refused(signed(payload))


def test_a_token_of_more_than_8192_characters_is_refused_unread() -> None:
    assert refused(signed(said(padding="x" * 8_192))) == "malformed"


GARBAGE = [
    "", " ", ".", "..", "...", "....", "a", "a.b", "a.b.c", "é.é.é", "\x00", "\ud800", "a.\ud800.c", "Bearer", "Bearer ",
    "null", "{}",
    f"{encoded(b'[' * 5_000)}.e30.", f"{encoded(b'1' * 5_000)}.e30.", f"{encoded(b'[]')}.e30.AA", "bm90.YQ.token",
]  # fmt: skip


@pytest.mark.parametrize("token", GARBAGE, ids=lambda token: ascii(token[:20]))
def test_garbage_is_refused(token: str) -> None:
    refused(token)
    refused(token, EVERY)


SPOIL: dict[str, Callable[[str], str]] = {
    "a dot more": lambda token: token + ".",
    "a character less": lambda token: token[:-1],
    "a character more": lambda token: token + "A",
    "no dots": lambda token: token.replace(".", ""),
    "double dots": lambda token: token.replace(".", ".."),
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL.keys())
def test_a_spoilt_token_is_refused(spoil: Callable[[str], str]) -> None:
    token = spoil(signed(said()))
    refused(token)
    refused(token, EVERY)


def test_changing_any_character_of_a_token_is_noticed() -> None:
    good = signed(said())
    for place, was in enumerate(good):
        other = "A" if was != "A" else "B"
        refused(good[:place] + other + good[place + 1 :])


@given(st.text(max_size=80) | st.text(st.sampled_from("eyJhbGciOi.-_= "), max_size=80))
def test_no_text_makes_it_fail_otherwise(token: str) -> None:
    refused(token)


def test_without_keys_it_is_unavailable_and_not_a_refusal() -> None:
    def fetch() -> bytes:
        raise ConnectionError

    rules = TokenRules(ISSUER, AUDIENCE, ("ES256",), KeySet(fetch, time.monotonic))
    with pytest.raises(KeysUnavailable):
        verify_token(signed(said()), rules)


def test_a_token_that_could_never_be_good_does_not_fetch_keys() -> None:
    def fetch() -> bytes:
        raise AssertionError("not wanted")

    rules = TokenRules(ISSUER, AUDIENCE, ("ES256",), KeySet(fetch, time.monotonic))
    for token in ("", "a.b.c", signed(said(), {"alg": "none"}), signed(said(), {}, "HS256", SECRET)):
        refused(token, rules)


def test_rules_without_keys_or_secret_accept_nothing() -> None:
    for algorithm in ("ES256", "RS256", "HS256"):
        assert (
            refused(signed(said(), {"alg": algorithm}), TokenRules(ISSUER, AUDIENCE, (algorithm,)))
            == "algorithm"
        )
