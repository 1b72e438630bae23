"""Addresses of pictures: one form, at hosts that are allowed, and nothing that a browser would read in another way."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.avatar_address import MAX_ADDRESS, allowed_address, host_of, is_host

HOSTS = frozenset({"pictures.example.com", "cdn.example.org"})
GOOD = [
    "https://pictures.example.com/", "https://pictures.example.com/a/b.png", "https://cdn.example.org/a?s=80&d=mp",
    "https://pictures.example.com/%F0%9F%98%80.png", "https://pictures.example.com/@ann/~b;c=1?x=/?y",
    "https://pictures.example.com/" + "a" * (MAX_ADDRESS - 29),
]  # fmt: skip
BAD: list[object] = [
    "", " ", "http://pictures.example.com/", "HTTPS://pictures.example.com/", "//pictures.example.com/a", "/a.png", "javascript:alert(1)",
    "data:image/png;base64,AA", "https:/pictures.example.com/", "https:///pictures.example.com/", "https://pictures.example.com",
    "https://ann@pictures.example.com/", "https://ann:pw@pictures.example.com/", "https://pictures.example.com@evil.example/",
    "https://evil.example\\@pictures.example.com/", "https://pictures.example.com\\.evil.example/", "https://pictures.example.com:80/",
    "https://pictures.example.com:8443/", "https://pictures.example.com:443:443/", "https://pictures.example.com:/", "https://127.0.0.1/",
    "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://localhost/", "https://pictures.example.com./", "https://.example.com/", "https://a..example.com/", "https://-a.example.com/",
    "https://a-.example.com/", "https://pictures\u3002example\u3002com/", "https://p\u0456ctures.example.com/", "https://\uff50ictures.example.com/",
    "https://pictures.example.com/\u00e9", "https://pictures.example.com/a b", "https://pictures.example.com/a\n", "https://pictures.example.com/\t",
    "https://pictures.example.com/#top", "https://pictures.example.com/%", "https://pictures.example.com/%zz", "https://pictures.example.com/a\\b",
    "https://pictures.example.com/<b>", 'https://pictures.example.com/"', "https://pictures.example.com/\x00", "https://pictures.example.com%2eevil/",
    "https://pictures.example.com/" + "a" * (MAX_ADDRESS - 28), "https://" + "a" * 254 + ".com/", "https://x.123/", "\ud800", None, 7, True, [], {},
    ["https://pictures.example.com/"], " https://pictures.example.com/", "https://pictures.example.com/ ",
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD, ids=lambda each: each[:40])
def test_an_address_at_an_allowed_host_is_kept_as_it_is(address: str) -> None:
    assert allowed_address(address, HOSTS) == address
    assert allowed_address(address, frozenset()) is None


def test_a_host_in_capitals_and_a_port_that_is_there_anyway_are_the_same_address() -> None:
    assert allowed_address("https://Pictures.EXAMPLE.com:443/A", HOSTS) == "https://pictures.example.com/A"


@pytest.mark.parametrize("address", BAD, ids=lambda each: ascii(each)[:40])
def test_whatever_else_is_no_address(address: object) -> None:
    assert host_of(address) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "a.pictures.example.com", "example.com", "pictures.example.com.evil.example"]
)
def test_another_host_is_an_address_and_not_allowed(host: str) -> None:
    assert host_of(f"https://{host}/a.png") == (host, f"https://{host}/a.png")
    assert allowed_address(f"https://{host}/a.png", HOSTS) is None


PIECES = st.sampled_from(
    [
        *(
            "https://",
            "http://",
            "//",
            "/",
            "\\",
            "@",
            ":",
            ":443",
            ":80",
            "?",
            "#",
            "%",
            "%2f",
            "%00",
            ".",
            "..",
            "[::1]",
            "xn--",
        ),
        *(
            "pictures.example.com",
            "cdn.example.org",
            "evil.example",
            "127.0.0.1",
            "a",
            "A",
            "\u3002",
            "\u0430",
            "\n",
            "\t",
            " ",
            "\x00",
            "\ufeff",
        ),
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=40)), st.booleans())
def test_what_passes_names_an_allowed_host_to_every_reader(text: str, is_prefixed: bool) -> None:
    address = f"https://pictures.example.com{text}" if is_prefixed else text
    kept = allowed_address(address, HOSTS)
    if kept is not None:
        assert kept.isascii()
        assert kept.isprintable()
        parts = urlsplit(kept)
        assert (parts.scheme, parts.netloc in HOSTS, parts.fragment) == ("https", True, "")
        assert (parts.username, parts.password, parts.port) == (None, None, None)
        assert not set(kept) & set('\\<>"^`{|} #')
        assert allowed_address(kept, HOSTS) == kept


@pytest.mark.parametrize("host", ["pictures.example.com", "a.bc", "xn--bcher-kva.example"])
def test_a_deployment_may_name_a_host(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a",
        "A.example",
        "a.example.",
        "*.example.com",
        "127.0.0.1",
        "a.example:443",
        "b\u00fccher.example",
        "a_b.example",
        "a.1",
    ],
)
def test_nothing_else_is_a_host(host: str) -> None:
    assert not is_host(host)
