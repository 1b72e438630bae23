"""What `make run AUTH=…` trusts and tells the functions, and what `make token AUTH=…` prints."""

import io
import json
import subprocess
import time
from typing import Any

import jwt
import pytest

from chat.identity.sources import parse_sources
from simulator import identity
from simulator.access import credentials, local_access, refused_tokens, sources
from simulator.auth.access_keys import CALLERS
from simulator.auth.issuers import is_jwt
from simulator.auth.modes import Mode
from simulator.auth.other_authorizer import bare, other_authorizer
from simulator.greeting import greeting
from simulator.keys import Secrets
from simulator.keys import claims as own_claims
from simulator.refused_tokens import RefusedTokens
from simulator.server import Address
from simulator.settings import BadSettings, Settings, functions_environment, read, with_identity
from simulator.token import token_of

from .conftest import ADDRESS, NOW, Trust

MOST_CHARACTERS = 3_000
"""Of IDENTITY."""


def asked(trust: Trust, command: str, **options: str) -> Settings:
    """The settings of a program whose keys are those of these tests."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return read([command, f"--state={trust.folder.parent}", *given], {})


def composed(trust: Trust, auth: str, **options: str) -> list[dict[str, Any]]:
    settings = asked(trust, "run", auth=auth, **options)
    return sources(
        settings.auth,
        [
            trust.issuer(mode, settings.form or "auth0")
            for mode in settings.modes
            if mode in (Mode.COGNITO, Mode.OIDC)
        ],
        ADDRESS,
    )


@pytest.mark.parametrize("form", ["auth0", "keycloak", "entra"])
def test_ids_of_the_first_source_are_plain_and_those_of_others_are_not(trust: Trust, form: str) -> None:
    found = composed(trust, "oidc,cognito,iam,lambda", form=form)
    assert [(each["type"], each["prefix"]) for each in found] == [
        ("oidc", ""), ("cognito", "cognito:"), ("iam", "iam:"), ("lambda", "lambda:"),
    ]  # fmt: skip
    assert len({each["name"] for each in found}) == 4
    assert len(json.dumps(found)) <= MOST_CHARACTERS


def test_sources_name_issuers_clients_and_who_is_an_administrator(trust: Trust) -> None:
    pool, provider = composed(trust, "cognito,oidc", form="keycloak")
    assert pool["issuer"] == f"{ADDRESS}/us-east-1_LocalPool"
    assert "jwksUrl" not in pool
    assert (pool["clients"], pool["tokenUse"]) == (["1localchatclient2of3demo45"], ["access", "id"])
    assert pool["grants"]["admin"] == {"claim": "cognito:groups", "values": ["chat-admin"]}
    assert provider["issuer"] == f"{ADDRESS}/realms/chat"
    assert provider["jwksUrl"] == f"{ADDRESS}/realms/chat/protocol/openid-connect/certs"
    assert provider["grants"]["admin"] == {"claim": ["realm_access", "roles"], "values": ["chat-admin"]}


def test_each_caller_of_iam_has_a_role_and_the_platform_roles_that_are_theirs(trust: Trust) -> None:
    (source,) = composed(trust, "iam")
    assert [each["userId"] for each in source["callers"]] == list(CALLERS)
    assert {each["userId"]: each["roles"] for each in source["callers"] if "roles" in each} == {
        "admin": ["admin"], "gateway": ["gateway"],
    }  # fmt: skip
    assert source["callers"][0]["role"] == "arn:aws:iam::000000000000:role/chat-alice"


def test_the_functions_are_told_of_sources_or_of_our_own_issuer_and_never_of_both(trust: Trust) -> None:
    environment = functions_environment(
        endpoint="e", secrets=Secrets("file:/c", "file:/a", "file:/d", "file:/e"), jwks={"JWT_JWKS": "{}"}
    )
    assert "IDENTITY" not in environment
    told = with_identity(environment, {"IDENTITY": "[]", "TOKEN_MARKER": "x."})
    assert (told["IDENTITY"], told["TOKEN_MARKER"]) == ("[]", "x.")
    assert [name for name in told if name.startswith("JWT_")] == []
    assert environment.items() - told.items() == {
        (name, value) for name, value in environment.items() if name.startswith("JWT_")
    }


def test_without_auth_our_own_authorizer_judges_as_before(trust: Trust) -> None:
    refused = RefusedTokens(trust.key.jwks, io.StringIO())
    local = local_access(asked(trust, "run"), ADDRESS, refused)
    assert (local.told, local.authorizer) == ({}, None)
    assert (local.access.modes, local.access.issuers, local.access.access_keys) == ((Mode.LAMBDA,), [], None)
    assert local.on_refusal == refused.explain


@pytest.mark.parametrize("setting", ["IDENTITY", "TOKEN_MARKER"])
@pytest.mark.parametrize("auth", ["cognito,iam", "oidc", "authorizer", "cognito,authorizer", ""])
def test_a_program_beside_it_is_told_what_the_functions_are(trust: Trust, auth: str, setting: str) -> None:
    printed = io.StringIO()
    assert identity.main(asked(trust, "identity", auth=auth, setting=setting), printed) == 0
    refused = RefusedTokens(trust.key.jwks, io.StringIO())
    told = local_access(asked(trust, "run", auth=auth), ADDRESS, refused).told
    assert printed.getvalue() == (told[setting] + "\n" if setting in told else "")
    assert set(told) == {"IDENTITY" for _ in auth} | {"TOKEN_MARKER" for _ in auth if "authorizer" in auth}


@pytest.mark.parametrize(
    ("auth", "options", "claims"),
    [
        ("cognito", {"groups": "x,y"}, {"token_use": "access", "cognito:groups": ["x", "y"]}),
        ("cognito", {"roles": "admin,z", "token_use": "id", "locale": "es"},
         {"token_use": "id", "cognito:groups": ["chat-admin", "z"], "locale": "es"}),
        ("oidc", {"roles": "admin"}, {"iss": "http://127.0.0.1:4000/auth0/", "https://chat.example/roles": ["chat-admin"]}),
        ("oidc", {"form": "entra", "locale": "fr"}, {"oid": "alice", "xms_pl": "fr"}),
        ("oidc", {"form": "keycloak", "port": "4300"}, {"iss": "http://127.0.0.1:4300/realms/chat"}),
    ],
)  # fmt: skip
def test_a_token_says_what_it_is_asked_to(
    trust: Trust, auth: str, options: dict[str, str], claims: dict[str, Any]
) -> None:
    token = credentials(asked(trust, "token", user="alice", auth=auth, **options), NOW)
    said = jwt.decode(token, options={"verify_signature": False})
    assert {name: said[name] for name in claims} == claims
    assert said["exp"] == NOW + 43_200


def test_a_token_for_the_other_authorizer_is_no_json_web_token_to_appsync(trust: Trust) -> None:
    token = credentials(asked(trust, "token", user="alice", auth="lambda", roles="admin"), NOW)
    assert not is_jwt(token)
    for sent in (token, bare(token), f"Bearer {bare(token)}"):
        answer = other_authorizer(trust.key, lambda: NOW)({"authorizationToken": sent}, None)
        context = {"sub": "alice", "groups": '["chat-admin"]'}
        assert answer == {"isAuthorized": True, "resolverContext": context}


def test_a_token_for_our_authorizer_is_a_json_web_token_after_the_marker(trust: Trust) -> None:
    asked_for = asked(
        trust, "token", user="alice", auth="authorizer", roles="admin,x", locale="es", port="4300"
    )
    token = credentials(asked_for, NOW)
    assert not is_jwt(token)
    said = jwt.decode(token.removeprefix("chat."), options={"verify_signature": False})
    own = own_claims("alice", now=NOW, ttl=43_200, roles=["chat-admin", "x"], locale="es")
    assert said == own | {"iss": "http://127.0.0.1:4300/authorizer"}


@pytest.mark.parametrize("form", ["auth0", "keycloak", "entra"])
def test_our_authorizer_is_a_source_beside_any_other(trust: Trust, form: str) -> None:
    found = composed(trust, "oidc,cognito,iam,authorizer", form=form)
    assert [(each["prefix"], each.get("verifiedBy")) for each in found] == [
        ("", None), ("cognito:", None), ("iam:", None), ("authorizer:", ["authorizer"]),
    ]  # fmt: skip
    sources_of_all = parse_sources(json.dumps(found, separators=(",", ":")))
    assert sources_of_all.has_our_authorizer
    assert [each.issuer for each in sources_of_all.verified_by("authorizer")] == [f"{ADDRESS}/authorizer"]


def test_why_our_authorizer_beside_others_refused_a_token_is_said(trust: Trust) -> None:
    console, options = io.StringIO(), {"user": "alice", "auth": "authorizer"}
    judge = refused_tokens(asked(trust, "run", auth="cognito,authorizer"), ADDRESS, console)
    own = asked(trust, "token", **options)
    plain = asked(trust, "token", user="alice")
    now = int(time.time())
    judge.explain(credentials(own, now))
    assert console.getvalue() == ""
    judge.explain(credentials(own, now).removeprefix("chat."))
    judge.explain("chat." + token_of(plain, now))
    judge.explain(credentials(own, now - 50_000))
    judge.explain(credentials(asked(trust, "token", **options | {"user": "x" * 128}), now))
    assert [line.removeprefix("A token was refused (401): it") for line in console.getvalue().splitlines()] == [
        " does not begin with chat., which stands before each token for our authorizer.",
        f"s issuer is not {ADDRESS}/authorizer.",
        " has expired.",
        "s subject is no user id: 1 to 128 characters, at most 256 bytes in UTF-8, no control characters.",
    ]  # fmt: skip


def test_an_access_key_is_json(trust: Trust) -> None:
    key = json.loads(credentials(asked(trust, "token", user="stranger", auth="iam", ttl="60"), NOW))
    token, expected = key.pop("SessionToken"), trust.credentials("stranger")
    assert key == {name: value for name, value in expected.items() if name != "SessionToken"}
    owner = trust.keys.find(key["AccessKeyId"])
    assert owner
    assert trust.keys.session_ends(owner, token) == NOW + 60


def test_without_auth_a_token_is_what_it_was(trust: Trust) -> None:
    settings = asked(trust, "token", user="alice", roles="admin", locale="es")
    said = jwt.decode(token_of(settings, NOW), options={"verify_signature": False})
    assert said == own_claims("alice", now=NOW, ttl=43_200, roles=["admin"], locale="es")


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("run", {"auth": "true"}, "AUTH: cognito, oidc, lambda, authorizer or iam, or several of them with commas"),
        ("run", {"auth": "cognito,"}, "AUTH: cognito, oidc, lambda, authorizer or iam, or several of them with commas"),
        ("run", {"auth": "iam,cognito,iam"}, "AUTH: iam is there twice"),
        *(("run", {"auth": both}, "AUTH: lambda excludes authorizer: an API has one Lambda authorizer")
          for both in ("lambda,authorizer", "authorizer,oidc,lambda")),
        ("token", {"auth": "authorizer", "groups": "x"}, "GROUPS goes with AUTH=cognito: elsewhere it is ROLES"),
        ("run", {"form": "entra"}, "FORM goes with AUTH=oidc"),
        ("run", {"auth": "oidc", "form": "okta"}, "FORM: auth0, keycloak or entra"),
        ("token", {"auth": "cognito,oidc"}, "AUTH: a token is for one mode, for example AUTH=cognito"),
        ("subscribe", {"auth": "iam,oidc"}, "AUTH: a token is for one mode, for example AUTH=iam"),
        ("token", {"token_use": "id"}, "TOKEN_USE goes with AUTH=cognito"),
        ("token", {"auth": "cognito", "token_use": "both"}, "TOKEN_USE: access or id"),
        ("token", {"auth": "oidc", "groups": "x"}, "GROUPS goes with AUTH=cognito: elsewhere it is ROLES"),
        ("token", {"auth": "cognito", "locale": "es"},
         "LOCALE: an access token of Cognito does not say it, so add TOKEN_USE=id"),
        ("token", {"auth": "iam", "roles": "admin"},
         "ROLES and LOCALE: an access key says neither; USER=admin is an administrator"),
        ("token", {"auth": "iam", "user": "dora"},
         "USER: access keys are those of alice, bob, carol, admin, gateway and stranger"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_in_a_sentence(
    trust: Trust, command: str, options: dict[str, str], sentence: str
) -> None:
    user = {} if command == "run" else {"user": "alice"}
    with pytest.raises(BadSettings) as refused:
        asked(trust, command, **(user | options))
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("auth", "lines"),
    [
        ("", ["TOKEN=$(make -s token USER=alice)"]),
        ("cognito,iam", ["issuer http://127.0.0.1:4000/us-east-1_LocalPool",
                         "TOKEN=$(make -s token USER=alice AUTH=cognito PORT=4300)"]),
        ("authorizer,oidc", ["TOKEN=$(make -s token USER=alice AUTH=authorizer PORT=4300)"]),
        ("lambda", ["make -s subscribe ROOM=lobby USER=bob AUTH=lambda PORT=4300"]),
        ("iam", ["make -s subscribe ROOM=lobby USER=bob AUTH=iam PORT=4300"]),
    ],
)  # fmt: skip
def test_the_greeting_says_how_to_call_by_the_default_mode(trust: Trust, auth: str, lines: list[str]) -> None:
    settings = asked(trust, "run", auth=auth)
    issuers = [trust.issuer(mode) for mode in settings.modes if mode in (Mode.COGNITO, Mode.OIDC)]
    said = greeting(Address("127.0.0.1", 4300), settings, issuers).splitlines()
    assert said[:2] == [
        "ready http://127.0.0.1:4300/graphql",
        "realtime ws://127.0.0.1:4300/graphql/realtime",
    ]
    assert set(lines) <= set(said)


def test_what_the_greeting_says_to_sign_with_reads_an_access_key(trust: Trust) -> None:
    said = greeting(Address("127.0.0.1", 4300), asked(trust, "run", auth="iam"), []).splitlines()
    (line,) = [each for each in said if each.startswith("KEY=")]
    key = trust.credentials()
    script = line.replace("$(make -s token USER=alice AUTH=iam PORT=4300)", "'" + json.dumps(key) + "'")
    for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        value = subprocess.check_output(["sh", "-c", f"{script}; key {name}"], text=True)
        assert value.strip() == key[name]
