"""The reference is made from what there is, and its pages lead to what they name."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from reference.__main__ import kept
from reference.pages import KEPT, pages
from schema.source import Publish, ours

PUBLISH: tuple[Publish, ...] = ("sender", "stream")
HTML = ("index.html", "gateway.html", "pictures.html", "results.html")


@pytest.fixture(scope="module", params=PUBLISH)
def texts(request: pytest.FixtureRequest) -> dict[str, str]:
    """The pages of a deployment, by their files."""
    return {name: body.decode() for name, body in pages(request.param).items()}


def test_what_is_committed_is_what_would_be_made() -> None:
    """Else `make docs` makes it anew."""
    assert {path.name: path.read_text(encoding="utf-8") for path in KEPT.iterdir()} == kept()


def test_every_link_leads_somewhere(texts: dict[str, str]) -> None:
    broken = []
    for name in HTML:
        for link in re.findall(r'(?:href|src)="([^"]+)"', texts[name]):
            file, _, anchor = link.partition("#")
            target = texts.get(file or name)
            if not link.startswith("/") and (target is None or (anchor and f'id="{anchor}"' not in target)):
                broken.append((name, link))
    assert broken == []


@pytest.mark.parametrize("name", HTML)
def test_every_column_has_a_head(texts: dict[str, str], name: str) -> None:
    assert '<th scope="col"></th>' not in texts[name]


@pytest.mark.parametrize("name", HTML)
def test_no_anchor_is_there_twice(texts: dict[str, str], name: str) -> None:
    counted = Counter(re.findall(r'id="([^"]+)"', texts[name]))
    assert [anchor for anchor, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("name", HTML)
def test_nothing_runs_and_nothing_comes_from_elsewhere(texts: dict[str, str], name: str) -> None:
    assert re.findall(r"<script|<style|\son\w+=|\sstyle=|https?://", texts[name]) == []


@pytest.mark.parametrize("publish", PUBLISH)
def test_every_field_and_type_has_its_description(publish: Publish) -> None:
    source, page = ours(publish), pages(publish)["index.html"].decode()
    for name in (*source.fields, *source.types):
        (found,) = re.findall(rf'<section id="{re.escape(name)}">(.*?)</section>', page, re.DOTALL)
        assert "<p>" in found, name


def test_what_a_deployment_does_not_have_is_not_on_its_page() -> None:
    assert b'id="Mutation.publishMessage"' not in pages("sender")["index.html"]
    assert b'id="Mutation.publishMessage"' in pages("stream")["index.html"]


@pytest.mark.parametrize("name", ["programs.svg", "message.svg"])
def test_a_picture_is_well_formed_and_says_what_it_shows(name: str) -> None:
    root = ET.fromstring(kept()[name])  # noqa: S314  our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"] == root.findtext("{http://www.w3.org/2000/svg}title")
