"""Signature Version 4 from the verifier's side.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The refusals are those
that AWS's services were seen to give, by their names and in their words.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, unquote

from simulator.auth.access_keys import AccessKey, AccessKeys

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "appsync"
SKEW_S = 300
"""How far a signature may be from now."""
_ISO = "%Y%m%dT%H%M%SZ"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_DATE = re.compile(r"\d{8}T\d{6}Z")
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)


class SignatureRefused(Exception):
    """A signature is not accepted. `error_type` is AWS's name for it, the text its sentence."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. `headers`: by their names in lower case. `query`: as it came, percent-encoded.
    `host`: what the signed host must be."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    host: str


@dataclass(frozen=True, slots=True)
class _Authorization:
    """The header `Authorization`, taken apart."""

    key_id: str
    date: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str

    @classmethod
    def read(cls, header: str) -> "_Authorization":
        fields = dict(_FIELD.findall(header.removeprefix(ALGORITHM)))
        scope = fields.get("Credential", "").split("/")
        missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in fields]
        if missing:
            needed = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
            raise SignatureRefused("IncompleteSignatureException", needed)
        if len(scope) != 5 or scope[4] != "aws4_request":
            raise SignatureRefused(
                "IncompleteSignatureException", "Credential must have exactly 5 slash-delimited elements."
            )
        signed = tuple(fields["SignedHeaders"].lower().split(";"))
        return cls(scope[0], scope[1], scope[2], scope[3], signed, fields["Signature"])

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def is_signature(authorization: str) -> bool:
    """Whether AppSync takes a header for a signature."""
    return authorization.startswith(ALGORITHM + " ")


def verify(request: SignedRequest, keys: AccessKeys, region: str, now: Callable[[], float]) -> AccessKey:
    """Whose request it is. Raises `SignatureRefused`."""
    said = _Authorization.read(request.headers["authorization"])
    instant = now()
    stamp = _stamp(request.headers, said)
    _check_scope(said, region)
    _check_skew(stamp, instant)
    key = keys.find(said.key_id)
    ends = None if key is None else keys.session_ends(key, request.headers.get("x-amz-security-token", ""))
    if key is None or ends is None:
        raise SignatureRefused(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if ends <= instant:
        raise SignatureRefused(
            "ExpiredTokenException", "The security token included in the request is expired"
        )
    if not {"host", "x-amz-date"} <= set(said.signed) or request.headers.get("host", "") != request.host:
        raise _mismatch()
    if not hmac.compare_digest(
        _signature(request, said, stamp, key.secret).encode(), said.signature.encode()
    ):
        raise _mismatch()
    return key


def _stamp(headers: Mapping[str, str], said: _Authorization) -> str:
    stamp = headers.get("x-amz-date", "")
    if not _DATE.fullmatch(stamp):
        raise SignatureRefused(
            "IncompleteSignatureException", "Authorization header requires existence of 'X-Amz-Date' header."
        )
    if not stamp.startswith(said.date + "T"):
        raise SignatureRefused(
            "InvalidSignatureException",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{said.date}' != '{stamp[:8]}', from '{stamp}'.",
        )
    return stamp


def _check_scope(said: _Authorization, region: str) -> None:
    if said.region != region:
        raise SignatureRefused(
            "InvalidSignatureException",
            f"Credential should be scoped to a valid region, not '{said.region}'.",
        )
    if said.service != SERVICE:
        raise SignatureRefused(
            "InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICE}'."
        )


def _check_skew(stamp: str, now: float) -> None:
    try:
        signed_at = datetime.strptime(stamp, _ISO).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _mismatch() from None
    here = _iso(now)
    if signed_at < now - SKEW_S:
        earliest = _iso(now - SKEW_S)
        message = f"Signature expired: {stamp} is now earlier than {earliest} ({here} - 5 min.)"
        raise SignatureRefused("InvalidSignatureException", message)
    if signed_at > now + SKEW_S:
        latest = _iso(now + SKEW_S)
        message = f"Signature not yet current: {stamp} is still later than {latest} ({here} + 5 min.)"
        raise SignatureRefused("InvalidSignatureException", message)


def _signature(request: SignedRequest, said: _Authorization, stamp: str, secret: str) -> str:
    digest = sha256(_canonical(request, said.signed).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{stamp}\n{said.scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (said.date, said.region, said.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _canonical(request: SignedRequest, signed: tuple[str, ...]) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    # Every service but S3 encodes a path once more than it was sent.
    path = quote(request.path, safe="/-_.~")
    body = sha256(request.body).hexdigest()
    return (
        f"{request.method}\n{path}\n{_canonical_query(request.query)}\n{headers}\n{';'.join(signed)}\n{body}"
    )


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime(_ISO)


def _mismatch() -> SignatureRefused:
    return SignatureRefused("InvalidSignatureException", _MISMATCH)
