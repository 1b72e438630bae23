"""Which mode judges a request, what its functions get as identity, and how it is refused, on the wire."""

from typing import Any

import jwt
import pytest

from simulator.auth.authorization import NO_VALID_HEADER
from simulator.auth.modes import Mode
from simulator.refusals import NOT_AUTHORIZED

from .conftest import BODY, NOW, Client, Serve, Trust

UNAUTHORIZED = (401, "UnauthorizedException", NOT_AUTHORIZED)
NO_HEADER = (401, "UnauthorizedException", NO_VALID_HEADER)


def claims_of(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False})


async def identity(client: Client, headers: dict[str, str]) -> Any:
    status, answer = await client.ask(headers=headers, body=BODY)
    assert (status, answer) == (200, {"data": {"whoami": {"name": "somebody"}}})
    return client.functions.identities[-1]


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer  "])
@pytest.mark.parametrize("groups", [[], ["chat-admin", "x"]])
async def test_cognitos_identity(trust: Trust, serve_modes: Serve, scheme: str, groups: list[str]) -> None:
    async with serve_modes(Mode.COGNITO) as client:
        for use in ("access", "id"):
            token = trust.token(Mode.COGNITO, use=use, groups=groups)
            assert await identity(client, {"Authorization": scheme + token}) == {
                "sub": "alice",
                "issuer": trust.issuer(Mode.COGNITO).url,
                "username": "alice",
                "claims": claims_of(token),
                "sourceIp": ["127.0.0.1"],
                "defaultAuthStrategy": "ALLOW",
                "groups": groups or None,
            }


async def test_an_oidc_providers_identity(trust: Trust, serve_modes: Serve) -> None:
    for form in ("auth0", "keycloak", "entra"):
        async with serve_modes(Mode.OIDC, form=form) as client:
            token = trust.token(Mode.OIDC, form=form, groups=["x"])
            assert await identity(client, {"Authorization": token}) == {
                "sub": claims_of(token)["sub"],
                "issuer": claims_of(token)["iss"],
                "claims": claims_of(token),
            }


async def test_iams_identity(trust: Trust, serve_modes: Serve) -> None:
    async with serve_modes(Mode.IAM) as client:
        signed = client.signed(trust.credentials("bob"))
        seen = await identity(client, {**signed, "X-Forwarded-For": "203.0.113.9"})
    role_id, _, session = seen.pop("username").partition(":")
    assert (role_id[:4], session) == ("AROA", "local")
    assert seen == {
        "accountId": "000000000000",
        "cognitoIdentityPoolId": None,
        "cognitoIdentityId": None,
        "sourceIp": ["203.0.113.9", "127.0.0.1"],
        "userArn": "arn:aws:sts::000000000000:assumed-role/chat-bob/local",
        "cognitoIdentityAuthType": None,
        "cognitoIdentityAuthProvider": None,
    }


async def test_an_authorizers_identity_is_its_context_alone(trust: Trust, serve_modes: Serve) -> None:
    async with serve_modes(Mode.LAMBDA) as client:
        token = trust.token(Mode.LAMBDA, groups=["chat-admin"], locale="fr")
        assert await identity(client, {"Authorization": token}) == {
            "resolverContext": {"sub": "alice", "groups": '["chat-admin"]', "lang": "fr"}
        }
        assert await client.refusal({"Authorization": trust.token(Mode.LAMBDA, ttl=-1)}) == UNAUTHORIZED


async def test_with_every_mode_each_token_comes_to_its_own(trust: Trust, serve_modes: Serve) -> None:
    async with serve_modes(*Mode, sdl=OPEN) as client:
        tokens = {mode: trust.token(mode) for mode in Mode if mode is not Mode.IAM}
        headers: dict[Mode, dict[str, str]] = {
            mode: {"Authorization": token} for mode, token in tokens.items()
        }
        headers[Mode.IAM] = client.signed(trust.credentials())
        seen = {mode: await identity(client, sent) for mode, sent in headers.items()}
    assert seen[Mode.COGNITO]["issuer"] == trust.issuer(Mode.COGNITO).url
    assert seen[Mode.OIDC]["issuer"] == trust.issuer(Mode.OIDC).url
    assert seen[Mode.IAM]["userArn"].endswith("/chat-alice/local")
    assert seen[Mode.LAMBDA]["resolverContext"]["sub"] == "alice"


OPEN = """
type Query { whoami: Me }
type Me @aws_cognito_user_pools @aws_oidc @aws_lambda @aws_iam { name: String }
extend type Query @aws_cognito_user_pools @aws_oidc @aws_lambda @aws_iam { later: Me }
"""


async def test_a_json_web_token_does_not_reach_an_authorizer_beside_cognito(
    trust: Trust, serve_modes: Serve
) -> None:
    def anybody(_event: Any, _context: Any) -> Any:
        return {"isAuthorized": True, "resolverContext": {"sub": "anybody"}}

    token = trust.key.mint("alice", now=NOW, ttl=60)
    async with serve_modes(Mode.LAMBDA, authorizer=anybody) as client:
        for sent in (token, f"Bearer {token}", "AWS4-HMAC-SHA256 x", "opaque"):
            assert await identity(client, {"Authorization": sent})
    async with serve_modes(Mode.LAMBDA, Mode.COGNITO, Mode.IAM, authorizer=anybody) as client:
        for sent in (token, f"Bearer {token}"):
            assert await client.refusal({"Authorization": sent}) == UNAUTHORIZED
        for sent in (f"chat.{token}", f"{token}.chat", "opaque"):
            assert await identity(client, {"Authorization": sent})
        status, name, _ = await client.refusal({"Authorization": "AWS4-HMAC-SHA256 x"})
        assert (status, name) == (403, "IncompleteSignatureException")


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    "headers", [{}, {"x-api-key": "da2-0123456789"}, {"Authorization": ""}], ids=["none", "key", "empty"]
)
async def test_without_credentials_of_its_modes_nothing_is_read(
    serve_modes: Serve, mode: Mode, headers: dict[str, str]
) -> None:
    async with serve_modes(mode) as client:
        expected = NO_HEADER if mode in (Mode.COGNITO, Mode.OIDC) else UNAUTHORIZED
        assert await client.refusal(headers) == expected
        async with client.http.post(client.address.url, data="{", headers=headers) as answer:
            assert answer.status == 401


async def test_credentials_of_a_mode_that_is_not_there_are_refused(trust: Trust, serve_modes: Serve) -> None:
    for mode in Mode:
        async with serve_modes(mode) as client:
            for other in set(Mode) - {mode}:
                sent = (
                    client.signed(trust.credentials())
                    if other is Mode.IAM
                    else {"Authorization": trust.token(other)}
                )
                assert (await client.refusal(sent))[:2] == (401, "UnauthorizedException")


async def test_a_token_that_is_refused_is_explained_on_the_console_alone(
    trust: Trust, serve_modes: Serve
) -> None:
    async with serve_modes(Mode.COGNITO) as client:
        for token in (trust.token(Mode.COGNITO, ttl=0), trust.token(Mode.OIDC), "opaque"):
            assert await client.refusal({"Authorization": token}) == NO_HEADER
            assert await client.refusal({"Authorization": f"Bearer {token}"}) == NO_HEADER
    assert client.said[0] == "it has expired"
    assert client.said[2] == f"its issuer is not {trust.issuer(Mode.COGNITO).url}"
    assert client.said[4] == "it is for none of this API's modes: cognito"


async def test_signatures_are_refused_by_their_own_names(trust: Trust, serve_modes: Serve) -> None:
    async with serve_modes(Mode.IAM) as client:
        other = client.signed(trust.credentials(), body="{}")
        assert (await client.refusal(other))[:2] == (403, "InvalidSignatureException")
        unknown = {**trust.credentials(), "SessionToken": "x"}
        assert await client.refusal(client.signed(unknown)) == (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )


async def test_what_an_issuer_publishes_is_served_where_its_address_says(
    trust: Trust, serve_modes: Serve
) -> None:
    async with serve_modes(Mode.COGNITO, Mode.OIDC) as client:
        for mode in (Mode.COGNITO, Mode.OIDC):
            for path, document in trust.issuer(mode).documents.items():
                async with client.http.get(f"http://{client.host}{path}") as answer:
                    assert (answer.status, answer.content_type) == (200, "application/json")
                    assert await answer.read() == document


async def test_a_signed_query_by_get(trust: Trust, serve_modes: Serve) -> None:
    """Signed by botocore, which writes the query as it is sent."""
    async with serve_modes(Mode.IAM) as client:
        path = "/graphql?query=%7B%20whoami%20%7B%20name%20%7D%20%7D"
        headers = client.signed(trust.credentials(), path, "", method="GET")
        url = client.raw(path)
        async with client.http.get(url, headers=headers) as answer:
            assert await answer.json() == {"data": {"whoami": {"name": "somebody"}}}
