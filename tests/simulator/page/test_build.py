"""What is built again, and when."""

from pathlib import Path

import jwt
import pytest

from simulator.auth.issuers import local_issuer
from simulator.auth.modes import Mode
from simulator.keys import signing_key
from simulator.page.build import PACKAGES, Package, build, digest_of
from simulator.page.compose import site_of
from simulator.settings import BadSettings, Settings, read


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


def test_tokens_for_the_page_last_as_long_as_is_said(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    issuer = local_issuer(
        Mode.OIDC, "auth0", folder=tmp_path, address="http://127.0.0.1:4000", region="us-east-1"
    )
    site = site_of(
        read(["run", "--page-ttl=30"], {}),
        key=key,
        issuers=(issuer,),
        address="http://127.0.0.1:4000",
        objects=None,
    )
    assert site is not None
    assert site.demo is not None
    claims = jwt.decode(site.demo.mint("alice", 1_000), options={"verify_signature": False})
    assert (claims["exp"], site.demo.ttl, [flow.ttl for flow in site.flows]) == (1_030, 30, [30])


@pytest.mark.parametrize("seconds", ["0", "86401", "soon"])
def test_they_last_a_second_at_least_and_a_day_at_most(seconds: str) -> None:
    with pytest.raises(BadSettings, match=r"^PAGE_TTL: "):
        read(["run"], {"PAGE_TTL": seconds})
