"""Mutation.updateMe: a name and a picture of one's own, in all rooms."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.rules.instants import to_wire
from chat.rules.people import CHANGING
from chat.storage.uploads import avatar_key
from simulator.settings import TABLES
from tests.resolvers.composed import composed
from tests.resolvers.files import PNG, keys_of, post
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.hooks import Asked, hooks

EVENT = "Mutation.updateMe"
HOST = "pictures.example.com"
PICTURE = f"https://{HOST}/ann.png"


def new() -> str:
    return f"p-{uuid.uuid4()}"


def event(harness: Harness, user: str, **arguments: object) -> dict[str, Any]:
    made = harness.event(EVENT, user)
    made["arguments"] = dict(arguments)
    return made


def profile(harness: Harness, user: str) -> dict[str, Any]:
    """What is stored of somebody, without its keys and its rate."""
    return {
        name: value
        for name, value in harness.item("x", "CHATPROFILE", user).items()
        if name not in ("PK", "SK", "type", "tat")
    }


def uploaded(harness: Harness, user: str, content: bytes = PNG, **arguments: object) -> str:
    """The id of a picture that somebody has posted."""
    made = harness.event("Mutation.createUpload.picture", user, **arguments)
    upload = harness.invoke(made)
    assert post(upload, content).status == 204
    return str(upload["id"])


def jobs(harness: Harness) -> None:
    """Whatever waits in the background is done."""
    assert harness.call("run_jobs", {})["waiting"] == 0


@pytest.fixture(scope="module")
def hosts(harness: Harness) -> Iterator[None]:
    """The functions as a deployment has them that allows pictures at `HOST`."""
    with composed(harness, AVATAR_HOSTS=f"cdn.example.org,{HOST}"):
        yield


def test_a_name_is_stored_in_ones_own_partition_and_answered(harness: Harness) -> None:
    ann, asked = new(), harness.event(EVENT)
    asked["identity"]["resolverContext"]["userId"] = ann
    answer = harness.run(asked, writes=["CHATPROFILE"])
    stored = harness.item("x", "CHATPROFILE", ann)
    assert stored == {
        "PK": f"USER#{ann}", "SK": "CHATPROFILE", "type": "Profile", "name": "Alice Álvarez",
        "updatedAt": stored["updatedAt"], "tat": stored["tat"],
    }  # fmt: skip
    assert stored["updatedAt"] == pytest.approx(time.time() * 1_000, abs=60_000)
    assert answer == {
        "userId": ann, "name": "Alice Álvarez", "avatarUrl": None, "avatarId": None,
        "updatedAt": to_wire(stored["updatedAt"]), "isConfusable": None,
    }  # fmt: skip
    jobs(harness)


def test_what_is_so_already_is_a_success_that_writes_nothing(harness: Harness) -> None:
    ann = new()
    first = harness.run(event(harness, ann, name="Ann"), writes=["CHATPROFILE"])
    assert harness.run(event(harness, ann, name=" \u202eAnn "), writes=[]) == first
    assert harness.run(event(harness, ann, name="Ann", avatarUrl=None), writes=[]) == first
    assert harness.run(event(harness, ann, reset=["AVATAR"]), writes=[]) == first
    nobody = new()
    assert harness.run(event(harness, nobody, reset=["NAME"]), writes=[])["updatedAt"] is None
    jobs(harness)


def test_null_leaves_a_thing_and_reset_clears_it(harness: Harness, hosts: None) -> None:
    ann = new()
    harness.run(event(harness, ann, name="Ann", avatarUrl=PICTURE), writes=["CHATPROFILE"])
    harness.run(event(harness, ann, name=None, avatarUrl=None, reset=["NAME"]), writes=["CHATPROFILE"])
    assert {"avatarUrl"} == profile(harness, ann).keys() - {"updatedAt"}
    made = harness.event(f"{EVENT}.reset", ann)
    answer = harness.run(made, writes=["CHATPROFILE"])
    assert (answer["name"], answer["avatarUrl"]) == (None, None)
    jobs(harness)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("  Ann \n Lee ", "Ann Lee"),
        ("Jose\u0301", "José"),
        ("\u202eAnn", "Ann"),
        ("\uf9f4", "\uf9f4"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("דּוד", "דּוד"),
        ("ज़ैनब", "ज़ैनब"),
        ("ตุ๊กตา", "ตุ๊กตา"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("x" * 100, "x" * 100),
    ],
    ids=ascii,
)
def test_a_name_is_cleaned_as_a_rooms_is(harness: Harness, given: str, stored: str) -> None:
    ann = new()
    harness.run(event(harness, ann, name=given), writes=["CHATPROFILE"])
    room = harness.room({ann: "owner"})
    harness.invoke(harness.event("Mutation.updateRoom", ann, roomId=room, name=given))
    assert harness.item(room, "HEAD")["name"] == profile(harness, ann)["name"] == stored
    jobs(harness)


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "x" * 101, "\ud800", 7, True, [], {}], ids=ascii)
def test_a_name_that_nobody_could_read_is_refused(harness: Harness, name: object) -> None:
    made = harness.event(f"{EVENT}.blank-name", new())
    made["arguments"]["name"] = name
    harness.refused(made, "InvalidInput", argument="name", max=100)


def test_what_says_nothing_or_contradicts_itself_is_refused(harness: Harness) -> None:
    harness.refused(event(harness, new()), "InvalidInput")
    both = event(harness, new(), name="Ann", reset=["NAME"])
    harness.refused(both, "InvalidInput", argument="name")
    wrong: list[object] = ["NAME", ["name"], [7], ["ROLE"], {}]
    for reset in wrong:
        harness.refused(event(harness, new(), reset=reset), "InvalidInput", argument="reset")


def test_ones_own_rate_is_ten_at_once(harness: Harness) -> None:
    ann = new()
    for number in range(CHANGING.burst):
        harness.run(event(harness, ann, name=f"Ann {number}"), writes=["CHATPROFILE"])
    refusal = harness.run(event(harness, ann, name="Ann"), writes=[])
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 360_000
    assert harness.run(event(harness, ann, name="Ann 9"), writes=[])["name"] == "Ann 9"
    jobs(harness)


def test_an_address_at_an_allowed_host_is_stored(harness: Harness, hosts: None) -> None:
    ann = new()
    answer = harness.run(
        event(harness, ann, avatarUrl=f"https://{HOST.upper()}:443/ann.png"), writes=["CHATPROFILE"]
    )
    assert answer["avatarUrl"] == profile(harness, ann)["avatarUrl"] == PICTURE


def test_another_address_is_refused(harness: Harness, hosts: None) -> None:
    elsewhere = harness.event(f"{EVENT}.other-host", new())
    harness.refused(elsewhere, "NotAllowed", reason="avatarHost")
    malformed = harness.event(f"{EVENT}.malformed-address", new())
    for address in (
        malformed["arguments"]["avatarUrl"],
        f"https://u@{HOST}/",
        f"https://{HOST}:8443/",
        "",
        7,
        ["x"],
    ):
        malformed["arguments"]["avatarUrl"] = address
        harness.refused(malformed, "InvalidInput", argument="avatarUrl", max=1024)
    both = event(harness, new(), avatarUrl=PICTURE, avatarId="0199a1b2-c3d4-7000-8000-000000000004")
    harness.refused(both, "InvalidInput", argument="avatarId")


def test_an_upload_becomes_ones_picture_and_is_kept_apart(harness: Harness, objects: Any) -> None:
    ann = new()
    picture = uploaded(harness, ann)
    answer = harness.run(event(harness, ann, avatarId=picture), writes=["CHATPROFILE", "PICTURE"])
    assert (answer["avatarId"], answer["avatarUrl"]) == (picture, None)
    assert avatar_key(ann, picture) in keys_of(objects, picture)
    (owner,) = harness.partition(TABLES["CORE_TABLE"], f"AVATAR#{picture}")
    assert owner["senderId"] == {"S": ann}
    assert "expiresAt" not in owner
    assert harness.run(event(harness, ann, avatarId=picture), writes=[]) == answer


def test_a_picture_that_is_replaced_is_deleted_with_its_file(
    harness: Harness, objects: Any, hosts: None
) -> None:
    ann = new()
    first, second = uploaded(harness, ann), uploaded(harness, ann)
    harness.invoke(event(harness, ann, avatarId=first))
    harness.invoke(event(harness, ann, avatarId=second))
    jobs(harness)
    assert harness.partition(TABLES["CORE_TABLE"], f"AVATAR#{first}") == []
    assert avatar_key(ann, first) not in keys_of(objects, first)
    assert avatar_key(ann, second) in keys_of(objects, second)
    answer = harness.run(event(harness, ann, avatarUrl=PICTURE), writes=["CHATPROFILE"])
    assert answer["avatarId"] is None
    jobs(harness)
    assert avatar_key(ann, second) not in keys_of(objects, second)


def test_only_ones_own_finished_picture_is_taken(harness: Harness, objects: Any) -> None:
    ann, bob = new(), new()
    others = uploaded(harness, bob)
    room = harness.room({ann: "owner"})
    attachment = harness.invoke(harness.event("Mutation.createUpload", ann, roomId=room))["id"]
    rooms = uploaded(harness, ann, roomId=room)
    for picture in (others, attachment, rooms, "cat", "", 7, "0199a1b2-c3d4-7000-8000-000000000009"):
        made = event(harness, ann, avatarId=picture)
        harness.refused(made, "InvalidInput", argument="avatarId")
    unfinished = harness.invoke(harness.event("Mutation.createUpload.picture", ann))["id"]
    refusal = harness.refused(event(harness, ann, avatarId=unfinished), "InvalidInput", argument="avatarId")
    assert "not been uploaded" in refusal.message
    late = uploaded(harness, ann)
    harness.change("x", f"USER#{ann}", f"PICTURE#{late}", expiresAt=1_000)
    refusal = harness.invoke(event(harness, ann, avatarId=late))
    assert isinstance(refusal, Refusal)
    assert refusal.error_type == "InvalidInput"


def test_a_picture_is_taken_once(harness: Harness, objects: Any) -> None:
    ann = new()
    picture = uploaded(harness, ann)
    harness.invoke(event(harness, ann, avatarId=picture))
    harness.invoke(event(harness, ann, reset=["AVATAR"]))
    harness.refused(event(harness, ann, avatarId=picture), "InvalidInput", argument="avatarId")
    jobs(harness)


def test_a_name_and_an_address_are_in_no_log(
    harness: Harness, hosts: None, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    ann = new()
    room = harness.room({ann: "owner"})
    secret = uuid.uuid4().hex
    for name in (secret, f"{secret} refuse", "x" * 80 + secret):
        harness.invoke(event(harness, ann, name=name, avatarUrl=f"https://{HOST}/{secret}"))
    harness.invoke(event(harness, ann, avatarUrl=f"https://elsewhere.example.com/{secret}"))
    harness.invoke(harness.event("Query.people", ann, roomId=room, ids=[ann, secret]))
    harness.invoke(harness.event("Query.searchPeople", ann, roomId=room, prefix=secret))
    harness.invoke(harness.event("Query.avatar", ann, roomId=room, id=secret))
    written = "".join([*capfd.readouterr(), *(str(vars(record)) for record in caplog.records)])
    assert written.count("Mutation.updateMe") >= 4
    assert secret not in written
    jobs(harness)


@pytest.fixture(scope="module")
def asked(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with hooks(harness, tmp_path_factory.mktemp("hooks")) as asked:
        yield asked


def test_a_rule_of_ones_own_is_asked_without_a_room(harness: Harness, asked: Asked) -> None:
    ann = new()
    asked.take()
    harness.invoke(event(harness, ann, name="rawAnn"))
    (question,) = asked.take()
    assert (question["kind"], question["text"], question["room"]) == ("person_name", "rawAnn", None)
    assert question["member"] == {"user_id": ann, "role": None, "roles": []}
    assert profile(harness, ann)["name"] == "cookedAnn"
    refused = event(harness, ann, name="me refuse")
    harness.refused(refused, "NotAllowed", reason="unwanted")
    harness.invoke(event(harness, ann, reset=["NAME"]))
    assert asked.take()[1:] == []
    jobs(harness)


def test_where_a_directory_says_it_nobody_does_themself(harness: Harness, tmp_path: Path) -> None:
    module = tmp_path / "team.py"
    module.write_text("def people(user_ids):\n    return {}\n", encoding="utf-8")
    with composed(harness, PEOPLE_DIRECTORY=f"file:{module}"):
        harness.refused(event(harness, new(), name="Ann"), "NotAllowed", reason="directory")
        harness.refused(event(harness, new(), name=""), "InvalidInput", argument="name", max=100)
