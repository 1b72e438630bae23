"""The authorizer: a good token names its user, a bad one is an answer,
and only missing keys are an exception."""

import base64
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from simulator.keys import SigningKey, claims
from tests.chat.identity.documented import ADMINS, auth0, cognito, entra, keycloak, setting, source
from tests.resolvers.harness import Harness

TTL_S = 300
GOOD = {
    "authorizer": {"userId": "alice", "roles": ""},
    "authorizer.any-subject": {"userId": "auth0|ann+chat@bücher.example/~#%41=", "roles": ""},
    "authorizer.connect": {"userId": "alice", "roles": ""},
    "authorizer.bearer": {"userId": "alice", "roles": "admin", "locale": "es"},
}
BAD = [
    "absent-token", "alg-none", "expired-token", "garbage-token", "malformed-subject", "wrong-audience", "wrong-issuer",
    "wrong-key",
]  # fmt: skip

INVOKE = """
import json, sys
from resolvers.authorizer import handler
from simulator.functions import LambdaContext
context = LambdaContext("authorizer", 512, "arn", "log", 0.0)
try:
    print(json.dumps(handler(json.load(sys.stdin), context)), file=open(sys.argv[1], "w"))
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]), file=open(sys.argv[1], "w"))
"""


def authorized(harness: Harness, tmp_path: Path, event: dict[str, Any], **environment: str) -> Any:
    """The outcome in a process of its own, with other settings: a function reads its settings once."""
    asked_process(harness, tmp_path, event, **environment)
    return json.loads((tmp_path / "answer.json").read_text())


def asked_process(
    harness: Harness, tmp_path: Path, event: dict[str, Any], **environment: str
) -> "subprocess.CompletedProcess[str]":
    """The process, whose output is the function's log and metrics."""
    answer = tmp_path / "answer.json"
    return subprocess.run(
        [sys.executable, "-c", INVOKE, str(answer)],
        input=json.dumps(event),
        env={**os.environ, "PYTHONPATH": ".:layers/chat/python", **environment},
        cwd=harness.project,
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )


def without_sign_in(context: dict[str, str]) -> dict[str, str]:
    """A `resolverContext` without the instant of the sign-in, which is there."""
    assert context["signedInAt"].isdigit()
    return {name: value for name, value in context.items() if name != "signedInAt"}


@pytest.mark.parametrize(("name", "context"), GOOD.items(), ids=GOOD.keys())
def test_a_good_token_is_an_identity_for_the_fields(
    harness: Harness, name: str, context: dict[str, str]
) -> None:
    answer = harness.invoke(harness.event(name))
    assert without_sign_in(answer.pop("resolverContext")) == context
    assert answer == {"isAuthorized": True, "ttlOverride": TTL_S}


@pytest.mark.parametrize("variant", BAD)
def test_a_bad_token_is_answered_and_not_raised(harness: Harness, variant: str) -> None:
    assert harness.invoke(harness.event(f"authorizer.{variant}")) == {"isAuthorized": False}


REASONS = {
    "absent-token": "DecodeError", "alg-none": "algorithm", "expired-token": "ExpiredSignatureError",
    "garbage-token": "DecodeError", "malformed-subject": "subject", "wrong-audience": "InvalidAudienceError",
    "wrong-issuer": "InvalidIssuerError", "wrong-key": "InvalidSignatureError",
}  # fmt: skip


@pytest.mark.parametrize(("variant", "reason"), REASONS.items())
def test_why_a_token_was_refused_is_logged_and_counted(
    harness: Harness, tmp_path: Path, variant: str, reason: str
) -> None:
    done = asked_process(harness, tmp_path, harness.event(f"authorizer.{variant}"))
    lines = (done.stdout + done.stderr).splitlines()
    written = [json.loads(line) for line in lines if line.startswith("{")]
    (metrics,) = [each for each in written if "_aws" in each]
    metric = "TokenRefused" + "".join(word[0].upper() + word[1:] for word in reason.split())
    assert (metrics["TokenRefused"], metrics[metric]) == (1, 1)
    named = {each["Name"] for each in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert named == {"TokenRefused", metric}
    (decision,) = [each for each in written if each.get("kind") == "audit"]
    assert (decision["action"], decision["outcome"], decision["reason"]) == ("authorize", "refused", reason)


@pytest.mark.parametrize(
    "token",
    [None, 7, True, [], {}, "Bearer", "\x00", "\ud800", "é", "x" * 100_000],
    ids=lambda token: ascii(token)[:20],
)
def test_no_token_at_all_is_a_bad_one(harness: Harness, token: object) -> None:
    event = harness.event("authorizer") | {"authorizationToken": token}
    assert harness.invoke(event) == {"isAuthorized": False}


def test_an_answer_never_outlives_its_token(harness: Harness, key: SigningKey) -> None:
    now = int(time.time())
    event = harness.event("authorizer") | {"authorizationToken": key.mint("alice", now=now, ttl=60)}
    assert 0 < harness.invoke(event)["ttlOverride"] <= 60
    over_within_leeway = key.mint("alice", now=now - 60, ttl=59)
    assert harness.invoke(event | {"authorizationToken": over_within_leeway})["ttlOverride"] == 0


def test_the_resolver_context_is_flat_strings(harness: Harness, key: SigningKey) -> None:
    token = key.mint("alice", now=int(time.time()), ttl=60, roles=["admin", "auditor"], locale="fr-CA")
    context = harness.invoke(harness.event("authorizer") | {"authorizationToken": token})["resolverContext"]
    assert without_sign_in(context) == {"userId": "alice", "roles": "admin,auditor", "locale": "fr"}


def test_other_claims_are_not_passed_on(harness: Harness, key: SigningKey) -> None:
    payload = claims("alice", now=int(time.time()), ttl=60) | {"email": "alice@example.com", "userId": "bob"}
    event = harness.event("authorizer") | {"authorizationToken": key.sign(payload)}
    assert without_sign_in(harness.invoke(event)["resolverContext"]) == {"userId": "alice", "roles": ""}


@pytest.mark.parametrize("instant", [None, "soon", True])
def test_a_sign_in_that_is_not_known_is_not_passed_on(
    harness: Harness, key: SigningKey, instant: object
) -> None:
    payload = claims("alice", now=int(time.time()), ttl=60)
    given = payload | {"auth_time": instant} if instant is not None else payload
    if instant is None:
        del given["iat"]
    event = harness.event("authorizer") | {"authorizationToken": key.sign(given)}
    assert harness.invoke(event)["resolverContext"] == {"userId": "alice", "roles": ""}


def test_events_without_what_a_token_does_not_need_are_judged(harness: Harness) -> None:
    token = harness.event("authorizer")["authorizationToken"]
    for request in (None, {}, {"requestId": 7}, {"requestId": "x\ny"}):
        event = {"authorizationToken": token, "requestContext": request}
        assert harness.call("authorizer", event)["isAuthorized"]


@pytest.mark.parametrize("event", [None, [], "x", 7, {"requestContext": "x"}], ids=repr)
def test_no_event_at_all_is_an_internal_error(harness: Harness, event: object) -> None:
    refusal = harness.call("authorizer", event)
    assert (refusal.error_type, list(refusal.values)) == ("InternalError", ["correlationId"])


def test_while_keys_cannot_be_had_nobody_is_logged_out(harness: Harness, tmp_path: Path) -> None:
    nowhere = {"JWT_JWKS": "", "JWT_JWKS_URL": "http://127.0.0.1:9/secret-path"}
    outcome = authorized(harness, tmp_path, harness.event("authorizer"), **nowhere)
    assert outcome == ["KeysUnavailable", "The token keys cannot be read just now."]


def test_a_hopeless_token_is_refused_even_then(harness: Harness, tmp_path: Path) -> None:
    nowhere = {"JWT_JWKS": "", "JWT_JWKS_URL": "http://127.0.0.1:9/"}
    assert authorized(harness, tmp_path, harness.event("authorizer.alg-none"), **nowhere) == {
        "isAuthorized": False
    }


@contextmanager
def served(answer: bytes) -> Iterator[dict[str, str]]:
    """Settings under which keys are fetched from an address that sends these bytes, whatever the request."""

    class Responder(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Responder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield {"JWT_JWKS": "", "JWT_JWKS_URL": f"http://127.0.0.1:{server.server_address[1]}/jwks"}
        finally:
            server.shutdown()
            thread.join()


def test_keys_are_fetched_from_the_issuers_address(harness: Harness, key: SigningKey, tmp_path: Path) -> None:
    with served(b"HTTP/1.0 200 OK\r\n\r\n" + key.jwks) as settings:
        assert authorized(harness, tmp_path, harness.event("authorizer"), **settings)["isAuthorized"]
        outcome = authorized(harness, tmp_path, harness.event("authorizer.wrong-key"), **settings)
    assert outcome == {"isAuthorized": False}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage",
        b"HTTP/1.0 500 Internal Server Error\r\n\r\nsecret-answer",
        b"HTTP/1.0 200 OK\r\n\r\n<html>secret-answer</html>",
        b"HTTP/1.0 200 OK\r\nContent-Length: 999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsecret-answer",
        b"HTTP/1.0 302 Found\r\nLocation: file:///secret-answer\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
    ],
    ids=lambda answer: ascii(answer[:40]),
)
def test_an_odd_answer_of_the_issuer_is_no_answer(harness: Harness, answer: bytes, tmp_path: Path) -> None:
    with served(answer) as settings:
        outcome = authorized(harness, tmp_path, harness.event("authorizer"), **settings)
    assert outcome == ["KeysUnavailable", "The token keys cannot be read just now."]


def test_a_shared_secret_verifies_where_the_deployment_says_so(harness: Harness, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(base64.urlsafe_b64encode(b"s" * 32).decode())
    settings = {"JWT_ALGORITHMS": "HS256", "JWT_JWKS": "", "JWT_SECRET": f"file:{secret}"}
    payload = claims("alice", now=int(time.time()), ttl=3_600)
    event = harness.event("authorizer")
    good = event | {"authorizationToken": jwt.encode(payload, b"s" * 32, "HS256")}
    accepted = authorized(harness, tmp_path, good, **settings)["resolverContext"]
    assert without_sign_in(accepted) == {"userId": "alice", "roles": ""}
    bad = event | {"authorizationToken": jwt.encode(payload, b"t" * 32, "HS256")}
    assert authorized(harness, tmp_path, bad, **settings) == {"isAuthorized": False}
    assert authorized(harness, tmp_path, event, **settings) == {"isAuthorized": False}


MARKED = {"TOKEN_MARKER": "chat."}


def test_a_marked_token_is_verified_without_its_marker(harness: Harness, tmp_path: Path) -> None:
    event = harness.event("authorizer")
    marked = event | {"authorizationToken": "chat." + event["authorizationToken"]}
    context = authorized(harness, tmp_path, marked, **MARKED)["resolverContext"]
    assert without_sign_in(context) == GOOD["authorizer"]


@pytest.mark.parametrize(
    "change", ["{}", "Bearer {}", "Bearer chat.{}", "chat.chat.{}", "{}chat.", "chat. {}", "chat.Bearer {}"]
)
def test_where_tokens_are_marked_no_other_is_verified(harness: Harness, tmp_path: Path, change: str) -> None:
    event = harness.event("authorizer")
    other = event | {"authorizationToken": change.format(event["authorizationToken"])}
    assert authorized(harness, tmp_path, other, **MARKED) == {"isAuthorized": False}


def identity(key: SigningKey, *names: str, **changes: Any) -> dict[str, str]:
    """Settings with these sources, all of which the key has signed for, and the authorizer verifies."""
    own = {"jwks": key.jwks.decode(), "algorithms": ["ES256"], "verifiedBy": ["authorizer"]} | changes
    sources = setting(*(source(name, jwksUrl=None) | own for name in names))
    return {"IDENTITY": sources, "JWT_ISSUER": "", "JWT_AUDIENCE": "", "JWT_JWKS": ""}


def fresh(said: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return {**said["claims"], "iat": now, "exp": now + 60}


def test_tokens_of_several_issuers_become_identities_with_their_prefixes(
    harness: Harness, key: SigningKey, tmp_path: Path
) -> None:
    event, settings = harness.event("authorizer"), identity(key, "auth0", "keycloak", "entra")
    for said, context in (
        (auth0("auth0|5f7c", "editor"), {"userId": "a0:auth0|5f7c", "roles": "editor"}),
        (keycloak("2f6a", ADMINS), {"userId": "kc:2f6a", "roles": "admin,chat-admins,offline_access"}),
        (entra("00aa"), {"userId": "entra:00aa", "roles": ""}),
    ):
        answer = authorized(
            harness, tmp_path, event | {"authorizationToken": key.sign(fresh(said))}, **settings
        )
        assert without_sign_in(answer["resolverContext"]) == context
    token = key.sign(fresh(cognito("u1")))
    assert authorized(harness, tmp_path, event | {"authorizationToken": token}, **settings) == {
        "isAuthorized": False
    }


def test_a_source_that_appsync_verifies_is_none_of_the_authorizers(
    harness: Harness, key: SigningKey, tmp_path: Path
) -> None:
    event = harness.event("authorizer") | {"authorizationToken": key.sign(fresh(keycloak("2f6a")))}
    by_appsync = source("keycloak", jwks=key.jwks.decode(), algorithms=["ES256"])
    settings = identity(key, "auth0")
    settings["IDENTITY"] = json.dumps([*json.loads(settings["IDENTITY"]), by_appsync])
    assert authorized(harness, tmp_path, event, **settings) == {"isAuthorized": False}
    settings["IDENTITY"] = json.dumps([by_appsync])
    assert authorized(harness, tmp_path, event, **settings)[0] == "InternalError"


def test_keys_are_discovered_by_the_issuer_that_a_token_names(
    harness: Harness, key: SigningKey, tmp_path: Path
) -> None:
    event = harness.event("authorizer")
    nowhere = identity(key, "keycloak", jwks=None, issuer="http://127.0.0.1:9/realms/x")
    for issuer, outcome in (
        ("http://127.0.0.1:9/realms/x", ["KeysUnavailable", "The token keys cannot be read just now."]),
        ("http://127.0.0.1:9/realms/y", {"isAuthorized": False}),
    ):
        token = key.sign(fresh(keycloak("2f6a", iss=issuer)))
        assert authorized(harness, tmp_path, event | {"authorizationToken": token}, **nowhere) == outcome


def test_wrong_settings_are_not_shown_to_callers(harness: Harness, tmp_path: Path) -> None:
    name, text = authorized(
        harness, tmp_path, harness.event("authorizer"), JWT_ISSUER="", JWT_JWKS="secret-setting"
    )
    assert name == "InternalError"
    assert "JWT" not in text
    assert "secret-setting" not in text


def test_public_keys_need_no_client_of_aws(harness: Harness, tmp_path: Path) -> None:
    """What a cold start pays for is imported where it is used."""
    script = "import sys; import resolvers.authorizer; print('chat.storage.aws' in sys.modules or 'botocore.session' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": ".:layers/chat/python"},
        cwd=harness.project, text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
