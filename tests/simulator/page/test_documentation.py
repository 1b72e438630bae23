"""The reference at `/docs/`."""

import pytest

from tests.simulator.page.conftest import Browser


async def test_the_schema_is_a_page_without_scripts(browser: Browser) -> None:
    status, page, headers = await browser.ask("GET", "/docs/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'id="Query.messages"' in page
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy


async def test_links_between_its_pages_begin_at_its_folder(browser: Browser) -> None:
    status, _, headers = await browser.ask("GET", "/docs")
    assert (status, headers["Location"]) == (308, "/docs/")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gateway.html", "text/html; charset=utf-8"),
        ("pictures.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("gateway.asyncapi.json", "application/json"),
        ("gateway.openapi.json", "application/json"),
        ("programs.svg", "image/svg+xml"),
    ],
)
async def test_what_it_leads_to_is_there(browser: Browser, name: str, kind: str) -> None:
    status, _, headers = await browser.ask("GET", f"/docs/{name}")
    assert (status, headers["Content-Type"]) == (200, kind)


@pytest.mark.parametrize("path", ["/docs/nothing.html", "/docs/..%2fstyle.css", "/docs/site.py"])
async def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    assert (await browser.ask("GET", path))[0] == 404


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs/style.css"])
async def test_it_is_for_this_machine_alone(browser: Browser, path: str) -> None:
    assert (await browser.ask("GET", path, host="evil.example"))[0] == 421
    _, _, headers = await browser.ask("GET", path, Origin="https://other.example")
    assert not [name for name in headers if name.lower().startswith("access-control-")]
