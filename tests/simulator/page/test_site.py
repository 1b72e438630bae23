"""The page's files, and what they are answered with."""

from pathlib import Path

import pytest

from tests.simulator.page.conftest import Browser


def build(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>built</title>")
    (folder / "assets" / "index-1a2b.js").write_text("1")
    (folder / "secret.pem").write_text("secret")
    (folder.parent / "outside.js").write_text("outside")


async def test_without_a_built_page_a_plain_one_says_what_is_missing(browser: Browser) -> None:
    status, page, headers = await browser.ask("GET", "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Node 20" in page
    assert headers["X-Page"] == "plain"
    for path in ("/plain.js", "/plain.css"):
        assert (await browser.ask("GET", path))[0] == 200


async def test_the_page_is_there_as_soon_as_it_is_built(browser: Browser, built: Path) -> None:
    build(built)
    _, page, headers = await browser.ask("GET", "/")
    assert "<title>built" in page
    assert headers["X-Page"] == "built"
    assert headers["Cache-Control"] == "no-cache"
    _, script, headers = await browser.ask("GET", "/assets/index-1a2b.js")
    assert (script, headers["Content-Type"]) == ("1", "text/javascript; charset=utf-8")
    assert "immutable" in headers["Cache-Control"]


@pytest.mark.parametrize(("name", "accepted", "encoding"), [
    ("index-1a2b.js", "gzip", "gzip"), ("index-1a2b.js", "identity", None), ("icon-1a2b.png", "gzip", None)
])  # fmt: skip
async def test_a_file_that_becomes_smaller_is_compressed_for_whoever_takes_it(
    browser: Browser, built: Path, name: str, accepted: str, encoding: str | None
) -> None:
    build(built)
    (built / "assets" / "icon-1a2b.png").write_bytes(b"\x89PNG")
    status, _, headers = await browser.ask("HEAD", f"/assets/{name}", Accept_Encoding=accepted)
    assert (status, headers.get("Content-Encoding")) == (200, encoding)


async def test_nothing_inline_runs_and_no_frame_shows_it(browser: Browser) -> None:
    _, _, headers = await browser.ask("GET", "/")
    host = browser.origin.removeprefix("http://")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"].split() == [
        "'self'",
        f"ws://{host}",
        f"wss://{host}",
        "http://127.0.0.1:9000",
    ]
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    "path",
    [
        "/secret.pem",
        "/..%2foutside.js",
        "/assets/..%2findex.html",
        "/%2e%2e/outside.js",
        "/assets/nothing.js",
    ],
)
async def test_nothing_else_is_served(browser: Browser, built: Path, path: str) -> None:
    build(built)
    assert (await browser.ask("GET", path))[0] == 404


@pytest.mark.parametrize("path", ["/", "/config.json", "/plain.js", "/demo/token"])
async def test_no_other_origin_reads_the_page_or_what_it_is_told(browser: Browser, path: str) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        _, _, headers = await browser.ask(method, path, Origin="https://other.example")
        assert not [name for name in headers if name.lower().startswith("access-control-")]


async def test_every_origin_still_reads_the_api(browser: Browser) -> None:
    for path in ("/graphql", "/healthz", "/.well-known/jwks.json"):
        _, _, headers = await browser.ask("GET", path, Origin="https://other.example")
        assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/", "/config.json", "/plain.css"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4000", "127.0.0.1.evil.example", "169.254.1.1:4000"]
)
async def test_the_page_is_not_for_other_hosts(browser: Browser, path: str, host: str) -> None:
    assert (await browser.ask("GET", path, host=host))[0] == 421


async def test_this_machine_has_three_names(browser: Browser) -> None:
    port = browser.origin.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
        assert (await browser.ask("GET", "/", host=host))[0] == 200
