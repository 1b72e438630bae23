"""Who lets a request in: the mode is chosen from the form of its credentials, as AppSync does.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html. A signature is AWS_IAM's, a JSON Web Token
(also after `Bearer`) of the pool or provider that it names as its issuer, and anything else is for the Lambda
authorizer, which also gets what no other enabled mode takes. So a JSON Web Token reaches the authorizer of an API
that has Cognito or OIDC as well only with something before or after it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.auth.access_keys import AccessKeys
from simulator.auth.identities import cognito_identity, iam_identity, oidc_identity
from simulator.auth.issuers import Issuer, TokenRefused, is_jwt, issuer_of
from simulator.auth.modes import Mode, Modes
from simulator.auth.sigv4 import SignatureRefused, SignedRequest, is_signature, verify
from simulator.authorizer import CONNECT, Authorizer, Grant
from simulator.refusals import RequestRefused, unauthorized

NO_VALID_HEADER = "Valid authorization header not provided."
"""What an API says to whom it does not let in when its default mode is Cognito or OIDC."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client sent to be let in by.

    `request`: what a signature has to cover, with the headers that hold the credentials. `as_sent`: the headers
    as an authorizer sees them. `addresses`: where it came from, the client first. `realtime`: whether it came
    over WebSocket, where refusals have names of their own.
    """

    request: SignedRequest
    as_sent: Mapping[str, Any]
    addresses: Sequence[str] = ()
    realtime: bool = False

    @property
    def token(self) -> str:
        """The header `Authorization`; empty where there is none, whatever else there is (`x-api-key`)."""
        return self.request.headers.get("authorization", "")


@dataclass(frozen=True, slots=True)
class Access:
    """What one API lets in.

    `modes`: the first is the default. `issuers`: of Cognito and OIDC, and `access_keys`: of IAM; neither is there
    where its mode is not. `region`: what signatures are scoped to. `say` gets a sentence for each token that is
    refused: the client is told no reason. `now`: epoch seconds.
    """

    modes: Modes = (Mode.LAMBDA,)
    issuers: Sequence[Issuer] = ()
    access_keys: AccessKeys | None = None
    region: str = ""
    say: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Authorization:
    """Judges each request to one API."""

    authorizer: Authorizer
    access: Access = field(default_factory=Access)

    async def judge(
        self,
        credentials: Credentials,
        *,
        query: str = "",
        operation_name: str | None = CONNECT,
        variables: Mapping[str, Any] | None = None,
    ) -> Grant:
        """Raises `RequestRefused`."""
        token = credentials.token
        if (keys := self.access.access_keys) and is_signature(token):
            return self._signed(credentials, keys)
        if self.access.issuers and is_jwt(_bare(token)):
            return self._by_issuer(credentials)
        if token and Mode.LAMBDA in self.access.modes:
            return await self.authorizer.judge(
                token, credentials.as_sent, query=query, operation_name=operation_name, variables=variables
            )
        if token:
            self.access.say(f"it is for none of this API's modes: {', '.join(self.access.modes)}")
        raise self.refusal()

    def refusal(self) -> RequestRefused:
        """What is said to somebody without good credentials."""
        if self.access.modes[0] in (Mode.COGNITO, Mode.OIDC):
            return unauthorized(NO_VALID_HEADER)
        return unauthorized()

    def _by_issuer(self, credentials: Credentials) -> Grant:
        token = _bare(credentials.token)
        try:
            issuer = self._issuer(token)
            claims = issuer.verify(token, self.access.now)
        except TokenRefused as refused:
            self.access.say(str(refused))
            raise self.refusal() from None
        if issuer.mode is Mode.COGNITO:
            return Grant(cognito_identity(claims, credentials.addresses), Mode.COGNITO)
        return Grant(oidc_identity(claims), Mode.OIDC)

    def _issuer(self, token: str) -> Issuer:
        """Whom a token names, so that its keys can tell whether that is true. Raises `TokenRefused`."""
        named = issuer_of(token)
        for issuer in self.access.issuers:
            if issuer.url == named:
                return issuer
        raise TokenRefused("its issuer is not " + " or ".join(each.url for each in self.access.issuers))

    def _signed(self, credentials: Credentials, keys: AccessKeys) -> Grant:
        try:
            key = verify(credentials.request, keys, self.access.region, self.access.now)
        except SignatureRefused as refused:
            if credentials.realtime:
                raise RequestRefused(400, "BadRequestException", str(refused)) from None
            raise RequestRefused(403, refused.error_type, str(refused)) from None
        return Grant(iam_identity(key, credentials.addresses), Mode.IAM)


def _bare(token: str) -> str:
    """A token without the scheme that some clients put before it."""
    scheme, _, rest = token.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else token.strip()
