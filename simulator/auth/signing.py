"""Signature Version 4 from the caller's side, by botocore: for `make subscribe AUTH=iam`."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from simulator.auth.sigv4 import SERVICE

Authorize = Callable[[str, str], dict[str, str]]
"""The headers that authorise a POST, by its path and its body."""


def signer(credentials: Mapping[str, Any], region: str, address: str) -> Authorize:
    """`credentials`: as a credential process prints them. `address`: host and port of the API."""
    key = Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], token=credentials["SessionToken"]
    )

    def authorize(path: str, body: str) -> dict[str, str]:
        headers = {"host": address, "content-type": "application/json"}
        request = AWSRequest("POST", f"http://{address}{path}", headers=headers, data=body.encode())
        SigV4Auth(key, SERVICE, region).add_auth(request)
        return dict(request.headers)

    return authorize
