"""Token keys are fetched once, kept, rotated, and never fetched because a caller says so."""

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from chat.identity.jwks import (
    COOLDOWN_S,
    MAX_KEY_SET_BYTES,
    REFRESH_S,
    RETRY_S,
    UNKNOWN_KEY_IDS,
    BadKeySet,
    KeySet,
    KeysUnavailable,
    parse_key_set,
)
from simulator.keys import new_signing_key

A, B = new_signing_key().public_jwk, new_signing_key().public_jwk
RSA: dict[str, Any] = {
    **jwt.algorithms.RSAAlgorithm.to_jwk(
        rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True
    ),
    "kid": "r",
}


def document(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


class Issuer:
    """A key set's address: what it serves, how often it was asked, and a clock that only the test moves."""

    def __init__(self, *keys: object) -> None:
        self.serve: Callable[[], bytes] = lambda: document(*keys)
        self.fetches = 0
        self.now = 1_000.0
        self.keys = KeySet(self.fetch, lambda: self.now)

    def fetch(self) -> bytes:
        self.fetches += 1
        return self.serve()

    def fail(self) -> None:
        def serve() -> bytes:
            raise TimeoutError("token secret 198.51.100.7")

        self.serve = serve

    def knows(self, *keys: dict[str, Any]) -> list[bool]:
        return [self.keys.find(key["kid"]) is not None for key in keys]


def test_nothing_is_fetched_before_it_is_needed_and_then_once() -> None:
    issuer = Issuer(A)
    assert issuer.fetches == 0
    for _ in range(5):
        assert issuer.knows(A) == [True]
    assert issuer.fetches == 1


def test_while_its_keys_are_known_they_are_fetched_once_in_ten_minutes() -> None:
    issuer = Issuer(A)
    for _ in range(20):
        assert issuer.knows(A) == [True]
        issuer.now += REFRESH_S / 20
    assert issuer.fetches == 1
    issuer.now += 1
    assert issuer.knows(A) == [True]
    assert issuer.fetches == 2


def test_callers_who_invent_key_ids_cannot_make_it_fetch_for_each() -> None:
    issuer = Issuer(A)
    for number in range(1_000):
        issuer.now += COOLDOWN_S / 2_000
        assert issuer.keys.find(f"invented-{number}") is None
    assert issuer.fetches == 1 + UNKNOWN_KEY_IDS.burst
    for _ in range(1_000):
        issuer.now += COOLDOWN_S / 100
        assert issuer.keys.find("invented") is None
    assert issuer.fetches == 1 + UNKNOWN_KEY_IDS.burst + 10


def test_a_key_that_is_new_just_after_an_invented_one_was_looked_for_is_found() -> None:
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]
    assert issuer.keys.find("invented") is None
    issuer.serve = lambda: document(A, B)
    assert issuer.knows(A, B) == [True, True]
    assert issuer.fetches == 3


def test_a_key_that_is_looked_for_before_the_issuer_has_it_is_found_when_it_does() -> None:
    issuer = Issuer(A)
    assert issuer.knows(A, B) == [True, False]
    issuer.serve = lambda: document(A, B)
    assert issuer.knows(A, B) == [True, True]


def test_while_key_ids_are_invented_a_new_key_is_found_after_the_cooldown() -> None:
    issuer = Issuer(A)
    for number in range(100):
        issuer.keys.find(f"invented-{number}")
    issuer.serve = lambda: document(A, B)
    assert issuer.knows(A, B) == [True, False]
    issuer.now += COOLDOWN_S
    assert issuer.knows(A, B) == [True, True]


def test_a_withdrawn_key_stops_working_after_the_refresh() -> None:
    issuer = Issuer(A, B)
    assert issuer.knows(A, B) == [True, True]
    issuer.serve = lambda: document(B)
    issuer.now += REFRESH_S + 1
    assert issuer.knows(A, B) == [False, True]


def test_while_no_key_set_can_be_had_the_old_one_stays() -> None:
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]
    issuer.fail()
    issuer.now += REFRESH_S + 1
    assert issuer.knows(A, B) == [True, False]
    assert issuer.fetches == 3


def test_while_the_issuer_is_down_keys_are_not_fetched_for_every_token() -> None:
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]
    issuer.fail()
    issuer.now += REFRESH_S + 1
    for _ in range(20):
        assert issuer.knows(A, B) == [True, False]
    assert issuer.fetches == 2 + UNKNOWN_KEY_IDS.burst


def test_without_any_keys_it_fails_with_a_constant_text() -> None:
    issuer = Issuer()
    issuer.fail()
    with pytest.raises(KeysUnavailable) as caught:
        issuer.keys.find("a")
    assert str(caught.value) == "The token keys cannot be read just now."
    assert caught.value.__suppress_context__


def test_while_there_are_no_keys_they_are_not_fetched_for_every_token() -> None:
    issuer = Issuer()
    issuer.fail()
    for number in range(1_000):
        with pytest.raises(KeysUnavailable):
            issuer.keys.find(f"a-{number}")
    assert issuer.fetches == 1
    issuer.now += RETRY_S
    with pytest.raises(KeysUnavailable):
        issuer.keys.find("a")
    assert issuer.fetches == 2


def test_after_a_failure_at_the_start_keys_are_fetched_again() -> None:
    issuer = Issuer(A)
    serve = issuer.serve
    issuer.fail()
    with pytest.raises(KeysUnavailable):
        issuer.keys.find(A["kid"])
    issuer.serve = serve
    issuer.now += RETRY_S
    assert issuer.knows(A) == [True]


def test_threads_that_wait_for_a_fetch_do_not_fetch_again() -> None:
    may_answer, asked = threading.Event(), threading.Event()
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]

    def serve() -> bytes:
        asked.set()
        assert may_answer.wait(30)
        return document(A, B)

    issuer.serve = serve
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(issuer.knows, B) for _ in range(8)]
        assert asked.wait(30)
        may_answer.set()
        assert [answer.result(30) for answer in answers] == [[True]] * 8
    assert issuer.fetches == 2


def test_eight_threads_that_come_first_fetch_once() -> None:
    may_answer, asked = threading.Event(), threading.Event()
    issuer = Issuer(A)

    def serve() -> bytes:
        asked.set()
        assert may_answer.wait(30)
        return document(A)

    issuer.serve = serve
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(issuer.knows, A) for _ in range(8)]
        assert asked.wait(30)
        may_answer.set()
        assert [answer.result(30) for answer in answers] == [[True]] * 8
    assert issuer.fetches == 1


def test_a_thread_with_a_known_key_does_not_wait_for_another_ones_fetch() -> None:
    may_answer, asked = threading.Event(), threading.Event()
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]

    def serve() -> bytes:
        asked.set()
        assert may_answer.wait(30)
        return document(A)

    issuer.serve = serve
    issuer.now += COOLDOWN_S + 1
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(issuer.keys.find, "invented")
        assert asked.wait(30)
        assert issuer.knows(A) == [True]
        may_answer.set()
        assert waiting.result(30) is None


@pytest.mark.parametrize("bits", [1_024, 2_047, 2_048])
def test_an_rsa_key_below_2048_bits_is_passed_over(bits: int) -> None:
    """RFC 7518, section 3.3."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    document_of_it = document({**jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "short"}, A)
    assert ("short" in parse_key_set(document_of_it)) == (bits >= 2_048)


def test_keys_of_other_kinds_and_other_uses_are_passed_over() -> None:
    odd: list[object] = [
        None, 7, "key", [], {}, {"kty": "oct", "kid": "o", "k": "c2VjcmV0"}, {"kty": "OKP", "kid": "e", "crv": "Ed25519"},
        {**B, "use": "enc"}, {"kty": "EC", "kid": "x"}, {"kty": "RSA", "kid": "y"}, {"kty": ["EC"], "kid": "z"},
    ]  # fmt: skip
    assert set(parse_key_set(document(*odd, A, RSA))) == {A["kid"], "r"}


@pytest.mark.parametrize(
    ("whole", "changes"),
    [
        ("EC", {"crv": "P-257"}),
        ("EC", {"crv": None}),
        ("EC", {"alg": "ES999"}),
        ("EC", {"alg": 7}),
        ("EC", {"x": "!!!"}),
        ("EC", {"x": "AAAA"}),
        ("EC", {"x": base64.urlsafe_b64encode(b"\x01" * 32).rstrip(b"=").decode()}),
        ("EC", {"x": 7}),
        ("EC", {"x": None}),
        ("RSA", {"n": "!"}),
        ("RSA", {"n": "AQ"}),
        ("RSA", {"e": 65537}),
        ("RSA", {"e": "AA"}),
    ],
    ids=str,
)
def test_one_broken_key_does_not_spoil_the_others(whole: str, changes: dict[str, Any]) -> None:
    broken = {"EC": B, "RSA": RSA}[whole] | changes
    assert set(parse_key_set(document({**broken, "kid": "broken"}, A))) == {A["kid"]}


ODD = {
    "empty": b"",
    "no JSON": b"<html>",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "a text": b'"keys"',
    "null": b"null",
    "no keys": b"{}",
    "keys that are no list": b'{"keys": {}}',
    "an empty list": b'{"keys": []}',
    "no usable key": document({"kty": "oct", "kid": "o", "k": "c2VjcmV0"}),
    "nested too deep": b"[" * 60_000,
    "a number too long": b'{"keys": ' + b"1" * 60_000 + b"}",
    "too large": document(A, "x" * MAX_KEY_SET_BYTES),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_key_set_counts_as_none(case: str) -> None:
    text = ODD[case]
    with pytest.raises(BadKeySet):
        parse_key_set(text)
    issuer = Issuer(A)
    assert issuer.knows(A) == [True]
    issuer.serve = lambda: text
    issuer.now += REFRESH_S + 1
    assert issuer.knows(A) == [True]


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["keys", "kty", "kid", "crv", "x", "y", "n", "e"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_makes_it_fail_otherwise(content: object) -> None:
    with pytest.raises(BadKeySet):
        parse_key_set(json.dumps({"keys": [content]}).encode())
