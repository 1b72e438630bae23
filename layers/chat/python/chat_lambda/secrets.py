"""Secrets by reference: `file:` and a path on one machine, an ARN in the cloud."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from chat.rules.cursor import CursorKeys


class BadSecret(Exception):
    """A secret cannot be read or is not in its form; the text names the setting, never the secret."""


def read_secret(setting: str, reference: str | None, region: str) -> str:
    """The secret that `setting` refers to. Raises `BadSecret`."""
    if not reference:
        raise BadSecret(f"{setting.upper()} is not set")
    scheme, _, rest = reference.partition(":")
    if scheme == "file":
        try:
            return Path(rest).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadSecret(f"{setting.upper()} cannot be read") from None
    if scheme == "arn":
        return _from_aws(setting, reference, region)
    raise BadSecret(f"{setting.upper()} is neither file: nor an ARN")


def _from_aws(setting: str, arn: str, region: str) -> str:
    # Only here: a function whose secrets are not in AWS, such as an authorizer with public keys, spares the
    # import.
    from chat.storage.aws import StoreFailure, failures  # noqa: PLC0415

    service = arn.split(":")[2:3]
    try:
        with failures():
            if service == ["secretsmanager"]:
                answer = _client("secretsmanager", region).get_secret_value(SecretId=arn)
                return str(answer["SecretString"])
            if service == ["ssm"]:
                answer = _client("ssm", region).get_parameter(Name=arn, WithDecryption=True)
                return str(answer["Parameter"]["Value"])
    except StoreFailure as failure:
        raise BadSecret(f"{setting.upper()} cannot be read: {failure}") from None
    raise BadSecret(f"{setting.upper()} is an ARN of neither Secrets Manager nor SSM")


@cache
def _client(service: str, region: str) -> Any:
    from chat.storage.aws import client  # noqa: PLC0415  as above

    return client(service, region=region, timeout=3.0, lean=True)


def read_key(setting: str, reference: str | None, region: str) -> bytes:
    """A key of at least 32 bytes, kept as base64url. Raises `BadSecret`."""
    return _decoded(setting, read_secret(setting, reference, region))


def read_cursor_keys(reference: str | None, region: str) -> CursorKeys:
    """`{"current": "k2", "keys": {"k2": "<base64url>", "k1": …}}`: sign with `current`, accept all. Raises
    `BadSecret`."""
    text = read_secret("cursor_keys", reference, region)
    try:
        document: Any = json.loads(text)
        keys = {str(key_id): _decoded("cursor_keys", str(key)) for key_id, key in document["keys"].items()}
        current = str(document["current"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadSecret("CURSOR_KEYS is not in its form") from None
    if current not in keys or "." in "".join(keys):
        raise BadSecret("CURSOR_KEYS names no current key, or a key's id has a dot")
    return CursorKeys(current, keys)


def _decoded(setting: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadSecret(f"{setting.upper()} is not base64url") from None
    if len(key) < 32:
        raise BadSecret(f"{setting.upper()} is shorter than 32 bytes")
    return key
