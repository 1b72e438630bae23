"""Which addresses of pictures clients are told to fetch: https, at hosts that the deployment names, in one form only.

Nothing here is a general parser of URLs: parsers differ, and what one takes for a path another takes for a host. So the
grammar is the smallest that addresses of pictures need, a part of RFC 3986's, and whatever does not match it is refused.
"""

import re
from collections.abc import Collection

MAX_ADDRESS = 1_024
"""Characters of an address, all of them ASCII."""
MAX_HOST = 253

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")
"""A host's name in small ASCII letters: two labels at least, the last of which is no number, so it is no IP address in any
spelling (`127.1`, `0x7f.1`)."""

_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_ADDRESS = re.compile(rf"https://([A-Za-z0-9.-]{{1,{MAX_HOST}}})(?::443)?(/{_PART}(?:\?(?:{_PART}|\?)*)?)")
"""Neither userinfo nor another port nor a fragment; nothing that a browser would read as another address (`\\`, blanks,
letters beyond ASCII)."""


def is_host(value: str) -> bool:
    """Whether a deployment may name this host."""
    return len(value) <= MAX_HOST and _HOST.fullmatch(value) is not None


def host_of(address: object) -> tuple[str, str] | None:
    """The host in small letters, and the address with it and without a port; `None` for what is no address in the form that
    is taken."""
    if not isinstance(address, str) or len(address) > MAX_ADDRESS:
        return None
    found = _ADDRESS.fullmatch(address)
    if found is None or not is_host(host := found[1].lower()):
        return None
    return host, f"https://{host}{found[2]}"


def allowed_address(address: object, hosts: Collection[str]) -> str | None:
    """The address as it is stored, at one of these hosts exactly; `None` for any other."""
    found = host_of(address)
    return found[1] if found and found[0] in hosts else None
