"""The page of one run: how people sign in there by the run's AUTH, and what the page is told."""

from collections.abc import Sequence
from typing import Any

from simulator.auth.issuers import Issuer
from simulator.auth.modes import Source
from simulator.auth.other_authorizer import other_token
from simulator.auth.own_authorizer import own_token
from simulator.auth.people import Person
from simulator.keys import SigningKey
from simulator.page.build import EXPLORER, PAGE
from simulator.page.code_flow import CodeFlow
from simulator.page.demo_tokens import PEOPLE, DemoTokens, Mint
from simulator.page.documentation import Documentation
from simulator.page.explorer import Explorer
from simulator.page.site import Site
from simulator.settings import Settings


def site_of(
    settings: Settings, *, key: SigningKey, issuers: Sequence[Issuer], address: str, objects: str | None
) -> Site | None:
    """`address`: where the API is, such as http://127.0.0.1:4000. `objects`: where attachments lie. None where there is to
    be no page."""
    if settings.page == "off":
        return None
    mint = _mint(settings, key, address)
    flows = tuple(CodeFlow(issuer, settings.page_ttl) for issuer in issuers)
    demo = DemoTokens(mint, settings.page_ttl) if mint else None
    return Site(
        PAGE.built,
        _config(settings, demo, flows),
        objects,
        demo,
        flows,
        Explorer(EXPLORER.built),
        Documentation(settings.publish),
    )


def _mint(settings: Settings, key: SigningKey, address: str) -> Mint | None:
    """Tokens of an authorizer. People of an issuer sign in there, and access keys are for programs."""
    source, ttl = settings.auth[0] if settings.auth else None, settings.page_ttl
    if source is None:
        return lambda user, now: key.mint(user, now=now, ttl=ttl)
    if source is Source.LAMBDA:
        return lambda user, now: other_token(key, Person(user), now=now, ttl=ttl)
    if source is Source.AUTHORIZER:
        return lambda user, now: own_token(key, Person(user), address, now=now, ttl=ttl)
    return None


def _config(settings: Settings, demo: DemoTokens | None, flows: tuple[CodeFlow, ...]) -> dict[str, Any]:
    """Addresses are the page's own origin where they have none."""
    ways: list[dict[str, Any]] = []
    if demo:
        ways.append({"kind": "demo", "people": list(PEOPLE)})
    ways += [
        {"kind": "oidc", "issuer": flow.issuer.url, "clientId": flow.client_id, "scope": "openid"}
        for flow in flows
    ]
    return {"api": {"url": "/graphql", "realtimeUrl": "/graphql/realtime"}, "signIn": ways}
