"""Other machines are asked only by whoever says that they are theirs, and never without encryption."""

import pytest

from proving.endpoint import BadAddress, endpoint, is_loopback, realtime_address
from proving.limits import URL_CHARACTERS

APPSYNC = "https://abc.appsync-api.us-east-1.amazonaws.com/graphql"


@pytest.mark.parametrize(
    ("url", "realtime"),
    [
        ("http://127.0.0.1:4000/graphql", "ws://127.0.0.1:4000/graphql/realtime"),
        ("https://chat.example.com/graphql", "wss://chat.example.com/graphql/realtime"),
        (APPSYNC, "wss://abc.appsync-realtime-api.us-east-1.amazonaws.com/graphql"),
    ],
)
def test_the_realtime_address_follows_appsyncs_rules(url: str, realtime: str) -> None:
    assert realtime_address(url) == realtime


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_is_asked_by_anybody(host: str) -> None:
    assert endpoint(f"http://{host}:4000/graphql", None, ()).url == f"http://{host}:4000/graphql"


@pytest.mark.parametrize(
    "host",
    ["example.com", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "2130706433", "0.0.0.0"],
)
def test_another_machine_is_asked_only_by_whoever_owns_it(host: str) -> None:
    url = f"https://{host}/graphql"
    for owned in ((), ("other.example.com",), (f"https://{host}",), (f"sub.{host}",)):
        with pytest.raises(BadAddress, match="--i-own-this"):
            endpoint(url, None, owned)
    assert endpoint(url, None, (host.upper(),)).host == host


def test_both_addresses_have_to_be_owned() -> None:
    owned = ["abc.appsync-api.us-east-1.amazonaws.com"]
    with pytest.raises(BadAddress, match="appsync-realtime-api"):
        endpoint(APPSYNC, None, owned)
    found = endpoint(APPSYNC, None, [*owned, "abc.appsync-realtime-api.us-east-1.amazonaws.com"])
    assert found.url == APPSYNC
    with pytest.raises(BadAddress, match=r"elsewhere\.example is not this machine"):
        endpoint("http://127.0.0.1/graphql", "wss://elsewhere.example/graphql", ())


def test_tokens_leave_this_machine_only_encrypted() -> None:
    with pytest.raises(BadAddress, match="unencrypted"):
        endpoint("http://example.com/graphql", None, ["example.com"])
    with pytest.raises(BadAddress, match="unencrypted"):
        endpoint("https://example.com/graphql", "ws://example.com/graphql", ["example.com"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:4000/graphql",
        "file:///graphql",
        "ws://127.0.0.1/graphql",
        "http://",
        "http://a:b@127.0.0.1/graphql",
        "http://127.0.0.1/graphql#part",
        "http://127.0.0.1:99999/graphql",
        "http://127.0.0.1/gra phql",
        "http://[::1/graphql",
        "http://127.0.0.1/" + "x" * URL_CHARACTERS,
    ],
    ids=lambda url: url[:30],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        endpoint(url, None, ["127.0.0.1"])


def test_a_name_is_never_looked_up() -> None:
    assert not is_loopback("localhost.localdomain")
