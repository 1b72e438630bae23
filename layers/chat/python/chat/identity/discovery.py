"""Where a source's keys come from: its settings, a fixed address, or OpenID Connect Discovery 1.0."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from chat.identity.addresses import is_address_of_keys
from chat.identity.jwks import MAX_KEY_SET_BYTES, BadKeySet, KeySet, fetch_key_set
from chat.identity.models import TokenSource
from chat.identity.reading import read_json


def key_sets(
    sources: Iterable[TokenSource], timeout_s: float, monotonic: Callable[[], float]
) -> Mapping[str, KeySet]:
    """A key set for each issuer. Nothing is fetched before its first token comes."""
    return {source.issuer: KeySet(_fetcher(source, timeout_s), monotonic) for source in sources}


def _fetcher(source: TokenSource, timeout_s: float) -> Callable[[], bytes]:
    if source.jwks is not None:
        return source.jwks.encode
    if source.jwks_url is not None:
        return partial(fetch_key_set, source.jwks_url, timeout_s)
    return partial(fetch_discovered_keys, source.issuer, timeout_s)


def fetch_discovered_keys(issuer: str, timeout_s: float) -> bytes:
    """The key set that the issuer's own document names. Raises `OSError`, and `BadKeySet` for a document that is
    none, or another issuer's.

    https://openid.net/specs/openid-connect-discovery-1_0.html, sections 4.1 and 4.3.
    """
    text = fetch_key_set(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout_s)
    try:
        document = read_json(text.decode()) if len(text) <= MAX_KEY_SET_BYTES else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise BadKeySet("no document of this issuer")
    address = document.get("jwks_uri")
    if not is_address_of_keys(address):
        raise BadKeySet("no address of keys")
    return fetch_key_set(address, timeout_s)
