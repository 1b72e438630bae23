"""Rules of a deployment's own through the functions, in the process that they run in: what they are told, what they may
do wrong, and the examples of docs/hooks/."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.engine import PROJECT
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.hooks import Asked, hooks
from tests.resolvers.memberships import as_admin, lines

SEND, EDIT, ADD, CREATE = (
    f"Mutation.{verb}" for verb in ("sendMessage", "editMessage", "addMember", "createRoom")
)
GUILD = "guild_membership"
SEND_WRITES = ["HEAD", "IN", "MSG", "SENT"]


@pytest.fixture(scope="module")
def asked(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with hooks(harness, tmp_path_factory.mktemp("hooks")) as asked:
        yield asked


@pytest.fixture
def room(harness: Harness) -> str:
    return harness.room()


def person(word: str) -> str:
    """Somebody new, about whom the rule does what the word says."""
    return f"{word}.{uuid.uuid4()}"


def test_a_rule_is_told_the_room_and_who_writes(harness: Harness, asked: Asked) -> None:
    room = harness.room(settings={"name": "Tea", "visibility": "public"})
    asked.take()
    event = harness.event(SEND, "bob", roomId=room, text="hi")
    event["identity"]["resolverContext"]["roles"] = "press,staff"
    harness.run(event, writes=SEND_WRITES)
    assert asked.take() == [
        {
            "kind": "message",
            "text": "hi",
            "room": {"id": room, "type": "general", "guild_id": None, "name": "Tea", "visibility": "public"},
            "member": {"user_id": "bob", "role": "member", "roles": ["press", "staff"]},
        }
    ]


def test_a_rule_is_told_who_is_added_by_whom(harness: Harness, asked: Asked) -> None:
    room, who = harness.room(guild=True, members={"alice": "owner"}), person("none")
    asked.take()
    assert not isinstance(
        harness.invoke(harness.event(ADD, roomId=room, userId=who, role="MODERATOR")), Refusal
    )
    admin = as_admin(harness.event(ADD, "root", roomId=room, userId=person("true"), role=None))
    assert not isinstance(harness.invoke(admin), Refusal)
    first, second = asked.take()
    guild = room.removeprefix("GUILD#")
    assert first == {
        "inviter": {"user_id": "alice", "role": "owner", "roles": []},
        "person": {"user_id": who, "role": "moderator"},
        "room": {"id": room, "type": "guild", "guild_id": guild, "name": None, "visibility": "private"},
    }
    assert second["inviter"] == {"user_id": "root", "role": None, "roles": ["admin"]}
    assert not isinstance(harness.invoke(harness.event(ADD, roomId=room, userId=who, role=None)), Refusal)
    assert asked.take() == []  # who is there stays as they are


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "We do not say that here."), ("es", "Eso no se dice aquí."), ("fr", "We do not say that here.")],
)
def test_a_refusal_has_its_own_sentence_or_the_english_one(
    harness: Harness, asked: Asked, room: str, language: str, sentence: str
) -> None:
    event = harness.event(SEND, roomId=room, text="please refuse")
    event["request"]["headers"]["accept-language"] = language
    refusal = harness.refused(event, "NotAllowed", reason="unwanted")
    assert refusal.message == f"{sentence} [code=NotAllowed reason=unwanted]"


def test_a_refusal_may_be_returned_and_needs_no_sentence(harness: Harness, asked: Asked, room: str) -> None:
    event = harness.event(SEND, roomId=room, text="please return-refusal")
    refusal = harness.refused(event, "NotAllowed", reason="unwanted")
    assert refusal.message == "A rule of this chat is against it. [code=NotAllowed reason=unwanted]"


WRONG = {
    "raise": "RuntimeError",
    "bad-refusal": "ValueError",
    "number": "ReturnedInt",
    "bytes": "ReturnedBytes",
    "true": "ReturnedBool",
    "blank": "InvalidText",
    "long": "InvalidText",
    "surrogate": "InvalidText",
    "huge": "TextTooLong",
    "exit": "Ended",
    "die": "Ended",
}
HANGING = ("hang", "stubborn", "pattern")


@pytest.mark.parametrize("word", WRONG)
def test_a_rule_that_gives_no_answer_refuses_and_says_nothing_of_the_text(
    harness: Harness,
    asked: Asked,
    room: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    word: str,
) -> None:
    private = uuid.uuid4().hex
    event = harness.event(SEND, roomId=room, text=f"{private} {word}")
    harness.refused(event, "ServiceUnavailable", reason="hook")
    written, errors = capfd.readouterr()
    (metrics,) = [json.loads(line) for line in written.splitlines() if '"_aws"' in line]
    replaced = {"HooksReplaced": 1} if WRONG[word] == "Ended" else {}
    counted = {name: metrics[name] for name in metrics if name.startswith("Hook") and not name.endswith("Ms")}
    assert counted == {"HookFailures": 1, **replaced}
    failed = failure(caplog)
    assert (failed["hook"], failed["error"]) == ("before_text", WRONG[word])
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert private not in written + errors + logged
    assert "private text" not in written + errors + logged
    harness.run(harness.event(SEND, roomId=room, text="hi"), writes=SEND_WRITES)


def published(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics of each call since this was asked last."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if '"_aws"' in line]


def failure(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """What the one line says that tells of a failure."""
    (record,) = [each for each in caplog.records if each.message == "Hook failed"]
    return vars(record)


def test_a_failure_is_logged_with_its_place_in_the_rules(
    harness: Harness, asked: Asked, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    harness.refused(harness.event(SEND, roomId=room, text="raise"), "ServiceUnavailable", reason="hook")
    source = (PROJECT / "tests" / "resolvers" / "told_rules.py").read_text(encoding="utf-8").splitlines()
    (line,) = [number for number, text in enumerate(source, start=1) if "raise RAISES[word]" in text]
    assert failure(caplog)["at"] == f"told_rules.py:{line}"


@pytest.mark.parametrize("opens", [False, True])
def test_a_rule_that_hangs_is_ended_and_there_is_another(
    harness: Harness, tmp_path: Path, capfd: pytest.CaptureFixture[str], opens: bool
) -> None:
    """Whatever it hangs in: a sleep, a loop that catches everything, a pattern that lets no other thread run."""
    failing = "open" if opens else "closed"
    with hooks(harness, tmp_path, CHAT_HOOKS_TIMEOUT_MS="1000", CHAT_HOOKS_ON_FAILURE=failing):
        room = harness.room()
        for word in HANGING:
            event = harness.event(SEND, roomId=room, text=word, clientMessageId=word)
            if opens:
                assert harness.run(event, writes=SEND_WRITES)["text"] == word
            else:
                harness.refused(event, "ServiceUnavailable", reason="hook")
            metrics = published(capfd)[-1]
            assert (metrics["HookFailures"], metrics["HooksReplaced"]) == (1, 1)
            assert 900 < metrics["HookMs"] < 20_000
            after = harness.event(SEND, roomId=room, text="raw", clientMessageId=f"{word}-after")
            assert harness.run(after, writes=SEND_WRITES)["text"] == "cooked"


def test_where_failures_pass_the_text_is_stored_as_it_was_and_refusals_still_hold(
    harness: Harness, tmp_path: Path
) -> None:
    with hooks(harness, tmp_path, CHAT_HOOKS_ON_FAILURE="open"):
        room = harness.room()
        for word in WRONG:
            event = harness.event(SEND, roomId=room, text=f"say {word}", clientMessageId=word)
            assert harness.run(event, writes=SEND_WRITES)["text"] == f"say {word}"
        refused = harness.event(SEND, roomId=room, text="refuse", clientMessageId="refuse")
        harness.refused(refused, "NotAllowed", reason="unwanted")
        added = harness.event(ADD, roomId=room, userId=person("raise"), role=None)
        assert not isinstance(harness.invoke(added), Refusal)


def test_a_repeat_asks_nobody(harness: Harness, asked: Asked, room: str) -> None:
    event = harness.event(SEND, roomId=room, text="raw fish")
    first = harness.run(event, writes=SEND_WRITES)
    asked.take()
    assert harness.run(event, writes=[]) == first
    harness.refused(harness.event(SEND, roomId=room, text="cooked fish"), "IdempotencyMismatch")
    assert (first["text"], asked.take()) == ("cooked fish", [])


@pytest.mark.parametrize(
    ("word", "error", "reason"),
    [
        ("refuse", "NotAllowed", "unwanted"),
        ("false", "NotAllowed", "refused"),
        ("number", "ServiceUnavailable", "hook"),
        ("raise", "ServiceUnavailable", "hook"),
    ],
)
def test_whoever_may_not_be_added_is_not(
    harness: Harness, asked: Asked, room: str, word: str, error: str, reason: str
) -> None:
    who = person(word)
    harness.refused(harness.event(ADD, roomId=room, userId=who, role=None), error, reason=reason)
    creator, members = person("none"), [person("none"), who, person("none")]
    outcome = harness.invoke(harness.event(CREATE, creator, roomId=None, name=None, members=members))
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, outcome.values) == (error, {"reason": reason})
    assert [each["person"]["user_id"] for each in asked.take()][-3:] == members
    for user in members:
        assert harness.partition("gg_core", f"USER#{user}") == []


def test_an_invitation_is_an_addition(harness: Harness, tmp_path: Path) -> None:
    """Whoever accepts it comes by themself: nobody is asked again."""
    with hooks(harness, tmp_path, ADDING_NEEDS_CONSENT="true") as asked:
        room, who = harness.room(), person("none")
        harness.refused(
            harness.event(ADD, roomId=room, userId=person("refuse"), role=None),
            "NotAllowed",
            reason="unwanted",
        )
        harness.invoke(harness.event(ADD, roomId=room, userId=who, role=None))
        assert list(lines(harness, room, "INVITED")) == [who]
        asked.take()
        assert not isinstance(harness.invoke(harness.event("Mutation.joinRoom", who, roomId=room)), Refusal)
        assert asked.take() == []


def test_the_guilds_service_says_who_is_in_it_and_names_a_room_once(harness: Harness, asked: Asked) -> None:
    guild = f"g-{uuid.uuid4()}"
    add = [{"userId": person("refuse"), "role": "OWNER"}]
    asked.take()
    refusal = harness.call(GUILD, {"guildId": guild, "name": "please refuse", "add": add})
    assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "unwanted"})
    answer = harness.call(GUILD, {"guildId": guild, "name": "Tea", "add": add})
    assert answer["added"] == [add[0]["userId"]]
    assert [each["text"] for each in asked.take()] == ["please refuse", "Tea"]
    harness.call(
        GUILD, {"guildId": guild, "name": "please refuse"}
    )  # the name that it has is not changed here
    assert asked.take() == []
    assert harness.item(f"GUILD#{guild}", "HEAD")["name"] == "Tea"


def test_the_name_that_a_room_has_is_not_judged_again(harness: Harness, asked: Asked, room: str) -> None:
    harness.invoke(harness.event("Mutation.updateRoom", roomId=room, name="Tea"))
    asked.take()
    harness.invoke(harness.event("Mutation.updateRoom", roomId=room, name="Tea"))
    assert asked.take() == []


# the examples


def test_the_word_filter_masks_words_and_takes_no_card_numbers(harness: Harness, tmp_path: Path) -> None:
    with hooks(harness, tmp_path, rules=PROJECT / "docs" / "hooks" / "words.py"):
        room = harness.room()
        event = harness.event(SEND, roomId=room, text="What the HECK, darning socks?")
        sent = harness.run(event, writes=SEND_WRITES)
        assert sent["text"] == "What the ****, darning socks?"
        event = harness.event(SEND, roomId=room, text="4111 1111-1111 1111", clientMessageId="card")
        event["request"]["headers"]["accept-language"] = "es"
        refusal = harness.refused(event, "NotAllowed", reason="cardNumber")
        assert refusal.message.startswith("No envíes números de tarjeta. [")
        edit = harness.event(EDIT, roomId=room, id=sent["id"], ts=None, text="darn")
        assert harness.invoke(edit)["text"] == "****"
        anybody = harness.event(ADD, roomId=room, userId=person("anybody"), role=None)
        assert not isinstance(harness.invoke(anybody), Refusal)


def test_people_add_each_other_inside_their_company(harness: Harness, tmp_path: Path) -> None:
    with hooks(harness, tmp_path, rules=PROJECT / "docs" / "hooks" / "company.py"):
        ann, bob, eve = (
            f"{name}-{uuid.uuid4()}@{at}.example"
            for name, at in [("ann", "acme"), ("bob", "acme"), ("eve", "other")]
        )
        room = harness.room({ann: "owner"})
        assert not isinstance(
            harness.invoke(harness.event(ADD, ann, roomId=room, userId=bob, role=None)), Refusal
        )
        other = harness.event(ADD, ann, roomId=room, userId=eve, role=None)
        refusal = harness.refused(other, "NotAllowed", reason="otherCompany")
        assert refusal.message.startswith("You can only add people of your own company. [")
        made = harness.event(CREATE, ann, roomId=None, name="Tea", members=[bob, eve])
        outcome = harness.invoke(made)
        assert isinstance(outcome, Refusal)
        assert outcome.values == {"reason": "otherCompany"}
        assert not isinstance(harness.invoke(as_admin(other)), Refusal)
        harness.run(harness.event(SEND, ann, roomId=room, text="darn"), writes=SEND_WRITES)
