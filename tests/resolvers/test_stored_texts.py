"""Nothing gets round `before_text`: every text of people's that is stored is here, and every argument that is none."""

import ast
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import pytest
from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, ObjectTypeDefinitionNode, TypeNode, parse

from chat.rules.hooks import TextKind
from simulator.settings import SCHEMA, WIRING
from tests.contract.test_imports import ROOTS
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.hooks import Asked, containing, hooks

pytestmark = pytest.mark.usefixtures("few_items")

Field = tuple[str, str]
"""A field or a service's function, and its argument."""

TEXTS: Mapping[Field, TextKind] = {
    ("Mutation.sendMessage", "text"): "message",
    ("Mutation.editMessage", "text"): "edit",
    ("Mutation.createRoom", "name"): "room_name",
    ("Mutation.updateRoom", "name"): "room_name",
    ("Mutation.updateRoom", "description"): "room_description",
    ("Mutation.createUpload", "name"): "file_name",
    ("Mutation.updateMe", "name"): "person_name",
    ("guild_membership", "name"): "room_name",
}
UNSEEN: set[Field] = {("Mutation.saveDraft", "text"), ("Mutation.setHold", "reason")}
"""Texts that nobody in a room sees: a draft, about which a rule is asked when it is sent, and why there is a legal hold."""
IDS = "names something, in the characters of ids"
PERSON = "somebody's id, as their identity says it; `may_add` is asked about whoever is added"
CHOICE = "one of a list of words"
NUMBER = "a number, a flag or an instant"
ADDRESS = "an address at an allowed host, in ASCII"
COMMITTED = "what is committed already, and is only published"
NO_TEXTS: Mapping[str, str] = {
    "roomId": IDS,
    "guildId": IDS,
    "id": IDS,
    "clientMessageId": IDS,
    "attachments": IDS,
    "replyTo": IDS,
    "mentions": PERSON,
    "deviceId": IDS,
    "watching": IDS,
    "userId": PERSON,
    "members": PERSON,
    "add": PERSON,
    "remove": PERSON,
    "avatarId": IDS,
    "avatarUrl": ADDRESS,
    "purpose": CHOICE,
    "contentType": CHOICE,
    "emoji": CHOICE,
    "visibility": CHOICE,
    "historyFrom": CHOICE,
    "status": CHOICE,
    "role": CHOICE,
    "level": CHOICE,
    "reset": CHOICE,
    "end": NUMBER,
    "ts": NUMBER,
    "rooms": IDS,
    "people": PERSON,
    "message": COMMITTED,
    "event": COMMITTED,
    "since": NUMBER,
    "until": NUMBER,
    "targets": CHOICE,
}
"""Arguments that are no text of people's, and why: wherever they are."""
NUMBERS = {"Int", "Float", "Boolean", "AWSDateTime"}


def named(node: TypeNode) -> str:
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def arguments_of_mutations() -> Iterator[tuple[Field, str]]:
    """Each argument of each mutation, and its type, without lists and marks."""
    for node in parse(SCHEMA.read_text(encoding="utf-8")).definitions:
        if isinstance(node, ObjectTypeDefinitionNode) and node.name.value == "Mutation":
            for field in node.fields or ():
                for each in field.arguments or ():
                    yield (f"Mutation.{field.name.value}", each.name.value), named(each.type)


def arguments_of_services() -> Iterator[Field]:
    """What the functions that services invoke read of their events: `arguments.get("name")`, and
    `_list(arguments, "name")`."""
    services = json.loads(WIRING.read_text(encoding="utf-8"))["services"]
    for service, entry in services.items():
        tree = ast.parse((ROOTS["chat"] / "operations" / f"{entry['module']}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            reads = ast.unparse(node.func) == "arguments.get" or [
                each for each in node.args if ast.unparse(each) == "arguments"
            ]
            for each in node.args if reads else ():
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield (service, each.value)


def test_every_argument_that_could_be_a_text_is_one_or_is_none_for_a_reason() -> None:
    could_be = {field for field, kind in arguments_of_mutations() if kind not in NUMBERS}
    could_be |= {field for field in arguments_of_services() if field[0] != "run_jobs"}
    assert {field for field in could_be - TEXTS.keys() - UNSEEN if field[1] not in NO_TEXTS} == set()
    assert TEXTS.keys() - could_be == set()
    assert not {name for _, name in TEXTS} & NO_TEXTS.keys()


def test_a_string_is_a_text_but_for_types_of_files_emoji_and_addresses() -> None:
    strings = {field for field, kind in arguments_of_mutations() if kind == "String"}
    others = {("Mutation.createUpload", "contentType"), ("Mutation.react", "emoji")}
    others |= {(f"Mutation.{name}", "avatarUrl") for name in ("updateMe", "updateRoom")}
    assert strings - TEXTS.keys() - UNSEEN == others


def test_what_is_no_text_for_being_an_id_or_a_choice_is_one_in_the_schema() -> None:
    """But for the types of files and emoji, which are compared with a list, and for addresses."""
    kinds = {
        field: kind
        for field, kind in arguments_of_mutations()
        if kind not in NUMBERS and field not in TEXTS.keys() | UNSEEN
    }
    ids = {field for field, kind in kinds.items() if kind in ("ID", "RoomPosition")}
    assert {NO_TEXTS[name] for _, name in ids} == {IDS, PERSON}
    assert {NO_TEXTS[name] for _, name in kinds.keys() - ids} == {CHOICE, COMMITTED, ADDRESS, PERSON}


def test_every_kind_of_text_is_stored_somewhere() -> None:
    assert set(TEXTS.values()) == set(get_args(TextKind))


def test_the_functions_that_ask_are_told_of_the_rules_and_no_others() -> None:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    told = {
        entry["module"]
        for entry in (*wiring["fields"].values(), *wiring["services"].values())
        if any(name.startswith("CHAT_HOOKS") for name in entry["settings"])
    }
    asking = {
        path.stem
        for path in (ROOTS["chat"] / "operations").glob("*.py")
        if "deployment.before_text(" in (source := path.read_text(encoding="utf-8"))
        or "deployment.may_add(" in source
    }
    assert told == asking
    fields = {name: entry["module"] for name, entry in (wiring["fields"] | wiring["services"]).items()}
    assert {fields[field] for field, _ in TEXTS} | {"add_member", "direct"} == asking


@pytest.fixture(scope="module")
def asked(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with hooks(harness, tmp_path_factory.mktemp("hooks")) as asked:
        yield asked


Call = Callable[[str], tuple[str | None, Any]]
"""Stores a text, and gives the room where it was asked for, and the answer."""


@pytest.fixture
def call(harness: Harness, objects: Any) -> Callable[[Field], Call]:
    """What stores a text by this field."""
    room = harness.room()
    person = f"u-{uuid.uuid4()}"  # whose rates of making rooms and uploads nobody else uses

    def by(field: str, user: str = "alice", **arguments: object) -> Any:
        return harness.invoke(harness.event(field, user, **arguments))

    def edit(text: str) -> tuple[str, Any]:
        (message,) = harness.send(room, "first")
        return room, by("Mutation.editMessage", roomId=room, id=message["id"], ts=None, text=text)

    def upload(text: str) -> tuple[str, Any]:
        own = harness.room({person: "member"})
        return own, by("Mutation.createUpload", person, roomId=own, name=text)

    def guild(text: str) -> tuple[str, Any]:
        guild_id = f"g-{uuid.uuid4()}"
        event = {"guildId": guild_id, "name": text, "add": [{"userId": "alice", "role": "OWNER"}]}
        return f"GUILD#{guild_id}", harness.call("guild_membership", event)

    ways: Mapping[Field, Call] = {
        ("Mutation.sendMessage", "text"): lambda text: (
            room,
            by("Mutation.sendMessage", roomId=room, text=text, clientMessageId=f"c-{uuid.uuid4()}"),
        ),
        ("Mutation.editMessage", "text"): edit,
        ("Mutation.createRoom", "name"): lambda text: (
            None,
            by("Mutation.createRoom", person, roomId=None, name=text, members=None),
        ),
        ("Mutation.updateRoom", "name"): lambda text: (
            room,
            by("Mutation.updateRoom", roomId=room, name=text),
        ),
        ("Mutation.updateRoom", "description"): lambda text: (
            room,
            by("Mutation.updateRoom", roomId=room, name=None, description=text),
        ),
        ("Mutation.createUpload", "name"): upload,
        ("Mutation.updateMe", "name"): lambda text: (
            None,
            by("Mutation.updateMe", person, name=text),
        ),
        ("guild_membership", "name"): guild,
    }
    return ways.__getitem__


@pytest.mark.parametrize("field", TEXTS, ids=".".join)
def test_what_the_rule_makes_of_a_text_is_stored_and_nothing_else_is(
    harness: Harness, asked: Asked, call: Callable[[Field], Call], field: Field
) -> None:
    word = uuid.uuid4().hex
    store = call(field)
    asked.take()
    room, answer = store(f"raw{word}  ")
    assert not isinstance(answer, Refusal), answer
    told = [each for each in asked.take() if each["text"] != "first"]
    assert [(each["kind"], each["text"].rstrip()) for each in told] == [(TEXTS[field], f"raw{word}")]
    (question,) = told
    if room:
        assert question["room"]["id"] == room
    service = field[0] not in {name for (name, _), _ in arguments_of_mutations()}
    assert (question["member"]["user_id"] is None) == service
    assert containing(harness.client, f"raw{word}") == []
    stored = {place.partition("#")[0] for place in containing(harness.client, f"cooked{word}")}
    assert stored - {"EVT"} in (
        {"HEAD"},
        {"MSG"},
        {"UPLOAD"},
        {"CHATPROFILE"},
    )  # a room's event tells its name, too
    assert f"raw{word}" not in json.dumps(answer)


@pytest.mark.parametrize("field", TEXTS, ids=".".join)
@pytest.mark.parametrize("word", ["refuse", "raise"])
def test_a_text_that_is_refused_or_cannot_be_judged_is_stored_nowhere(
    harness: Harness, asked: Asked, call: Callable[[Field], Call], field: Field, word: str
) -> None:
    text = f"{uuid.uuid4().hex} {word}"
    _, answer = call(field)(text)
    assert isinstance(answer, Refusal)
    expected = {
        "refuse": ("NotAllowed", {"reason": "unwanted"}),
        "raise": ("ServiceUnavailable", {"reason": "hook"}),
    }
    assert (answer.error_type, answer.values) == expected[word]
    assert containing(harness.client, text.partition(" ")[0]) == []
