"""From which addresses keys may be fetched: by https, or from this machine."""

from typing import TypeGuard
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_address_of_keys(address: object) -> TypeGuard[str]:
    """Whether it is an https address without a user's name, or an http one of this machine."""
    return is_https(address) or is_loopback(address)


def is_https(address: object) -> bool:
    return _has(address, ("https",)) is not None


def is_loopback(address: object) -> bool:
    return _has(address, ("http", "https")) in LOOPBACK


def _has(address: object, schemes: tuple[str, ...]) -> str | None:
    """The address's host, if the address is whole and has one of the schemes."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        is_plain = parts.scheme in schemes and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return None
    return (parts.hostname or None) if is_plain else None
