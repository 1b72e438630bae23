"""Which addresses are asked: this machine's, and those that whoever asks says are theirs."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from proving.limits import URL_CHARACTERS


class BadAddress(Exception):
    """An address that is not asked. The text is a sentence for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url`: of GraphQL over HTTP; `realtime`: of the WebSocket; `behind`: what credentials name where a proxy stands before
    it."""

    url: str
    realtime: str
    behind: str = ""

    @property
    def host(self) -> str:
        """The GraphQL address's host with its port, which credentials name
        (https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html)."""
        return self.behind or urlsplit(self.url).netloc


def realtime_address(url: str) -> str:
    """The realtime address that belongs to a GraphQL address, by AppSync's rules (same page): a host of its own on
    AppSync's domain, the path `/realtime` on a custom one."""
    parts = urlsplit(url)
    scheme = {"https": "wss", "http": "ws"}[parts.scheme]
    if ".appsync-api." in parts.netloc:
        return f"{scheme}://{parts.netloc.replace('.appsync-api.', '.appsync-realtime-api.')}{parts.path}"
    return f"{scheme}://{parts.netloc}{parts.path}/realtime"


def endpoint(url: str, realtime: str | None, owned: Collection[str]) -> Endpoint:
    """`owned`: hosts that whoever asks owns. Raises `BadAddress`."""
    _check(url, ("http", "https"), owned)
    found = Endpoint(url, realtime or realtime_address(url))
    _check(found.realtime, ("ws", "wss"), owned)
    return found


def _check(url: str, schemes: Collection[str], owned: Collection[str]) -> None:
    if len(url) > URL_CHARACTERS or any(ord(each) <= 32 for each in url):
        raise BadAddress(f"An address has at most {URL_CHARACTERS} characters, and no blanks.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(f"{url!r} is no address.") from None
    if parts.scheme not in schemes or not host:
        raise BadAddress(
            f"{url!r} does not begin with {' or '.join(f'{each}://' for each in schemes)} and a host."
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadAddress("An address holds neither a password nor a fragment.")
    if is_loopback(host):
        return
    if host not in {each.lower() for each in owned}:
        raise BadAddress(
            f"{host} is not this machine. Rooms and messages would be made there: say --i-own-this {host} if it is yours."
        )
    if parts.scheme in ("http", "ws"):
        raise BadAddress(f"{url!r} would carry tokens unencrypted: https and wss alone leave this machine.")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or number, without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
