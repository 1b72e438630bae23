"""Who calls, in each of AppSync's modes: the identity that AWS documents becomes a caller, or a refusal by its name."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.identity.identify import identify
from chat.identity.sources import Sources, parse_sources
from chat.rules.errors import IdentityRefused
from chat.rules.models import Caller
from tests.chat.identity.documented import (
    ADMINS,
    AUTH0,
    CLIENT,
    POOL,
    SOURCES,
    assumed_role,
    auth0,
    cognito,
    entra,
    every,
    iam,
    identity_pool,
    keycloak,
    ours,
    setting,
    source,
    theirs,
)

ALL = every()
OURS = Sources.ours()


def called(identity: object, sources: Sources = ALL) -> Caller:
    return identify({"identity": identity}, sources)


def refused(identity: object, sources: Sources = ALL) -> dict[str, Any]:
    """What the refusal says to machines."""
    with pytest.raises(IdentityRefused) as caught:
        called(identity, sources)
    return caught.value.values


def roles(*names: str) -> frozenset[str]:
    return frozenset(names)


SIGNED_IN = 1_760_000_000
"""`auth_time` and `iat` of what is documented."""

KNOWN: dict[str, tuple[Sources, dict[str, Any], Caller]] = {
    "AWS_LAMBDA, ours": (OURS, ours("alice"), Caller("alice")),
    "AWS_LAMBDA, ours, all of it": (
        OURS, ours("alice", "admin", "auditor", locale="es"), Caller("alice", roles("admin", "auditor"), "es"),
    ),
    "AWS_LAMBDA, ours, with the sign-in": (
        OURS, ours("alice", signedInAt="1760000000"), Caller("alice", signed_in_at=SIGNED_IN),
    ),
    "AWS_LAMBDA, another's": (ALL, theirs("alice"), Caller("ext:alice")),
    "AWS_LAMBDA, another's, all of it": (
        ALL, theirs("alice", "a b", "x", ADMINS, lang="fr-CA"), Caller("ext:alice", roles("x", "admin", ADMINS), "fr-CA"),
    ),
    "Cognito, access token": (ALL, cognito("u1", "readers"), Caller("u1", roles("readers"), signed_in_at=SIGNED_IN)),
    "Cognito, ID token": (ALL, cognito("u1", ADMINS, use="id", locale="es"), Caller("u1", roles(ADMINS, "admin"), "es", SIGNED_IN)),
    "OIDC, Auth0": (ALL, auth0("auth0|5f7c8ec7", "editor"), Caller("a0:auth0|5f7c8ec7", roles("editor"), signed_in_at=SIGNED_IN)),
    "OIDC, Keycloak": (ALL, keycloak("2f6a", ADMINS), Caller("kc:2f6a", roles("offline_access", ADMINS, "admin"), signed_in_at=SIGNED_IN)),
    "OIDC, Entra": (ALL, entra("00aa-11bb", "Task.Read"), Caller("entra:00aa-11bb", roles("Task.Read"), signed_in_at=SIGNED_IN)),
    "AWS_IAM, assumed role": (ALL, assumed_role("chat-gateway"), Caller("iam:gateway", roles("gateway"))),
    "AWS_IAM, assumed role with a path": (ALL, assumed_role("chat-admin"), Caller("iam:ops", roles("admin"))),
}  # fmt: skip


@pytest.mark.parametrize(("sources", "identity", "caller"), KNOWN.values(), ids=KNOWN.keys())
def test_whoever_is_known_is_a_caller(sources: Sources, identity: dict[str, Any], caller: Caller) -> None:
    assert called(identity, sources) == caller


NOBODY: dict[str, tuple[Sources, Any, dict[str, str]]] = {
    "API_KEY": (ALL, None, {"reason": "missing"}),
    "nothing in it": (ALL, {}, {"reason": "missing"}),
    "only nulls": (ALL, {"resolverContext": None, "sub": None}, {"reason": "missing"}),
    "a mode that is new": (ALL, {"passport": "x"}, {"reason": "source"}),
    "AWS_IAM, user": (ALL, iam("arn:aws:iam::123456789012:user/alice"), {"reason": "role"}),
    "AWS_IAM, root": (ALL, iam("arn:aws:iam::123456789012:root"), {"reason": "role"}),
    "AWS_IAM, federated": (ALL, iam("arn:aws:sts::123456789012:federated-user/alice"), {"reason": "role"}),
    "AWS_IAM, identity pool": (ALL, identity_pool(), {"reason": "role"}),
    "AWS_IAM, identity pool, a guest": (ALL, identity_pool(is_authenticated=False), {"reason": "role"}),
    "AWS_IAM, a role that is not listed": (ALL, assumed_role("admin"), {"reason": "role"}),
    "AWS_IAM, a listed name in another account": (
        ALL, assumed_role("chat-gateway", account="210987654321"), {"reason": "role"},
    ),
    "AWS_IAM, a listed name in another partition": (
        ALL, iam("arn:aws-cn:sts::123456789012:assumed-role/chat-gateway/s"), {"reason": "role"},
    ),
    "AWS_IAM, a listed name as the session": (ALL, assumed_role("evil", "chat-gateway"), {"reason": "role"}),
    "AWS_IAM, a listed name in a path": (
        ALL, iam("arn:aws:sts::123456789012:assumed-role/evil/chat-gateway/session"), {"reason": "role"},
    ),
    "AWS_IAM, no ARN": (ALL, iam(""), {"reason": "role"}),
    "AWS_IAM, an ARN that is no text": (ALL, iam("x") | {"userArn": ["x"]}, {"reason": "role"}),
}  # fmt: skip


@pytest.mark.parametrize(("sources", "identity", "values"), NOBODY.values(), ids=NOBODY.keys())
def test_whoever_is_not_known_is_refused(sources: Sources, identity: Any, values: dict[str, str]) -> None:
    assert refused(identity, sources) == values


@pytest.mark.parametrize(("name", "identity"), [
    ("theirs", theirs("alice")), ("pool", cognito("u1")), ("auth0", auth0("a")), ("keycloak", keycloak("a")),
    ("entra", entra("a")), ("services", assumed_role("chat-gateway")),
])  # fmt: skip
def test_without_its_source_nobody_of_it_is_known(name: str, identity: dict[str, Any]) -> None:
    others = parse_sources(setting(*(each for each in SOURCES if each["name"] != name)))
    assert refused(identity, others) == {"reason": "source"}
    only = parse_sources(setting(source(name)))
    assert called(identity, only) == called(identity)


def test_behind_our_authorizer_nobody_else_is_known() -> None:
    for identity in (cognito("u1"), auth0("a"), keycloak("a"), entra("a"), assumed_role("chat-gateway")):
        assert refused(identity, OURS) == {"reason": "source"}
    assert refused(theirs("alice"), OURS) == {"reason": "claim", "claim": "userId"}


def test_where_no_source_is_verified_by_our_authorizer_its_context_is_nobodys() -> None:
    by_appsync = parse_sources(setting(source("pool")))
    assert refused(ours("alice", "admin"), by_appsync) == {"reason": "source"}
    by_both = parse_sources(setting(source("pool", verifiedBy=["appsync", "authorizer"])))
    assert called(ours("alice", "admin"), by_both) == Caller("alice", roles("admin"))


def test_a_token_that_our_authorizer_verifies_is_not_taken_from_appsync() -> None:
    by_authorizer = parse_sources(setting(source("pool", verifiedBy=["authorizer"])))
    assert refused(cognito("u1"), by_authorizer) == {"reason": "source"}


@pytest.mark.parametrize(("context", "claim"), [
    ({"userId": None}, "userId"), ({"userId": ""}, "userId"), ({"userId": 7}, "userId"), ({"userId": "al\x00ice"}, "userId"),
    ({"userId": ["alice"]}, "userId"), ({"roles": ["admin"]}, "roles"), ({"roles": {"admin": 1}}, "roles"), ({"locale": 7}, "locale"),
], ids=str)  # fmt: skip
def test_what_our_authorizer_never_says_is_refused(context: dict[str, Any], claim: str) -> None:
    assert refused({"resolverContext": {"userId": "alice"} | context}, OURS) == {
        "reason": "claim",
        "claim": claim,
    }


@pytest.mark.parametrize(
    "identity",
    [
        [],
        "alice",
        7,
        True,
        "",
        {"resolverContext": "alice"},
        {"resolverContext": [1]},
        {"claims": "x"},
        {"sub": "a", "issuer": POOL},
    ],
    ids=str,
)
def test_what_is_no_identity_of_appsync_is_no_refusal(identity: object) -> None:
    with pytest.raises(TypeError):
        called(identity)


def test_an_event_without_an_identity_is_no_refusal() -> None:
    with pytest.raises(KeyError):
        identify({}, ALL)


@pytest.mark.parametrize(("one", "other"), [
    (ours("mallory", "admin"), cognito("u1")), (theirs("mallory", ADMINS), auth0("a")), (theirs("mallory"), assumed_role("bot")),
    (cognito("u1"), assumed_role("chat-gateway")),
], ids=["ours and a pool", "theirs and a provider", "theirs and a role", "a pool and a role"])  # fmt: skip
def test_an_identity_of_two_modes_is_nobodys(one: dict[str, Any], other: dict[str, Any]) -> None:
    for sources in (ALL, OURS):
        assert refused(one | other, sources) == {"reason": "ambiguous"}


PINS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "another pool": (cognito("u1", iss=POOL + "x") | {"issuer": POOL + "x"}, {"reason": "source"}),
    "another pool behind this one's name": (cognito("u1", iss=POOL + "x"), {"reason": "source"}),
    "this pool behind another's name": (cognito("u1") | {"issuer": POOL + "x"}, {"reason": "source"}),
    "no issuer": (cognito("u1", iss=None) | {"issuer": None}, {"reason": "source"}),
    "an issuer that is no text": (cognito("u1", iss=[POOL]) | {"issuer": [POOL]}, {"reason": "source"}),
    "another client, access token": (cognito("u1", client_id="x"), {"reason": "client"}),
    "another client, ID token": (cognito("u1", use="id", aud="x"), {"reason": "client"}),
    "an ID token's audience in an access token": (cognito("u1", client_id=None, aud=CLIENT), {"reason": "client"}),
    "clients in a list": (cognito("u1", client_id=[CLIENT]), {"reason": "client"}),
    "another use": (cognito("u1", token_use="refresh"), {"reason": "tokenUse"}),
    "no use": (cognito("u1", token_use=None), {"reason": "tokenUse"}),
    "a use that is no text": (cognito("u1", token_use=["id"]), {"reason": "tokenUse"}),
    "another audience": (auth0("a", aud="https://other.example.com"), {"reason": "client"}),
    "no audience": (auth0("a", aud=None), {"reason": "client"}),
    "an audience that is no text": (auth0("a", aud={"https://chat.example.com": 1}), {"reason": "client"}),
    "another party": (auth0("a", azp="x"), {"reason": "client"}),
    "two parties": (auth0("a", client_id="x"), {"reason": "client"}),
    "no party, and an audience that is no client": (auth0("a", azp=None), {"reason": "client"}),
    "a party that is no text": (keycloak("a", azp=["web"]), {"reason": "client"}),
    "another party whose audience is us": (keycloak("a", azp="x", aud="web"), {"reason": "client"}),
}  # fmt: skip


@pytest.mark.parametrize(("identity", "values"), PINS.values(), ids=PINS.keys())
def test_a_token_for_somebody_else_is_refused(identity: dict[str, Any], values: dict[str, str]) -> None:
    assert refused(identity) == values


def test_an_id_token_of_a_provider_names_its_client_as_audience() -> None:
    assert called(keycloak("a", azp=None, aud="web")).user_id == "kc:a"
    assert called(keycloak("a", azp=None, client_id="web")).user_id == "kc:a"


def test_a_source_may_take_one_kind_of_a_pools_tokens() -> None:
    for use, other in (("access", "id"), ("id", "access")):
        sources = parse_sources(setting(source("pool", tokenUse=[use])))
        assert called(cognito("u1", use=use), sources).user_id == "u1"
        assert refused(cognito("u1", use=other), sources) == {"reason": "tokenUse"}


def test_a_token_of_two_sources_is_nobodys() -> None:
    one = source("keycloak", clients=None, audiences=["a"])
    two = source("keycloak", clients=None, audiences=["b"], name="two", prefix="two:")
    sources = parse_sources(setting(one, two))
    assert called(keycloak("x", aud="a"), sources).user_id == "kc:x"
    assert called(keycloak("x", aud="b"), sources).user_id == "two:x"
    assert refused(keycloak("x", aud=["a", "b"]), sources) == {"reason": "ambiguous"}


def test_two_pools_of_one_api_are_two_sources() -> None:
    other = POOL + "2"
    sources = parse_sources(setting(source("pool"), source("pool", name="b", issuer=other, prefix="b:")))
    assert called(cognito("u1"), sources).user_id == "u1"
    assert called(cognito("u1", iss=other) | {"issuer": other}, sources).user_id == "b:u1"


@pytest.mark.parametrize(
    "value", [None, "", 7, True, ["u1"], {"id": "u1"}, "x" * 129, "a\n", "\ud800", "é" * 129], ids=ascii
)
def test_what_is_no_user_id_is_refused(value: object) -> None:
    for identity in (cognito("u1", sub=value), keycloak("a", sub=value), entra("a", oid=value)):
        assert refused(identity) == {"reason": "claim", "claim": "userId"}


def test_an_id_has_room_for_its_prefix() -> None:
    assert called(keycloak("x" * 125)).user_id == "kc:" + "x" * 125
    assert refused(keycloak("x" * 126)) == {"reason": "claim", "claim": "userId"}


@pytest.mark.parametrize("own", ["kc:2f6a", "iam:gateway", "ext:alice", "entra:", "a0:"])
def test_an_id_that_would_be_another_sources_is_nobodys(own: str) -> None:
    assert refused(cognito(own)) == {"reason": "claim", "claim": "userId"}
    assert called(keycloak(own)).user_id == "kc:" + own


@pytest.mark.parametrize(("value", "expected"), [
    (None, []), ([], []), ("", []), ("a", ["a"]), ("a,b c\td", ["a", "b", "c", "d"]), ('["a", "b c"]', ["a"]),
    (["a", 7, None, {"x": 1}, "a b", "", "é", "x" * 129, "b"], ["a", "b"]), (["admin", "privacy", "gateway", "a"], ["a"]),
    ("openid admin", ["openid"]), ('["admin"]', []),
], ids=str)  # fmt: skip
def test_roles_are_a_list_or_a_text_and_never_platform_roles(value: object, expected: list[str]) -> None:
    groups: dict[str, Any] = {"cognito:groups": value}
    assert sorted(called(cognito("u1", **groups)).roles) == expected


@pytest.mark.parametrize("value", [
    7, True, {"admin": True}, ["x"] * 101, ["x" * 100] * 41, "x" * 4_097, "a " * 2_049, "[admin, user]", "[", "[" * 4_000,
    ["group-" + str(number) for number in range(1_000)],
], ids=lambda value: str(value)[:20])  # fmt: skip
def test_roles_that_are_too_many_or_malformed_are_refused(value: object) -> None:
    groups: dict[str, Any] = {"cognito:groups": value}
    assert refused(cognito("u1", **groups)) == {"reason": "claim", "claim": "roles"}


def test_a_platform_role_is_granted_by_a_claim_that_has_the_value_and_by_nothing_else() -> None:
    grants = {
        "admin": {"claim": "scope", "values": ["chat/admin"]},
        "privacy": {"claim": ["org", "duties"], "values": ["dpo", "officer"]},
    }
    sources = parse_sources(setting(source("pool", grants=grants)))
    assert called(cognito("u1", scope="openid chat/admin"), sources).roles == {"admin"}
    assert called(cognito("u1", org={"duties": ["dpo"]}), sources).roles == {"privacy"}
    for claims in (
        {"scope": "openid"}, {"scope": "chat/admin2"}, {"scope": "admin"}, {"roles": ["admin"]}, {"custom:role": "admin"},
        {"user_metadata": {"role": "admin", "scope": "chat/admin"}}, {"org": ["dpo"]}, {"org": {"dpo": True}}, {"org.duties": "dpo"},
    ):  # fmt: skip
        assert called(cognito("u1", **claims), sources).roles == set(), claims


@pytest.mark.parametrize("locale", [7, [], {}, None, True])
def test_a_language_that_is_none_keeps_nobody_out(locale: object) -> None:
    assert called(cognito("u1", locale=locale)).locale is None


def test_a_claims_key_is_exact_and_a_path_is_nested() -> None:
    dotted = parse_sources(setting(source("keycloak", userId="a.b")))
    assert called(keycloak("x", **{"a.b": "dotted", "a": {"b": "nested"}}), dotted).user_id == "kc:dotted"
    nested = parse_sources(setting(source("keycloak", userId=["a", "b"])))
    assert called(keycloak("x", **{"a.b": "dotted", "a": {"b": "nested"}}), nested).user_id == "kc:nested"
    assert refused(keycloak("x", a="b"), nested) == {"reason": "claim", "claim": "userId"}


PIECES = ["a0:", "kc:", "entra:", "ext:", "iam:", "gateway", "x"]
IDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join) | st.text(
    min_size=1, max_size=12
)
WAYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "pool": cognito,
    "auth0": auth0,
    "keycloak": keycloak,
    "entra": entra,
    "theirs": theirs,
}


PEOPLE = st.tuples(st.sampled_from(sorted(WAYS)), IDS)


def chat_id(person: tuple[str, str]) -> str | None:
    """The chat's id of somebody with this id at this source; `None` for one who is refused."""
    way, own = person
    try:
        return called(WAYS[way](own)).user_id
    except IdentityRefused:
        return None


@given(PEOPLE, PEOPLE | st.none())
def test_two_people_of_any_two_sources_never_have_one_id(
    one: tuple[str, str], other: tuple[str, str] | None
) -> None:
    """The other is anybody, or has at the source without a prefix the very id that the one has in the chat."""
    taken = chat_id(one)
    other = other or ("pool", taken or "x")
    assert one == other or taken is None or chat_id(other) != taken
    services = {caller.user_id for caller in (ALL.roles.callers.values() if ALL.roles else ())}
    assert services.isdisjoint({taken, chat_id(other)})
    assert chat_id(("pool", min(services))) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("resolverContext", "claims", "issuer", "sub", "userArn", "cognitoIdentityId", "username")


@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON)
def test_no_identity_makes_it_fail_otherwise(identity: object) -> None:
    for sources in (ALL, OURS):
        with contextlib.suppress(IdentityRefused, TypeError):
            called(identity, sources)


@given(
    st.sampled_from(
        [
            "sub",
            "aud",
            "azp",
            "iss",
            "token_use",
            "client_id",
            "cognito:groups",
            "realm_access",
            "oid",
            "roles",
        ]
    ),
    JSON,
)
def test_no_claim_makes_it_fail_otherwise(name: str, value: object) -> None:
    for identity in (cognito("u1"), auth0("a"), keycloak("a"), entra("a")):
        with contextlib.suppress(IdentityRefused):
            called(identity | {"claims": identity["claims"] | {name: value}})


def test_a_refusal_never_says_what_a_claim_held() -> None:
    for identity in (
        cognito("a\nsecret"),
        cognito("u1", client_id="secret"),
        keycloak("x" * 126),
        iam("secret"),
    ):
        with pytest.raises(IdentityRefused) as caught:
            called(identity)
        assert "secret" not in str(caught.value)
        assert AUTH0 not in str(caught.value)
