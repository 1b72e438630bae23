"""AppSync's authorization modes, by the words of `AUTH`.

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

TokenUse = Literal["access", "id"]
"""Which of Cognito's two tokens, by its claim `token_use`."""
FormName = Literal["auth0", "keycloak", "entra"]
"""Whose tokens an OIDC provider's are like."""
