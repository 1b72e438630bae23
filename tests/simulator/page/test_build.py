"""What is built again, and when."""

from pathlib import Path

import pytest

from simulator.keys import signing_key
from simulator.page.build import PACKAGES, Package, build, digest_of
from simulator.page.compose import site_of
from simulator.settings import Settings


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each.name)
def test_everything_that_it_is_built_from_is_there(package: Package) -> None:
    assert [source for source in package.sources if not source.exists()] == []
    assert digest_of(package) == digest_of(package)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each.name)
def test_its_lock_names_no_registry(package: Package) -> None:
    assert '"resolved"' not in (package.folder / "package-lock.json").read_text()


def test_a_checkout_without_it_is_told(tmp_path: Path) -> None:
    absent = Package("absent", tmp_path / "absent", (), "There is none")
    assert build(absent) == "this checkout has no absent/."


@pytest.mark.parametrize("page", ["serve", "off"])
def test_explorer_and_documentation_are_where_the_page_is(page: str, tmp_path: Path) -> None:
    settings = Settings.model_validate({"command": "run", "page": page})
    site = site_of(
        settings, key=signing_key(tmp_path), issuers=(), address="http://127.0.0.1:4000", objects=None
    )
    assert (site is not None) == (page == "serve")
    assert site is None or (site.explorer and site.documentation)
