"""What the simulator tells the functions of a caller is what they make that caller of."""

import json
from itertools import permutations
from typing import Any, get_args

import pytest

from chat.identity.identify import identify
from chat.identity.sources import parse_sources
from chat.rules.errors import IdentityRefused
from chat.rules.models import Caller
from simulator.access import sources
from simulator.auth.access_keys import STRANGER
from simulator.auth.identities import cognito_identity, iam_identity, oidc_identity
from simulator.auth.modes import FormName, Mode, Modes
from simulator.auth.other_authorizer import other_authorizer

from .conftest import NOW, Trust

FORMS: tuple[FormName, ...] = get_args(FormName)
ROLES = ["chat-admin", "writers"]


def told(trust: Trust, modes: Modes, form: FormName) -> str:
    """The setting IDENTITY."""
    issuers = [trust.issuer(mode, form) for mode in modes if mode in (Mode.COGNITO, Mode.OIDC)]
    return json.dumps(sources(modes, issuers))


def identity(trust: Trust, mode: Mode, form: FormName, user: str = "alice", **options: Any) -> dict[str, Any]:
    """As a resolver's event has it."""
    if mode is Mode.IAM:
        key = trust.keys.find(trust.credentials(user)["AccessKeyId"])
        assert key
        return iam_identity(key, ["127.0.0.1"])
    token = trust.token(mode, user, form=form, **options)
    if mode is Mode.LAMBDA:
        answer = other_authorizer(trust.key, lambda: NOW)({"authorizationToken": token}, None)
        return {"resolverContext": answer["resolverContext"]}
    claims = trust.issuer(mode, form).verify(token, lambda: NOW)
    return cognito_identity(claims, ["127.0.0.1"]) if mode is Mode.COGNITO else oidc_identity(claims)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("modes", list(permutations(Mode)), ids="-".join)
def test_the_first_modes_people_have_plain_ids_and_the_others_those_of_their_mode(
    trust: Trust, modes: Modes, form: FormName
) -> None:
    understood = parse_sources(told(trust, modes, form))
    for mode in modes:
        prefix = "" if mode == modes[0] else f"{mode}:"
        caller = identify({"identity": identity(trust, mode, form)}, understood)
        assert caller.user_id == f"{prefix}alice"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", [Mode.COGNITO, Mode.OIDC, Mode.LAMBDA])
def test_roles_and_the_grants_of_platform_roles_are_read(trust: Trust, mode: Mode, form: FormName) -> None:
    understood = parse_sources(told(trust, (mode,), form))
    caller = identify({"identity": identity(trust, mode, form, groups=ROLES)}, understood)
    assert {"admin", "writers"} <= caller.roles
    impostor = identify({"identity": identity(trust, mode, form, groups=["admin"])}, understood)
    assert "admin" not in impostor.roles


@pytest.mark.parametrize(
    ("mode", "form", "use"),
    [
        (Mode.COGNITO, "auth0", "id"),
        (Mode.LAMBDA, "auth0", ""),
        *((Mode.OIDC, form, "access") for form in FORMS),
    ],
)
def test_a_persons_language_is_read(trust: Trust, mode: Mode, form: FormName, use: str) -> None:
    understood = parse_sources(told(trust, (mode,), form))
    options = {"use": use, "locale": "es"} if use else {"locale": "es"}
    assert identify({"identity": identity(trust, mode, form, **options)}, understood).locale == "es"


def test_callers_of_iam_have_the_roles_of_their_role_and_a_stranger_is_nobody(trust: Trust) -> None:
    understood = parse_sources(told(trust, (Mode.IAM,), "auth0"))
    for user, roles in (("bob", set()), ("admin", {"admin"}), ("gateway", {"gateway"})):
        caller = identify({"identity": identity(trust, Mode.IAM, "auth0", user)}, understood)
        assert caller == Caller(user, frozenset(roles))
    with pytest.raises(IdentityRefused) as refused:
        identify({"identity": identity(trust, Mode.IAM, "auth0", STRANGER)}, understood)
    assert refused.value.values["reason"] == "role"


def test_an_id_that_looks_like_another_sources_is_nobodys(trust: Trust) -> None:
    understood = parse_sources(told(trust, (Mode.COGNITO, Mode.IAM), "auth0"))
    with pytest.raises(IdentityRefused):
        identify({"identity": identity(trust, Mode.COGNITO, "auth0", "iam:alice")}, understood)
