"""The gateway's settings: what is wrong with them is told in one sentence that begins with the setting's name."""

import json
from typing import Any

import pytest

from gateway.settings import BadSettings, read
from tests.gateway.test_gateway_page import PAGE

ISSUER = "https://sso.example.com/realms/x"
ROLE = {"role": "arn:aws:iam::123456789012:role/gateway", "userId": "gateway", "roles": ["gateway"]}
SHORT = {"JWT_ISSUER": ISSUER, "JWT_AUDIENCE": "chat", "JWT_JWKS_URL": "https://sso.example.com/jwks"}
NAMED = {"APPSYNC_URL": "https://abc.appsync-api.eu-central-1.amazonaws.com/graphql"}
CUSTOM = {"APPSYNC_URL": "https://api.example.com/graphql"}
TOKEN = {"SERVICE_TOKEN": "env:TOKEN"}
IAM = {"SERVICE_AUTH": "iam"}


def oidc(name: str = "web", **changes: Any) -> dict[str, Any]:
    return {"name": name, "type": "oidc", "issuer": ISSUER, "clients": [name], **changes}


def identity(*sources: dict[str, Any]) -> dict[str, str]:
    return {"IDENTITY": json.dumps(sources)}


def iam(*callers: dict[str, Any]) -> dict[str, Any]:
    return {"name": "services", "type": "iam", "prefix": "iam:", "callers": list(callers)}


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        (NAMED | TOKEN | SHORT, "eu-central-1"),
        (CUSTOM | TOKEN | SHORT, None),
        (NAMED | IAM | SHORT, "eu-central-1"),
        (CUSTOM | IAM | identity(oidc(), iam(ROLE)) | {"APPSYNC_REGION": "us-gov-west-1"}, "us-gov-west-1"),
        (
            {"APPSYNC_URL": "https://a.appsync-api.cn-north-1.amazonaws.com.cn/graphql"} | IAM | SHORT,
            "cn-north-1",
        ),
    ],
)
def test_the_region_is_the_apis_own(environment: dict[str, str], region: str | None) -> None:
    assert read(environment).region == region


def test_the_short_form_is_one_source_whose_tokens_the_authorizer_verifies() -> None:
    (source,) = read(NAMED | TOKEN | SHORT).sources.tokens
    assert (source.issuer, source.jwks_url) == (ISSUER, SHORT["JWT_JWKS_URL"])
    assert source.audiences == {"chat"}
    assert source.verified_by == {"authorizer"}


def test_of_the_apis_identity_the_sources_of_tokens_are_taken() -> None:
    text = identity(oidc(), iam(ROLE), {"name": "theirs", "type": "lambda", "prefix": "l:", "userId": "sub"})
    assert [each.name for each in read(NAMED | TOKEN | text).sources.tokens] == ["web"]


def test_a_marker_is_not_needed_where_appsync_may_verify_each_token_itself() -> None:
    both = oidc(verifiedBy=["appsync", "authorizer"])
    assert read(NAMED | TOKEN | identity(both, oidc("app", prefix="a:"))).token_marker == ""


MIXED = identity(oidc(), oidc("ours", prefix="o:", verifiedBy=["authorizer"]))
BAD = {
    "no address": (TOKEN | SHORT, "APPSYNC_URL: Field required"),
    "a query": (
        {"APPSYNC_URL": "https://api.example.com/graphql?x=1"} | TOKEN | SHORT,
        "APPSYNC_URL: must be",
    ),
    "no path": (
        {"APPSYNC_URL": "https://api.example.com"} | TOKEN | SHORT,
        "APPSYNC_URL: must have the path",
    ),
    "a slash": (
        {"APPSYNC_URL": "https://api.example.com/graphql/"} | TOKEN | SHORT,
        "APPSYNC_URL: must have the path",
    ),
    "no token": (NAMED | SHORT, "SERVICE_TOKEN: is missing; or set SERVICE_AUTH to iam"),
    "the token itself": (NAMED | SHORT | {"SERVICE_TOKEN": "ey.J.x"}, "SERVICE_TOKEN: must be file:"),
    "a token and a role": (
        NAMED | TOKEN | IAM | SHORT,
        "SERVICE_TOKEN: must be absent where SERVICE_AUTH is iam",
    ),
    "another way": (
        NAMED | SHORT | {"SERVICE_AUTH": "key"},
        "SERVICE_AUTH: Input should be 'token' or 'iam'",
    ),
    "no region": (
        CUSTOM | IAM | SHORT,
        "APPSYNC_REGION: is missing, and APPSYNC_URL does not name the region",
    ),
    "no region's name": (CUSTOM | IAM | SHORT | {"APPSYNC_REGION": "Frankfurt"}, "APPSYNC_REGION: must be"),
    "a prefix in lower case": (NAMED | TOKEN | SHORT | {"SCHEMA_PREFIX": "chat"}, "SCHEMA_PREFIX: must be"),
    "a long prefix": (NAMED | TOKEN | SHORT | {"SCHEMA_PREFIX": "C" * 33}, "SCHEMA_PREFIX: must be"),
    "nobody's tokens": (NAMED | TOKEN, "JWT_ISSUER: is missing; or set IDENTITY"),
    "no audience": (
        NAMED | TOKEN | SHORT | {"JWT_AUDIENCE": ""},
        "JWT_AUDIENCE: is missing; or set IDENTITY",
    ),
    "both forms": (
        NAMED | TOKEN | SHORT | identity(oidc()),
        "JWT_ISSUER: must be absent where IDENTITY is set",
    ),
    "no JSON": (NAMED | TOKEN | {"IDENTITY": "["}, "IDENTITY: must be a JSON array of sources"),
    "a wrong source": (
        NAMED | TOKEN | identity(oidc(clients=[])),
        "IDENTITY: web: clients or audiences must say",
    ),
    "no tokens": (NAMED | TOKEN | identity(iam(ROLE)), "IDENTITY: has no source of type cognito or oidc"),
    "no role": (
        NAMED | IAM | identity(oidc(), iam({**ROLE, "roles": []})),
        "IDENTITY: has no caller of type iam with the role gateway",
    ),
    "no marker": (NAMED | TOKEN | MIXED, "TOKEN_MARKER: is missing"),
    "a bad marker": (NAMED | TOKEN | MIXED | {"TOKEN_MARKER": "chat "}, "TOKEN_MARKER: must be up to 32"),
}


@pytest.mark.parametrize(("environment", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_setting_is_named_in_one_sentence(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSettings) as bad:
        read(environment)
    assert str(bad.value).startswith(sentence)
    assert "\n" not in str(bad.value)


def test_the_page_names_each_setting_that_joins_the_gateway_to_an_api() -> None:
    names = (*NAMED, *TOKEN, *IAM, *SHORT, "APPSYNC_REGION", "SCHEMA_PREFIX", "IDENTITY", "TOKEN_MARKER")
    assert [name for name in names if f"`{name}`" not in PAGE.partition("## In front of your API")[2]] == []
