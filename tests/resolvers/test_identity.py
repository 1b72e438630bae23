"""A deployment with other sources of identity: who is known is answered, who is not is told so, and nothing is
stored."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from chat_lambda.telemetry import actor
from tests.chat.identity.documented import (
    ADMINS,
    BY_MODE,
    JANE,
    KEYCLOAK,
    POOL,
    SOURCES,
    assumed_role,
    auth0,
    cognito,
    entra,
    identity_pool,
    keycloak,
    ours,
    setting,
    source,
    theirs,
)
from tests.resolvers.harness import Event, Harness, Refusal
from tests.resolvers.identities import as_stored, identity, refused

KNOWN = {name: (said, known) for name, (said, known) in BY_MODE.items() if isinstance(known, str)}
NOBODY = {name: (said, known) for name, (said, known) in BY_MODE.items() if isinstance(known, dict)}


def sending(harness: Harness, room_id: str, who: object) -> Event:
    """What somebody with this identity would send."""
    return harness.event("Mutation.sendMessage", roomId=room_id) | {"identity": who}


@pytest.mark.parametrize("name", BY_MODE)
def test_an_event_of_each_mode_is_as_aws_documents_it(harness: Harness, name: str) -> None:
    assert harness.event(f"Query.messages.{name}")["identity"] == BY_MODE[name][0]


@pytest.mark.parametrize("name", KNOWN)
def test_an_event_of_each_mode_is_answered_to_a_member(harness: Harness, name: str) -> None:
    said, user_id = KNOWN[name]
    room = harness.room({user_id: "owner", "bob": "member"})
    with identity():
        answer = harness.invoke(sending(harness, room, said))
        page = harness.invoke(harness.event(f"Query.messages.{name}") | {"arguments": {"roomId": room}})
    assert not isinstance(answer, Refusal), answer
    assert [(each["senderId"], each["seq"]) for each in page["items"]] == [(user_id, 1)]
    assert harness.item(room, "MSG#")["senderId"] == user_id


@pytest.mark.parametrize("name", NOBODY)
def test_an_event_of_nobody_says_why(harness: Harness, name: str) -> None:
    said, values = NOBODY[name]
    room = harness.room({"mallory": "owner", JANE: "owner"})
    refused(harness, sending(harness, room, said), values, "mallory", JANE)


@pytest.mark.parametrize("name", [name for name in BY_MODE if name not in ("api-key", "two-modes")])
def test_without_the_setting_each_of_them_is_nobody(harness: Harness, name: str) -> None:
    said, known = BY_MODE[name]
    room = harness.room({known if isinstance(known, str) else JANE: "owner"})
    values = {"reason": "claim", "claim": "userId"} if name.startswith("lambda") else {"reason": "source"}
    refused(harness, sending(harness, room, said), values, JANE, sources=None)


SENTENCES = {
    "en": "This IAM identity is not one that may use the chat.",
    "es": "Esta identidad de IAM no es una de las que pueden usar el chat.",
    "fr": "Cette identité IAM n'est pas de celles qui peuvent utiliser le chat.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_refusal_is_in_the_language_of_the_request(harness: Harness, language: str) -> None:
    event = sending(harness, harness.room(), assumed_role("deploy"))
    event["request"]["headers"]["accept-language"] = language
    assert refused(harness, event, {"reason": "role"}).message.startswith(SENTENCES[language])


@pytest.mark.parametrize(("locale", "accepted", "language"), [
    ("es-MX", "fr", "es"), ("de", "fr", "fr"), (None, "fr", "fr"), ("fr", "", "fr"), (None, "", "en"), (["es"], "fr", "fr"),
])  # fmt: skip
def test_who_is_known_is_answered_in_the_language_of_their_claims(
    harness: Harness, locale: object, accepted: str, language: str
) -> None:
    event = sending(harness, harness.room(), cognito(JANE, locale=locale))
    event["request"]["headers"]["accept-language"] = accepted
    with identity():
        outcome = harness.invoke(event)
    spoken = {"en": "There is no such room", "es": "No existe esa sala", "fr": "Ce salon n'existe pas"}
    assert outcome.message.startswith(spoken[language])


LOGGED = {
    "a client": (cognito(JANE, client_id="secret-value"), "IdentityRefusedClient", {"identity_reason": "client"}),
    "an id": (
        cognito("secret-value\n"), "IdentityRefusedClaimUserId", {"identity_reason": "claim", "identity_claim": "userId"},
    ),
    "roles": (
        cognito(JANE, *("secret-value" for _ in range(101))),
        "IdentityRefusedClaimRoles",
        {"identity_reason": "claim", "identity_claim": "roles"},
    ),
    "a role": (assumed_role("secret-value"), "IdentityRefusedRole", {"identity_reason": "role"}),
    "a pool": (
        cognito(JANE, iss="secret-value") | {"issuer": "secret-value"},
        "IdentityRefusedSource",
        {"identity_reason": "source"},
    ),
    "no identity": (None, "IdentityRefusedMissing", {"identity_reason": "missing"}),
}  # fmt: skip


@pytest.mark.parametrize("case", LOGGED)
def test_a_refusal_is_logged_counted_and_audited_without_what_a_claim_held(
    harness: Harness, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    who, metric, fields = LOGGED[case]
    event = sending(harness, harness.room(), who)
    capsys.readouterr()
    with caplog.at_level(logging.INFO):
        refused(harness, event, {name.removeprefix("identity_"): value for name, value in fields.items()})
    counted = json.loads(capsys.readouterr().out)
    assert (counted["IdentityRefused"], counted[metric]) == (1, 1)
    decision, line = (vars(record) for record in caplog.records)
    told = {
        "actor": "nobody",
        "room": event["arguments"]["roomId"],
        "correlation_id": event["request"]["headers"]["x-amzn-trace-id"],
    }
    expected = told | fields
    assert {name: decision[name] for name in expected} == expected
    assert (decision["kind"], decision["action"], decision["outcome"], decision["reason"]) == (
        "audit", "Mutation.sendMessage", "refused", "IdentityRefused",
    )  # fmt: skip
    assert {name: line[name] for name in expected} == expected
    assert "secret-value" not in json.dumps([decision, line, counted], default=str)


def test_a_caller_of_another_source_is_logged_by_the_pseudonym_of_the_chats_id(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), identity():
        harness.invoke(sending(harness, harness.room({"kc:2f6a": "owner"}), keycloak("2f6a")))
    assert vars(caplog.records[-1])["actor"] == actor("kc:2f6a")


FORGED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a resolverContext beside claims": (cognito(JANE) | ours("alice", "admin"), {"reason": "ambiguous"}),
    "a resolverContext beside a role": (assumed_role("bot") | ours("alice", "admin"), {"reason": "ambiguous"}),
    "a resolverContext like our authorizer's": (
        theirs("") | {"resolverContext": {"userId": "alice", "roles": "admin"}}, {"reason": "claim", "claim": "userId"},
    ),
    "claims of an issuer that is not pinned": (
        keycloak("alice", iss=f"{KEYCLOAK}/") | {"issuer": f"{KEYCLOAK}/"}, {"reason": "source"},
    ),
    "claims of a pool that is not named": (cognito("alice", iss=f"{POOL}9") | {"issuer": f"{POOL}9"}, {"reason": "source"}),
    "an issuer in the claims that is not the identity's": (keycloak("alice") | {"issuer": POOL}, {"reason": "source"}),
    "groups of 10 KB": (cognito("alice", *(f"group-{number:05}" for number in range(900))), {"reason": "claim", "claim": "roles"}),
    "roles of 10 KB as a text": (theirs("alice") | {"resolverContext": {"sub": "alice", "groups": "x " * 5_000}}, {"reason": "claim", "claim": "roles"}),
    "a role that is not on the list": (assumed_role("chat-gateway2"), {"reason": "role"}),
    "a role that is on the list, of an identity pool": (identity_pool("chat-admin"), {"reason": "role"}),
    "an id with another provider's prefix": (cognito("kc:alice"), {"reason": "claim", "claim": "userId"}),
    "an id with the services' prefix": (cognito("iam:ops"), {"reason": "claim", "claim": "userId"}),
    "an id with the other authorizer's prefix": (cognito("ext:alice"), {"reason": "claim", "claim": "userId"}),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_identity_is_refused_and_nothing_is_stored(harness: Harness, case: str) -> None:
    who, values = FORGED[case]
    people = ["alice", "kc:alice", "iam:ops", "ext:alice", JANE]
    room = harness.room(dict.fromkeys(people, "owner"))
    refused(harness, sending(harness, room, who), values, *people)


def test_a_kind_of_token_that_is_not_asked_for_is_refused(harness: Harness) -> None:
    only_id = [source("pool", tokenUse=["id"])]
    room = harness.room({JANE: "owner"})
    refused(harness, sending(harness, room, cognito(JANE)), {"reason": "tokenUse"}, JANE, sources=only_id)
    with identity(only_id):
        assert not isinstance(harness.invoke(sending(harness, room, cognito(JANE, use="id"))), Refusal)


def test_a_request_that_two_sources_claim_is_refused(harness: Harness) -> None:
    one = source("keycloak", clients=[], audiences=["a"])
    two = source("keycloak", clients=[], audiences=["b"], name="two", prefix="two:")
    room = harness.room({"kc:alice": "owner", "two:alice": "owner"})
    event = sending(harness, room, keycloak("alice", aud=["a", "b"]))
    refused(harness, event, {"reason": "ambiguous"}, "kc:alice", "two:alice", sources=[one, two])


OWN = {
    "cognito": (cognito, ""),
    "auth0": (auth0, "a0:"),
    "keycloak": (keycloak, "kc:"),
    "entra": (entra, "entra:"),
    "theirs": (theirs, "ext:"),
}


@pytest.mark.parametrize("victim", OWN)
def test_the_same_subject_of_another_issuer_is_another_person(harness: Harness, victim: str) -> None:
    """In a room of one issuer's `alice`, no other issuer's `alice` is anybody."""
    prefix = OWN[victim][1]
    room = harness.room({f"{prefix}alice": "owner"})
    before = as_stored(harness, room, f"{prefix}alice")
    for name, (build, _) in OWN.items():
        if name != victim:
            with identity():
                outcome = harness.invoke(sending(harness, room, build("alice")))
            assert isinstance(outcome, Refusal)
            assert outcome.error_type == "NotRoomMember"
    assert as_stored(harness, room, f"{prefix}alice") == before


SELF_WRITTEN: dict[str, dict[str, Any]] = {
    "a role among the roles": cognito(JANE, "admin", "gateway", "privacy"),
    "a custom attribute": cognito(JANE, use="id", **{"custom:roles": "admin", "custom:groups": ADMINS}),
    "metadata": keycloak("2f6a", "admin", user_metadata={"roles": ["admin", ADMINS]}),
    "a claim of that name": auth0("a", roles=["admin"], role="admin", admin=True, groups=[ADMINS]),
    "a scope": entra(JANE, scp="admin", scope=f"admin {ADMINS}"),
    "a context of that name": theirs("jane", "admin", roles="admin", role="admin"),
}  # fmt: skip


@pytest.mark.parametrize("case", SELF_WRITTEN)
def test_a_role_that_people_gave_themselves_is_none(harness: Harness, case: str) -> None:
    """Administrators read any room, and end it."""
    room = harness.room({"alice": "owner"})
    before = as_stored(harness, room, "alice")
    for name in ("Query.messages", "Mutation.deleteRoom", "Subscription.onMessage"):
        event = harness.event(name, roomId=room) | {"identity": SELF_WRITTEN[case]}
        with identity():
            outcome = harness.invoke(event)
        assert (name, outcome.error_type) == (name, "NotRoomMember")
    assert as_stored(harness, room, "alice") == before


@pytest.mark.parametrize("claim", ["custom:roles", "email", "name", ["user_metadata", "roles"]], ids=str)
def test_a_deployment_that_would_let_people_give_it_to_themselves_does_not_start(
    harness: Harness, claim: object
) -> None:
    grants = {"admin": {"claim": claim, "values": ["admin"]}}
    event = sending(harness, harness.room(), cognito(JANE, **{"custom:roles": "admin"}))
    with identity([source("pool", grants=grants)]):
        outcome = harness.invoke(event)
    assert (outcome.error_type, list(outcome.values)) == ("InternalError", ["correlationId"])


def test_a_field_imports_nothing_of_tokens_and_keys(harness: Harness) -> None:
    """AppSync has verified them: PyJWT and cryptography would cost each cold start."""
    script = (
        "import json, sys, resolvers.messages; from chat_lambda.settings import settings; settings(); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'jwt', 'cryptography'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ".:layers/chat/python", "IDENTITY": setting(*SOURCES)},
        cwd=harness.project, text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
