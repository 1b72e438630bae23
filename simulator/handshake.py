"""The credentials of a WebSocket handshake, in the three places where clients put them.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#header-parameter-format-based-on-appsync-api-authorization-mode
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from simulator import strict_json
from simulator.protocol import BAD_CREDENTIALS, NO_CREDENTIALS, NO_PROTOCOL, ConnectionRefusal

SUBPROTOCOL = "graphql-ws"
_HEADER_ENTRY = "header-"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")


def credentials(
    subprotocols: Sequence[str], raw_query: str, headers: Mapping[str, str]
) -> Mapping[str, str] | ConnectionRefusal:
    """The credentials as headers, names in lower case.

    `subprotocols`: the entries that the client offers. `raw_query`: the query string as it came, still
    percent-encoded, because parsing it as a form would turn the `+` of base64 into a blank. `headers`: the
    handshake's own.
    """
    if SUBPROTOCOL not in subprotocols:
        return NO_PROTOCOL
    entry = next(
        (name.removeprefix(_HEADER_ENTRY) for name in subprotocols if name.startswith(_HEADER_ENTRY)), None
    )
    encoded = _query_value(raw_query, "header") if entry is None else entry
    if encoded is not None:
        found = _decoded(encoded)
        payload = _query_value(raw_query, "payload")
        if found is None or (payload and _decoded(payload) is None):
            return BAD_CREDENTIALS
    else:
        found = {name.lower(): value for name, value in headers.items()}
    return found if found.get("authorization") or found.get("x-api-key") else NO_CREDENTIALS


def _query_value(raw_query: str, name: str) -> str | None:
    for pair in raw_query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return unquote(value)
    return None


def _decoded(text: str) -> dict[str, str] | None:
    """A JSON object in base64 or base64url, with or without padding, as headers; None when it is none."""
    digits = text.rstrip("=").replace("-", "+").replace("_", "/")
    if not _BASE64.fullmatch(digits):
        return None
    try:
        value = strict_json.loads(base64.b64decode(digits + "=" * (-len(digits) % 4)))
    except (binascii.Error, strict_json.NotJson):
        return None
    if not isinstance(value, dict):
        return None
    return {name.lower(): text for name, text in value.items() if isinstance(text, str)}
