"""The other side of a signature: what AWS makes of a request that was signed, written from its description of
Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request,"
    r" SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """A signature that is right: by whose key, for where, and of which headers."""

    key: str
    region: str
    service: str
    headers: frozenset[str]


class Wrong(Exception):
    """The request is not the one that was signed."""


def verified(path: str, headers: Mapping[str, str], body: bytes, secret: str, method: str = "POST") -> Signed:
    """Who signed a request without a query. Raises `Wrong`."""
    lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    found = AUTHORIZATION.fullmatch(headers["Authorization"])
    if found is None:
        raise Wrong("no signature")
    names = found["headers"].split(";")
    if "host" not in names or "x-amz-date" not in names or names != sorted(names):
        raise Wrong("the host and the date are to be signed, and the names in their order")
    if "x-amz-security-token" in lower and "x-amz-security-token" not in names:
        raise Wrong("the session's token is to be signed")
    canonical = "\n".join(
        [
            method,
            path,
            "",
            *(f"{name}:{lower[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    date = lower["x-amz-date"]
    scope = f"{date[:8]}/{found['region']}/{found['service']}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    if (
        date[:8] != found["date"]
        or found["signature"]
        != hmac.new(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}".encode(), "sha256").hexdigest()
    ):
        raise Wrong("another signature")
    return Signed(found["key"], found["region"], found["service"], frozenset(names))
