"""Clients' tokens: whose they are, and how the API is given them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat.identity.identify import identify
from chat.identity.jwks import KeysUnavailable
from chat.identity.sources import parse_sources
from chat.identity.tokens import TokenRefused
from gateway.person_tokens import PersonTokens
from tests.gateway.providers import Provider, provider

MARKER = "chat."
NO_ISSUER = base64.urlsafe_b64encode(b'{"iss": ["x"]}').decode()


class Deployment:
    """An API with a user pool, a provider that AppSync verifies, one that our authorizer does, and one that both
    do, each with clients of its own."""

    def __init__(self, pool: Provider, sso: Provider) -> None:
        self.pool, self.sso = pool, sso
        self.sources = [
            {"name": "pool", "type": "cognito", "issuer": pool.issuer, "clients": ["app"], "userId": "username"},
            self.oidc("direct", "kc:", ["appsync"], userId=["person", "id"]),
            self.oidc("ours", "own:", ["authorizer"]),
            self.oidc("both", "two:", ["appsync", "authorizer"]),
            {
                "name": "services",
                "type": "iam",
                "prefix": "iam:",
                "callers": [{"role": "arn:aws:iam::123456789012:role/gw", "userId": "gateway", "roles": ["gateway"]}],
            },
        ]  # fmt: skip

    def oidc(self, name: str, prefix: str, verified_by: list[str], **changes: Any) -> dict[str, Any]:
        """Its keys are found by discovery; its client is its name."""
        about = {"name": name, "type": "oidc", "issuer": self.sso.issuer, "clients": [name], "prefix": prefix}
        return {**about, "verifiedBy": verified_by, **changes}

    def tokens(self, marker: str = MARKER) -> PersonTokens:
        return PersonTokens(parse_sources(json.dumps(self.sources)), marker)

    def token(self, name: str) -> str:
        if name == "pool":
            return self.pool.token(token_use="access", client_id="app", username="alice-in-pool")
        return self.sso.token(azp=name, aud="account", person={"id": "4711"})


@pytest.fixture
async def deployment() -> AsyncIterator[Deployment]:
    async with provider() as pool, provider() as sso:
        yield Deployment(pool, sso)


FORMS = {
    ("pool", ""): ("alice-in-pool", ""),
    ("pool", "Bearer "): ("alice-in-pool", ""),
    ("direct", ""): ("kc:4711", ""),
    ("ours", ""): ("own:alice", MARKER),
    ("ours", "Bearer "): ("own:alice", MARKER),
    ("ours", MARKER): ("own:alice", MARKER),
    ("ours", f"bearer {MARKER}"): ("own:alice", MARKER),
    ("both", ""): ("two:alice", ""),
    ("both", MARKER): ("two:alice", MARKER),
}
"""By a token's source and what stands before it: the person's id, and what stands before it for the API."""


@pytest.mark.parametrize(("source", "before"), FORMS)
async def test_a_token_of_each_source_names_its_person_and_is_sent_on_as_the_api_takes_it(
    deployment: Deployment, source: str, before: str
) -> None:
    token = deployment.token(source)
    person = await deployment.tokens().verify(before + token)
    user_id, before_it = FORMS[source, before]
    assert (person.user_id, person.token) == (user_id, before_it + token)


async def test_without_a_marker_a_plain_token_is_sent_on(deployment: Deployment) -> None:
    deployment.sources = [deployment.oidc("ours", "own:", ["authorizer"])]
    token = deployment.token("ours")
    person = await deployment.tokens(marker="").verify(f"Bearer {token}")
    assert (person.user_id, person.token) == ("own:alice", token)
    with pytest.raises(TokenRefused):
        await deployment.tokens(marker="").verify(f"{MARKER}{token}")


@pytest.mark.parametrize("source", ["pool", "direct", "both"])
async def test_the_person_has_the_id_that_they_have_in_a_resolver(
    deployment: Deployment, source: str
) -> None:
    import jwt

    token = deployment.token(source)
    claims = jwt.decode(token, options={"verify_signature": False})
    event = {
        "identity": {
            "claims": claims,
            "issuer": claims["iss"],
            "sub": claims["sub"],
            "sourceIp": ["127.0.0.1"],
        }
    }
    resolvers = identify(event, parse_sources(json.dumps(deployment.sources)))
    person = await deployment.tokens().verify(token)
    assert (person.user_id, person.expires_at) == (resolvers.user_id, claims["exp"])


async def test_a_marked_token_is_judged_as_our_authorizer_does(deployment: Deployment) -> None:
    for source in ("pool", "direct"):
        with pytest.raises(TokenRefused):
            await deployment.tokens().verify(MARKER + deployment.token(source))


async def test_what_is_no_token_of_a_source_makes_nobody_fetch_a_key(deployment: Deployment) -> None:
    tokens = deployment.tokens()
    async with provider() as stranger:
        for token in (
            stranger.token(azp="ours"),
            MARKER + stranger.token(azp="ours"),
            "nonsense",
            "a.b.c",
            "",
            "Bearer ",
            "Basic dXNlcg==",
            f"{deployment.token('ours')} {deployment.token('ours')}",
            f"e30.{NO_ISSUER}.x",
            f"{'[' * 3_000}.{'[' * 3_000}.x",
        ):
            with pytest.raises(TokenRefused):
                await tokens.verify(token)
        assert stranger.asked == []
    assert deployment.pool.asked == deployment.sso.asked == []


async def test_a_bad_token_of_a_known_issuer_is_refused(deployment: Deployment) -> None:
    tokens = deployment.tokens()
    async with provider() as stranger:
        stranger.issuer, own = deployment.sso.issuer, stranger.issuer
        bad = [
            stranger.token(azp="ours"),
            deployment.sso.token(azp="another"),
            deployment.sso.token(azp="ours", ttl=-60),
            deployment.sso.token(azp="ours", sub="x" * 129),
            deployment.pool.token(token_use="refresh", client_id="app", username="alice"),
        ]
        stranger.issuer = own
    for token in bad:
        with pytest.raises(TokenRefused):
            await tokens.verify(token)


async def test_each_issuers_keys_are_found_once_and_by_its_own_document(deployment: Deployment) -> None:
    tokens = deployment.tokens()
    await asyncio.gather(
        *(tokens.verify(deployment.token(name)) for name in ("pool", "direct", "ours", "both") * 5)
    )
    assert deployment.pool.asked == ["jwks.json"]
    assert deployment.sso.asked == ["openid-configuration", "jwks.json"]


async def test_an_issuer_whose_keys_do_not_come_makes_nobody_else_wait(deployment: Deployment) -> None:
    tokens = deployment.tokens()
    deployment.sso.is_up.clear()
    waiting = [asyncio.create_task(tokens.verify(deployment.token("ours"))) for _ in range(50)]
    async with asyncio.timeout(10):
        while not deployment.sso.asked:  # noqa: ASYNC110  the fetch is in a thread
            await asyncio.sleep(0.01)
        assert (await tokens.verify(deployment.token("pool"))).user_id == "alice-in-pool"
        assert not any(each.done() for each in waiting)
    refused = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in refused} == {KeysUnavailable}
    assert deployment.sso.asked == ["openid-configuration"]
    tokens.close()
