"""GraphiQL's files, and what they are answered with."""

from pathlib import Path

import pytest

from tests.simulator.page.conftest import Browser


@pytest.fixture
def explorer(built: Path) -> Path:
    """The explorer, built."""
    folder = built.parent / "explorer"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>explorer")
    (folder / "assets" / "editor-1a2b.js").write_text("1")
    (folder / "assets" / "icons-1a2b.ttf").write_text("font")
    (folder / "assets" / "secret.pem").write_text("secret")
    return folder


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/"])
async def test_unless_it_is_built_a_sentence_says_what_is_missing(browser: Browser, path: str) -> None:
    status, page, headers = await browser.ask("GET", path)
    assert (status, headers["X-Page"]) == (200, "plain")
    assert "Node 20 and npm" in page
    assert "<script" not in page


@pytest.mark.usefixtures("explorer")
async def test_it_is_there_as_soon_as_it_is_built(browser: Browser) -> None:
    status, page, headers = await browser.ask("GET", "/graphiql")
    assert (status, headers["X-Page"]) == (200, "built")
    assert "<title>explorer" in page
    for name, kind in (("editor-1a2b.js", "text/javascript; charset=utf-8"), ("icons-1a2b.ttf", "font/ttf")):
        status, _, headers = await browser.ask("GET", f"/graphiql/assets/{name}")
        assert (status, headers["Content-Type"]) == (200, kind)
        assert "immutable" in headers["Cache-Control"]


@pytest.mark.usefixtures("explorer")
async def test_no_script_is_inline_and_nothing_goes_elsewhere(browser: Browser) -> None:
    _, _, headers = await browser.ask("GET", "/graphiql")
    host = browser.origin.removeprefix("http://")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["connect-src"] == f"'self' ws://{host} wss://{host}"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


async def test_the_chats_own_page_still_allows_no_inline_style(browser: Browser) -> None:
    _, _, headers = await browser.ask("GET", "/")
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


@pytest.mark.usefixtures("explorer")
@pytest.mark.parametrize(
    "path",
    [
        "/graphiql/assets/secret.pem",
        "/graphiql/assets/..%2findex.html",
        "/graphiql/nothing",
        "/graphiql.html",
    ],
)
async def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    assert (await browser.ask("GET", path))[0] == 404


@pytest.mark.usefixtures("explorer")
@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/assets/editor-1a2b.js"])
async def test_it_is_for_this_machine_alone(browser: Browser, path: str) -> None:
    assert (await browser.ask("GET", path, host="evil.example"))[0] == 421
    for method in ("GET", "OPTIONS", "POST"):
        _, _, headers = await browser.ask(method, path, Origin="https://other.example")
        assert not [name for name in headers if name.lower().startswith("access-control-")]
