"""IDENTITY: what it says becomes records, and what is wrong with it is said by source and key."""

import contextlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.identity.models import ClaimMapping, ContextSource, Grant, RoleCaller, TokenSource
from chat.identity.sources import MAX_CHARACTERS, BadSources, Sources, parse_sources
from tests.chat.identity.documented import (
    AUTH0,
    CLIENT,
    ENTRA,
    KEYCLOAK,
    POOL,
    SOURCES,
    every,
    setting,
    source,
)

PAGE = Path(__file__).parents[3] / "docs" / "identity.md"
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text[:30])
def test_each_example_of_the_page_is_a_setting(example: str) -> None:
    assert parse_sources(example).prefixes


def test_each_key_of_a_source_has_its_line_on_the_page() -> None:
    told = set(
        re.findall(
            r"`(\w+)`",
            "\n".join(re.findall(r"^\| (`.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)),
        )
    )
    code = Path(inspect.getfile(parse_sources)).read_text(encoding="utf-8")
    taken = set(re.findall(r'keys\.(?:take|text|texts|flag|some_of|claim|objects)\("(\w+)"', code))
    assert len(taken) >= 14
    assert taken <= told
    assert len(EXAMPLES) == 6


def test_a_source_of_each_kind_becomes_its_record() -> None:
    sources = every()
    pool, auth0, keycloak, entra = sources.tokens
    claim = ("cognito:groups",)
    granted = (
        Grant("admin", claim, frozenset({"chat-admins"})),
        Grant("gateway", claim, frozenset({"chat-gateways"})),
    )
    assert pool == TokenSource(
        name="pool",
        type="cognito",
        issuer=POOL,
        mapping=ClaimMapping("", ("sub",), claim, ("locale",), granted),
        verified_by=frozenset({"appsync"}),
        clients=frozenset({CLIENT}),
        token_use=frozenset({"access", "id"}),
        algorithms=("RS256",),
        jwks_url=f"{POOL}/.well-known/jwks.json",
    )
    assert (auth0.issuer, auth0.audiences, auth0.clients) == (
        AUTH0, frozenset({"https://chat.example.com"}), frozenset({"auth0Client"}),
    )  # fmt: skip
    assert (keycloak.issuer, keycloak.mapping.roles, keycloak.jwks_url) == (
        KEYCLOAK, ("realm_access", "roles"), None,
    )  # fmt: skip
    assert (entra.issuer, entra.mapping.user_id) == (ENTRA, ("oid",))
    assert sources.context is not None
    assert (sources.context.name, sources.context.mapping.prefix) == ("theirs", "ext:")
    assert sources.roles is not None
    assert sources.roles.callers["aws", "123456789012", "chat-admin"] == RoleCaller(
        "iam:ops", frozenset({"admin"})
    )
    assert sources.prefixes == ("", "a0:", "kc:", "entra:", "ext:", "iam:")
    assert not sources.has_our_authorizer


def test_a_key_that_is_null_is_absent() -> None:
    """So Terraform writes what an object leaves out, keys of other types included."""
    keys = {key for each in SOURCES for key in each} | {
        "jwks",
        "algorithms",
        "tokenUse",
        "mutable",
        "verifiedBy",
    }
    for own in SOURCES:
        assert parse_sources(json.dumps([dict.fromkeys(keys) | own])) == parse_sources(json.dumps([own]))
    granted = source("pool")["grants"]
    with_null = parse_sources(setting(source("pool", grants=granted | {"privacy": None})))
    assert with_null == parse_sources(setting(source("pool")))


def test_who_has_verified_a_token_is_said_by_each_source() -> None:
    text = setting(
        source("pool", verifiedBy=["appsync", "authorizer"]), source("keycloak", verifiedBy=["authorizer"])
    )
    sources = parse_sources(text)
    assert [each.name for each in sources.verified_by("appsync")] == ["pool"]
    assert [each.name for each in sources.verified_by("authorizer")] == ["pool", "keycloak"]
    assert sources.has_our_authorizer


def test_without_the_setting_there_is_our_authorizer_alone() -> None:
    assert Sources.ours() == Sources(has_our_authorizer=True)
    (jwt,) = Sources.jwt("issuer", "chat", ["ES256"], None, "{}").tokens
    assert (jwt.name, jwt.issuer, jwt.audiences, jwt.algorithms) == (
        "jwt", "issuer", frozenset({"chat"}), ("ES256",),
    )  # fmt: skip
    assert {grant.role for grant in jwt.mapping.grants} == {"admin", "privacy", "gateway"}


def test_the_shortest_source_has_these_defaults() -> None:
    sources = parse_sources('[{"name": "theirs", "type": "lambda"}]')
    assert sources.context == ContextSource("theirs", ClaimMapping("", ("sub",), None, None, ()))


@pytest.mark.parametrize(
    "text",
    ["", "x", "null", "{}", "7", '"x"', "[]", "[" * 2_000, "[1" + "0" * 2_900 + "e", '{"name": "a"}', "[NaN", '[{"a": 1, "a": 2}]'],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_is_no_array_of_sources_is_refused(text: str) -> None:
    with pytest.raises(BadSources, match=r"^must be a JSON array of (at least one )?source"):
        parse_sources(text)


def test_a_longer_text_than_the_environment_has_room_for_is_refused() -> None:
    with pytest.raises(BadSources, match=r"^must have at most 3,000 characters$"):
        parse_sources(setting(source("pool")) + " " * MAX_CHARACTERS)


POOL_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "source 1: name must be 1 to 32 letters, digits or _ . -"),
    ({"name": "a b"}, "source 1: name must be"),
    ({"type": None}, "pool: type must be one of cognito, oidc, lambda, iam"),
    ({"type": "saml"}, "pool: type must be one of"),
    ({"type": ["cognito"]}, "pool: type must be one of"),
    ({"Issuer": POOL}, "pool: Issuer is no key of this type of source"),
    ({"audiences": ["x"]}, "pool: audiences is no key of this type of source"),
    ({"jwksUrl": "https://example.com"}, "pool: jwksUrl is no key"),
    ({"issuer": None}, "pool: issuer must be a text that is not empty"),
    ({"issuer": "https://example.com/x"}, "pool: issuer must be https://cognito-idp.REGION.amazonaws.com/POOL_ID"),
    ({"issuer": POOL + "/"}, "pool: issuer must be"),
    ({"issuer": POOL.replace("https", "http")}, "pool: issuer must be"),
    ({"clients": None}, "pool: clients must be a list of texts"),
    ({"clients": []}, "pool: clients must name at least one"),
    ({"clients": "x"}, "pool: clients must be a list"),
    ({"clients": [7]}, "pool: clients must be a list"),
    ({"clients": [""]}, "pool: clients must be a list"),
    ({"clients": ["a", "a"]}, "pool: clients names one thing twice"),
    ({"tokenUse": []}, "pool: tokenUse must be a list of access and id"),
    ({"tokenUse": ["refresh"]}, "pool: tokenUse must be a list of access and id"),
    ({"verifiedBy": ["us"]}, "pool: verifiedBy must be a list of appsync and authorizer"),
    ({"verifiedBy": []}, "pool: verifiedBy must be a list of"),
    ({"prefix": 7}, "pool: prefix must be a text"),
    ({"prefix": "a#"}, "pool: prefix must be at most 32 letters"),
    ({"prefix": "x" * 33}, "pool: prefix must be at most 32 letters"),
    ({"userId": ""}, "pool: userId must be the name of a claim, or a list of names"),
    ({"userId": []}, "pool: userId must be the name of a claim"),
    ({"userId": ["a", 7]}, "pool: userId must be the name of a claim"),
    ({"roles": 7}, "pool: roles must be the name of a claim"),
    ({"locale": {}}, "pool: locale must be the name of a claim"),
    ({"mutable": "yes"}, "pool: mutable must be true or false"),
    ({"grants": []}, "pool: grants must be an object with the keys admin, gateway, privacy"),
    ({"grants": {"owner": {}}}, "pool: grants must be an object with the keys"),
    ({"grants": {"admin": "x"}}, "pool: grants.admin must be an object"),
    ({"grants": {"admin": {"values": ["x"]}}}, "pool: grants.admin: claim is missing"),
    ({"grants": {"admin": {"claim": "scope"}}}, "pool: grants.admin: values must be a list"),
    ({"grants": {"admin": {"claim": "scope", "values": []}}}, "pool: grants.admin: values must name at least one"),
    ({"grants": {"admin": {"claim": "scope", "values": ["x"], "role": "y"}}}, "pool: grants.admin: role is no key of a grant"),
]  # fmt: skip


def refused(text: str) -> str:
    with pytest.raises(BadSources) as caught:
        parse_sources(text)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(("changes", "sentence"), POOL_WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_key_is_named_with_its_source(changes: dict[str, Any], sentence: str) -> None:
    assert refused(setting(source("pool"), **changes)).startswith(sentence)


OIDC_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"clients": None}, "keycloak: clients or audiences must say for whom tokens are issued"),
    ({"clients": [], "audiences": []}, "keycloak: clients or audiences must say"),
    ({"tokenUse": ["id"]}, "keycloak: tokenUse is no key"),
    ({"issuer": "http://sso.example.com/realms/x"}, "keycloak: issuer must be an https address"),
    ({"issuer": "sso.example.com"}, "keycloak: issuer must be an https address"),
    ({"issuer": "https://user@sso.example.com"}, "keycloak: issuer must be an https address"),
    ({"issuer": "https://[x"}, "keycloak: issuer must be an https address"),
    ({"jwksUrl": "http://sso.example.com/keys"}, "keycloak: jwksUrl must be an https address"),
    ({"jwksUrl": "file:///etc/passwd"}, "keycloak: jwksUrl must be an https address"),
    ({"jwksUrl": "http://127.0.0.1@example.com/keys"}, "keycloak: jwksUrl must be an https address"),
    ({"jwksUrl": "http://127.0.0.1.example.com/keys"}, "keycloak: jwksUrl must be an https address"),
    ({"jwksUrl": "https://example.com/a b"}, "keycloak: jwksUrl must be an https address"),
    ({"jwksUrl": 7}, "keycloak: jwksUrl must be an https address"),
    ({"jwks": {"keys": []}}, "keycloak: jwks must be a JSON Web Key Set as a text"),
    ({"jwks": "keys"}, "keycloak: jwks must be a JSON Web Key Set"),
    ({"jwks": '{"keys": 1}'}, "keycloak: jwks must be a JSON Web Key Set"),
    ({"jwks": '{"keys": []}', "jwksUrl": "https://example.com"}, "keycloak: jwks must be"),
    ({"algorithms": ["HS256"]}, "keycloak: algorithms must be a list of RS256 and ES256"),
    ({"algorithms": ["none"]}, "keycloak: algorithms must be a list"),
    ({"algorithms": []}, "keycloak: algorithms must be a list"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), OIDC_WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_key_of_an_openid_provider_is_named(changes: dict[str, Any], sentence: str) -> None:
    assert refused(setting(source("keycloak"), **changes)).startswith(sentence)


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"])
def test_this_machine_needs_no_tls(host: str) -> None:
    address = f"http://{host}/realms/x"
    for name in ("keycloak", "pool"):
        (found,) = parse_sources(setting(source(name), issuer=address)).tokens
        assert found.issuer == address


def test_a_pools_newer_issuer_is_one() -> None:
    issuer = POOL.replace("https://", "https://issuer-")
    (pool,) = parse_sources(setting(source("pool"), issuer=issuer)).tokens
    assert pool.jwks_url == f"{issuer}/.well-known/jwks.json"


MUTABLE = [
    "email", "preferred_username", "name", "nickname", "given_name", "phone_number", "custom:id", "dev:custom:id", "upn",
    "unique_name", "username", "Email", "https://example.com/email", ["user_metadata", "id"], ["x", "unsafe_metadata", "id"],
    "custom:x/y",
]  # fmt: skip


@pytest.mark.parametrize("claim", MUTABLE, ids=str)
def test_a_claim_that_people_can_change_identifies_nobody_unless_the_setting_says_so(claim: object) -> None:
    for name in ("keycloak", "theirs"):
        assert refused(setting(source(name), userId=claim)).startswith(
            f"{name}: userId names a claim that people can change"
        )
        parse_sources(setting(source(name), userId=claim, mutable=True))


@pytest.mark.parametrize("claim", ["sub", "oid", "https://example.com/id", ["person", "id"], "uid"])
def test_other_claims_do(claim: object) -> None:
    parse_sources(setting(source("keycloak"), userId=claim))


def test_in_a_pool_a_username_never_changes() -> None:
    for claim in ("username", "cognito:username"):
        (pool,) = parse_sources(setting(source("pool"), userId=claim)).tokens
        assert pool.mapping.user_id == (claim,)
    assert refused(setting(source("pool"), userId="email")).startswith("pool: userId names")


@pytest.mark.parametrize("claim", [*MUTABLE, "cognito:username", "locale"], ids=str)
@pytest.mark.parametrize("name", ["pool", "keycloak", "theirs"])
def test_a_claim_that_people_can_write_gives_no_platform_role(name: str, claim: object) -> None:
    grants = {"privacy": {"claim": claim, "values": ["yes"]}}
    assert refused(setting(source(name), grants=grants)).startswith(
        f"{name}: grants.privacy: claim names a claim that people can write"
    )
    assert refused(setting(source(name), grants=grants, mutable=True))


ROLE = "arn:aws:iam::123456789012:role/chat-gateway"
IAM_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"callers": None}, "services: callers must be a list that is not empty"),
    ({"callers": []}, "services: callers must be a list that is not empty"),
    ({"callers": ["x"]}, "services: callers 1 must be an object"),
    ({"callers": [{"userId": "a"}]}, "services: callers 1: role must be a text"),
    ({"callers": [{"role": ROLE}]}, "services: callers 1: userId must be a text"),
    ({"callers": [{"role": ROLE, "userId": "a", "path": "/"}]}, "services: callers 1: path is no key of a caller"),
    ({"callers": [{"role": ROLE, "userId": "a\n"}]}, "services: callers 1: userId with the prefix must be a user id"),
    ({"callers": [{"role": ROLE, "userId": "x" * 128}]}, "services: callers 1: userId with the prefix must be"),
    ({"callers": [{"role": ROLE, "userId": "a", "roles": ["a b"]}]}, "services: callers 1: roles must be"),
    ({"callers": [{"role": ROLE, "userId": "a"}, {"role": ROLE.replace("role/", "role/x/"), "userId": "b"}]},
     "services: callers 2: role is there already"),
    ({"userId": "sub"}, "services: userId is no key"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), IAM_WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_caller_by_role_is_named(changes: dict[str, Any], sentence: str) -> None:
    assert refused(setting(source("services"), **changes)).startswith(sentence)


@pytest.mark.parametrize(
    "role",
    [
        "chat-gateway", "arn:aws:sts::123456789012:assumed-role/chat-gateway/s", "arn:aws:iam::123456789012:user/a",
        "arn:aws:iam::123456789012:role/", "arn:aws:iam::12345678901:role/a", "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role/a b", "arn:aws:iam::123456789012:root", "arn:gcp:iam::123456789012:role/a",
        ROLE + "\n", " " + ROLE,
    ],
)  # fmt: skip
def test_what_is_no_arn_of_one_role_is_refused(role: str) -> None:
    callers = [{"role": role, "userId": "a"}]
    assert refused(setting(source("services"), callers=callers)).startswith(
        "services: callers 1: role must be the ARN of an IAM role"
    )


TOGETHER: list[tuple[str, list[dict[str, Any]], str]] = [
    ("one name", [source("pool"), source("keycloak", name="pool")], "must give each source a name of its own"),
    ("no prefix", [source("pool"), source("keycloak", prefix="")], "must give each source a prefix of its own"),
    ("one prefix", [source("auth0"), source("keycloak", prefix="a0:")], "must give each source a prefix of its own"),
    ("a longer prefix", [source("auth0"), source("services", prefix="a0:x")], "must give each source a prefix"),
    ("a shorter prefix", [source("theirs"), source("services", prefix="e")], "must give each source a prefix"),
    ("two authorizers", [source("theirs"), source("theirs", name="b", prefix="b:")], "must have at most one source of type"),
    ("two of roles", [source("services"), source("services", name="b", prefix="b:")], "must have at most one source of type"),
    ("theirs and ours", [source("theirs"), source("pool", verifiedBy=["appsync", "authorizer"])], "theirs: type lambda excludes"),
    ("one client twice", [source("pool"), source("pool", name="b", prefix="b:")], "b: clients, audiences or tokenUse must differ"),
    (
        "one client among two",
        [source("pool"), source("pool", name="b", prefix="b:", clients=["x", CLIENT], verifiedBy=["authorizer"])],
        "b: clients, audiences or tokenUse must differ from those of pool",
    ),
    (
        "a client and an audience",
        [source("keycloak"), source("keycloak", name="b", prefix="b:", clients=None, audiences=["x"])],
        "b: clients, audiences or tokenUse must differ",
    ),
    (
        "other keys",
        [source("keycloak"), source("keycloak", name="b", prefix="b:", clients=["x"], algorithms=["ES256"])],
        "b: type, jwksUrl, jwks and algorithms must be those of keycloak",
    ),
    (
        "two types of one issuer",
        [source("pool"), source("keycloak", issuer=POOL)],
        "keycloak: type, jwksUrl, jwks and algorithms must be those of pool",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("documents", "sentence"), [case[1:] for case in TOGETHER], ids=[case[0] for case in TOGETHER]
)
def test_sources_that_do_not_go_together_are_refused(documents: list[dict[str, Any]], sentence: str) -> None:
    assert refused(setting(*documents)).startswith(sentence)


@pytest.mark.parametrize(
    "other",
    [{"clients": ["other"]}, {"tokenUse": ["id"]}, {"issuer": POOL + "x"}],
    ids=str,
)
def test_two_sources_of_one_kind_that_no_token_is_of_both_go_together(other: dict[str, Any]) -> None:
    one = source("pool", tokenUse=["access"])
    assert len(parse_sources(setting(one, one | {"name": "b", "prefix": "b:"} | other)).tokens) == 2


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(SOURCES),
    st.data(),
)
def test_nothing_that_a_key_may_hold_fails_otherwise(
    value: object, which: dict[str, Any], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(which)))
    with contextlib.suppress(BadSources):
        parse_sources(json.dumps([which | {key: value}]))


def test_a_refusal_does_not_show_the_value() -> None:
    for key in source("keycloak"):
        for value in (["", "secret value"], {"": "secret value"}):
            with pytest.raises(BadSources) as caught:
                parse_sources(json.dumps([source("keycloak") | {key: value}]))
            assert "secret value" not in str(caught.value)
