"""Signature Version 4: what botocore signs is accepted, and whatever differs from it is not."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.auth.access_keys import CALLERS, STRANGER, AccessKeys
from simulator.auth.sigv4 import SignatureRefused, SignedRequest, verify
from simulator.keys import new_signing_key

from .conftest import HOST, NOW, REGION, STAMP, Trust, signed


def judged(trust: Trust, request: SignedRequest, now: float = NOW) -> str:
    return verify(request, trust.keys, REGION, lambda: now).user


def refused(trust: Trust, request: SignedRequest, now: float = NOW) -> tuple[str, str]:
    with pytest.raises(SignatureRefused) as caught:
        judged(trust, request, now)
    return caught.value.error_type, str(caught.value)


@pytest.mark.parametrize("user", [*CALLERS, STRANGER])
def test_what_botocore_signs_is_accepted_as_its_callers(trust: Trust, user: str) -> None:
    assert judged(trust, signed(trust.credentials(user))) == user


@pytest.mark.parametrize(
    "path", ["/graphql/connect", "/graphql?query=%7B%20a%20%7D&b=%2B&a=1&c", "/a%20b/ü", "/~x/(y)"]
)
def test_paths_and_queries_are_signed_as_they_are_sent(trust: Trust, path: str) -> None:
    assert judged(trust, signed(trust.credentials(), path=path)) == "alice"


def test_headers_are_signed_without_blanks_around_and_doubled(trust: Trust) -> None:
    spaced = {"content-type": "  application/json;   charset=UTF-8 ", "accept": "*/*"}
    assert judged(trust, signed(trust.credentials(), headers=spaced)) == "alice"


MISMATCH = "The request signature we calculated does not match the signature you provided."


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b'{"query":"{ other }"}'},
        {"body": b""},
        {"path": "/graphql/connect"},
        {"query": "a=1"},
        {"method": "GET"},
        {"host": "localhost:4000"},
    ],
)
def test_a_request_that_was_changed_is_refused(trust: Trust, changes: dict[str, Any]) -> None:
    kind, message = refused(trust, replace(signed(trust.credentials()), **changes))
    assert kind == "InvalidSignatureException"
    assert message.startswith(MISMATCH)


@pytest.mark.parametrize("name", ["host", "content-type"])
def test_a_signed_header_that_was_changed_is_refused(trust: Trust, name: str) -> None:
    request = signed(trust.credentials(), headers={"content-type": "text/plain"})
    assert judged(trust, request) == "alice"
    for value in ("other", None):
        headers = {key: text for key, text in {**request.headers, name: value}.items() if text is not None}
        changed = replace(request, headers=headers, host=headers.get("host", HOST))
        assert refused(trust, changed)[0] == "InvalidSignatureException"


@pytest.mark.parametrize("signature", ["0" * 64, "é", "x"])
def test_another_signature_is_refused(trust: Trust, signature: str) -> None:
    request = signed(trust.credentials())
    header = re.sub(r"Signature=\w+", f"Signature={signature}", request.headers["authorization"])
    changed = replace(request, headers={**request.headers, "authorization": header})
    assert refused(trust, changed)[1].startswith(MISMATCH)


def test_the_host_must_be_signed(trust: Trust) -> None:
    request = signed(trust.credentials())
    header = request.headers["authorization"].replace("SignedHeaders=host;", "SignedHeaders=")
    assert header != request.headers["authorization"]
    changed = replace(request, headers={**request.headers, "authorization": header})
    assert refused(trust, changed)[1].startswith(MISMATCH)


def at(seconds: int) -> str:
    return datetime.fromtimestamp(NOW + seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def test_a_signature_is_good_for_five_minutes_around_its_time(trust: Trust) -> None:
    credentials = trust.credentials(ttl=3_600)
    for seconds in (-300, 0, 300):
        assert judged(trust, signed(credentials, stamp=at(seconds))) == "alice"
    assert refused(trust, signed(credentials, stamp=at(-301))) == (
        "InvalidSignatureException",
        f"Signature expired: {at(-301)} is now earlier than {at(-300)} ({at(0)} - 5 min.)",
    )
    assert refused(trust, signed(credentials, stamp=at(301))) == (
        "InvalidSignatureException",
        f"Signature not yet current: {at(301)} is still later than {at(300)} ({at(0)} + 5 min.)",
    )


def test_scope_is_this_region_and_service_and_the_day_of_the_date(trust: Trust) -> None:
    credentials = trust.credentials()
    assert "valid region" in refused(trust, signed(credentials, region="eu-west-1"))[1]
    assert "correct service: 'appsync'" in refused(trust, signed(credentials, service="execute-api"))[1]
    request = signed(credentials)
    header = request.headers["authorization"].replace(f"/{STAMP[:8]}/", "/20260101/")
    changed = replace(request, headers={**request.headers, "authorization": header})
    assert refused(trust, changed)[1].startswith("Date in Credential scope does not match")


def test_unknown_keys_and_sessions_that_are_not_theirs_are_refused(trust: Trust) -> None:
    invalid = ("UnrecognizedClientException", "The security token included in the request is invalid.")
    alice, bob = trust.credentials("alice"), trust.credentials("bob")
    forged = AccessKeys(trust.folder, new_signing_key()).credentials("alice", now=NOW, ttl=60)
    for credentials in (
        {**alice, "AccessKeyId": "ASIAAAAAAAAAAAAAAAAA"},
        {**alice, "SessionToken": bob["SessionToken"]},
        {**alice, "SessionToken": ""},
        {**alice, "SessionToken": "x" * 5_000},
        forged,
    ):
        assert refused(trust, signed(credentials)) == invalid
    assert refused(trust, signed({**alice, "SecretAccessKey": bob["SecretAccessKey"]}))[1].startswith(
        MISMATCH
    )


def test_a_session_ends(trust: Trust) -> None:
    request = signed(trust.credentials(ttl=60))
    assert judged(trust, request, NOW + 59) == "alice"
    expired = ("ExpiredTokenException", "The security token included in the request is expired")
    assert refused(trust, request, NOW + 60) == expired


@pytest.mark.parametrize(
    ("header", "date", "why"),
    [
        ("AWS4-HMAC-SHA256 ", STAMP, "requires 'Credential' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, Signature=x", STAMP, "'SignedHeaders' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/aws4_request, SignedHeaders=host, Signature=x", STAMP, "exactly 5"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x", STAMP, "exactly 5"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=x", "", "'X-Amz-Date'"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=x", "now", "'X-Amz-Date'"),
    ],
)  # fmt: skip
def test_half_a_signature_is_incomplete(trust: Trust, header: str, date: str, why: str) -> None:
    request = SignedRequest(
        "POST", "/graphql", "", {"authorization": header, "x-amz-date": date, "host": HOST}, b"", HOST
    )
    kind, message = refused(trust, request)
    assert kind == "IncompleteSignatureException"
    assert why in message


def test_a_date_that_no_calendar_has_is_refused(trust: Trust) -> None:
    header = f"AWS4-HMAC-SHA256 Credential=a/20261399/{REGION}/appsync/aws4_request, SignedHeaders=host, Signature=x"
    sent = {"authorization": header, "x-amz-date": "20261399T000000Z", "host": HOST}
    assert refused(trust, SignedRequest("POST", "/", "", sent, b"", HOST))[1].startswith(MISMATCH)


@given(header=st.text(max_size=200), date=st.text(max_size=20), token=st.text(max_size=50))
def test_whatever_a_header_says_it_is_refused_by_name(header: str, date: str, token: str) -> None:
    keys = AccessKeys.__new__(AccessKeys)
    keys._keys = {}  # noqa: SLF001  no key at all
    sent = {"authorization": "AWS4-HMAC-SHA256 " + header, "x-amz-date": date, "x-amz-security-token": token}
    with pytest.raises(SignatureRefused) as caught:
        verify(SignedRequest("POST", "/", "", sent, b"", HOST), keys, REGION, lambda: NOW)
    assert caught.value.error_type.endswith("Exception")


def test_credentials_are_what_a_credential_process_prints(trust: Trust) -> None:
    credentials = trust.credentials(ttl=3_600)
    assert list(json.loads(json.dumps(credentials))) == [
        "Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration",
    ]  # fmt: skip
    assert credentials["Version"] == 1
    assert credentials["Expiration"] == "2027-01-15T09:00:00Z"
    assert (credentials["AccessKeyId"][:4], len(credentials["AccessKeyId"])) == ("ASIA", 20)
    assert len(credentials["SecretAccessKey"]) == 40


def test_access_keys_stay_the_same_and_are_their_owners_to_read(trust: Trust) -> None:
    again = AccessKeys(trust.folder, trust.key)
    assert again.credentials("bob", now=NOW, ttl=1)["AccessKeyId"] == trust.credentials("bob")["AccessKeyId"]
    assert (trust.folder / "access-keys.json").stat().st_mode & 0o777 == 0o600
