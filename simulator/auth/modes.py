"""AppSync's authorization modes, and the words of `AUTH`.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html. API_KEY is not among them: a chat has to
know who calls.
"""

from enum import StrEnum
from typing import Literal


class Mode(StrEnum):
    """In AppSync's words AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT, AWS_LAMBDA and AWS_IAM."""

    COGNITO = "cognito"
    OIDC = "oidc"
    LAMBDA = "lambda"
    IAM = "iam"

    @property
    def directive(self) -> str:
        """What opens a type or a field of the schema to it."""
        return {Mode.COGNITO: "aws_cognito_user_pools"}.get(self, f"aws_{self}")


Modes = tuple[Mode, ...]
"""What one API lets in. The first is its default mode, the others are additional ones."""


class Source(StrEnum):
    """A word of `AUTH`: whose credentials the API takes. AWS_LAMBDA is a mode of two of them, of which an API can
    have one: another's authorizer (`lambda`), and ours (`authorizer`)."""

    COGNITO = "cognito"
    OIDC = "oidc"
    LAMBDA = "lambda"
    AUTHORIZER = "authorizer"
    IAM = "iam"

    @property
    def mode(self) -> Mode:
        return Mode.LAMBDA if self is Source.AUTHORIZER else Mode(self)


Auth = tuple[Source, ...]
"""The setting AUTH, in the order of its words."""

TokenUse = Literal["access", "id"]
"""Which of Cognito's two tokens, by its claim `token_use`."""
FormName = Literal["auth0", "keycloak", "entra"]
"""Whose tokens an OIDC provider's are like."""
