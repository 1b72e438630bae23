"""The `identity` of a resolver's event, as AppSync makes it of what let a request in.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html#aws-appsync-resolver-context-reference-identity.
That of a Lambda authorizer is `simulator.authorizer.Grant.by_authorizer`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.auth.access_keys import ACCOUNT, SESSION, AccessKey

Identity = dict[str, Any]


def cognito_identity(claims: Mapping[str, Any], addresses: Sequence[str]) -> Identity:
    """`claims`: of an ID or an access token, which name the person differently. `addresses`: where the request
    came from, the client first."""
    return {
        "sub": claims["sub"],
        "issuer": claims["iss"],
        "username": claims.get("cognito:username") or claims.get("username"),
        "claims": dict(claims),
        "sourceIp": list(addresses),
        "defaultAuthStrategy": "ALLOW",
        "groups": claims.get("cognito:groups"),
    }


def oidc_identity(claims: Mapping[str, Any]) -> Identity:
    return {"sub": claims["sub"], "issuer": claims["iss"], "claims": dict(claims)}


def iam_identity(key: AccessKey, addresses: Sequence[str]) -> Identity:
    """Of a caller without a Cognito identity pool, whose keys are null."""
    return {
        "accountId": ACCOUNT,
        "cognitoIdentityPoolId": None,
        "cognitoIdentityId": None,
        "sourceIp": list(addresses),
        "username": f"{key.role_id}:{SESSION}",
        "userArn": key.session_arn,
        "cognitoIdentityAuthType": None,
        "cognitoIdentityAuthProvider": None,
    }
