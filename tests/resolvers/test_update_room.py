"""Mutation.updateRoom: a room's name and rules, in force from the next message
on; what is reset is the deployment's again."""

import uuid
from typing import Any

import pytest

from chat.rules.models import HistoryFrom, Role
from chat.rules.room_rules import NUMBERS, RESETS, with_history
from chat.storage.uploads import avatar_key
from chat_lambda.settings import BadSettings, read
from tests.resolvers.files import keys_of
from tests.resolvers.harness import Event, Harness, Refusal
from tests.resolvers.memberships import as_admin
from tests.resolvers.test_update_me import jobs, uploaded

EVENT = "Mutation.updateRoom"
PEOPLE: dict[str, Role] = {"alice": "owner", "bob": "moderator", "carol": "member"}
OWN = {
    "name": "Mine", "visibility": "public", "slowModeSeconds": 5, "retentionDays": 30, "personPerSecond": 0.5,
    "personBurst": 3, "roomPerSecond": 7, "roomBurst": 9, "description": "For me", "archivedAt": 1,
    "historyFrom": "joining",
    "avatarUrl": "https://pictures.example.com/mine.png",
}  # fmt: skip


def update_event(harness: Harness, room: str, user: str | None = None, **arguments: object) -> Event:
    """An event that changes nothing but `arguments`."""
    event = harness.event(EVENT, user)
    event["arguments"] = {"roomId": room, **arguments}
    return event


def test_a_rooms_new_rules_are_answered_as_a_notice_and_stored_in_its_head(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.send(room, "hi")
    answer = harness.run(event, writes=["EVT", "HEAD"])
    assert uuid.UUID(answer["id"]).version == 7
    assert [answer[name] for name in ("roomId", "senderId", "epoch", "roomType")] == [
        room,
        "alice",
        1,
        "general",
    ]
    assert [answer[name] for name in ("seq", "text", "clientMessageId", "version", "rev")] == [None] * 5
    notice = answer["notice"]
    assert [notice[name] for name in ("kind", "userId", "role", "nextEpoch", "rev")] == [
        "ROOM_UPDATED", None, None, None, 3,
    ]  # fmt: skip
    shown = notice["room"]
    assert (shown["roomId"], shown["name"], shown["slowModeSeconds"]) == (room, "The lobby", 30)
    assert (shown["personPerSecond"], shown["retentionDays"], shown["visibility"]) == (1000, 365, "PRIVATE")
    assert (shown["head"]["rev"], shown["head"]["seq"], shown["me"], shown["memberCount"]) == (
        3,
        1,
        None,
        None,
    )
    head = harness.item(room, "HEAD")
    assert (head["rev"], head["ruledRev"], head["seq"], head["epoch"]) == (3, 3, 1, 1)
    assert (head["name"], head["slowModeSeconds"], head["personPerSecond"]) == ("The lobby", 30, 1000)
    assert not {"visibility", "retentionDays"} & set(head)


@pytest.mark.parametrize("rule", RESETS)
def test_a_reset_gives_a_rule_back_and_what_is_absent_stays(harness: Harness, rule: str) -> None:
    room = harness.room(settings=OWN)
    harness.run(update_event(harness, room, None, reset=[rule]), writes=["EVT", "HEAD"])
    head = harness.item(room, "HEAD")
    assert {name: str(head[name]) for name in OWN if name in head} == {
        name: str(value) for name, value in OWN.items() if name not in RESETS[rule]
    }
    shown, defaults = harness.invoke(harness.event("Query.room", roomId=room)), {
        "name": None, "description": None, "archivedAt": None, "visibility": "PRIVATE", "slowModeSeconds": 0, "retentionDays": 365, "personPerSecond": 1,
        "personBurst": 10, "roomPerSecond": 50, "roomBurst": 100, "historyFrom": "BEGINNING",
        "avatarUrl": None, "avatarId": None,
    }  # fmt: skip
    assert [shown[name] for name in RESETS[rule]] == [defaults[name] for name in RESETS[rule]]


@pytest.mark.parametrize("field", ["name", "visibility", "historyFrom", *NUMBERS])
def test_null_leaves_a_rule_as_it_is(harness: Harness, field: str) -> None:
    """Some clients send null for every argument that they do not set."""
    room = harness.room(settings=OWN)
    before = harness.item(room, "HEAD")
    harness.refused(
        update_event(harness, room, None, **dict.fromkeys(["name", "visibility", "historyFrom", *NUMBERS])),
        "InvalidInput",
    )
    other = "name" if field != "name" else "slowModeSeconds"
    given = {
        **dict.fromkeys(["name", "visibility", "historyFrom", *NUMBERS, "reset"]),
        other: "Owls" if other == "name" else 7,
    }
    harness.run(update_event(harness, room, None, **given), writes=["EVT", "HEAD"])
    assert harness.item(room, "HEAD")[field] == before[field]


def test_all_that_is_reset_is_given_back_at_once(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.reset")
    harness.head(event["arguments"]["roomId"], slowModeSeconds=9, retentionDays=10)
    shown = harness.run(event, writes=["EVT", "HEAD"])["notice"]["room"]
    assert (shown["name"], shown["slowModeSeconds"], shown["retentionDays"]) == (None, 0, 365)
    assert (shown["personPerSecond"], shown["personBurst"], shown["roomPerSecond"]) == (1, 10, 1000)


def test_what_is_so_already_changes_nothing_and_is_a_success(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    first = harness.run(event, writes=["EVT", "HEAD"])
    again = harness.run(event, writes=[])
    assert again["notice"] == first["notice"]
    assert again["id"] != first["id"]


def test_a_public_room_is_found_and_a_private_one_is_not(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event("Query.room", "carol", roomId=room), "NotRoomMember")
    harness.run(update_event(harness, room, visibility="PUBLIC"), writes=["EVT", "HEAD"])
    assert harness.run(harness.event("Query.room", "carol", roomId=room), writes=[])["visibility"] == "PUBLIC"
    harness.run(update_event(harness, room, visibility="PRIVATE"), writes=["EVT", "HEAD"])
    harness.refused(harness.event("Query.room", "carol", roomId=room), "NotRoomMember")


def test_a_guilds_room_is_never_public(harness: Harness) -> None:
    room = harness.room(guild=True)
    harness.refused(update_event(harness, room, visibility="PUBLIC"), "InvalidInput", argument="visibility")
    answer = harness.run(update_event(harness, room, name="Owls"), writes=["EVT", "HEAD"])
    assert (answer["guildId"], answer["notice"]["room"]["name"]) == (room.removeprefix("GUILD#"), "Owls")


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_moderators_and_members_do_not_rule(harness: Harness, user: str) -> None:
    room = harness.room(PEOPLE)
    harness.refused(update_event(harness, room, user, name="Mine"), "NotAllowed", reason="role")


def test_strangers_are_refused_as_without_such_a_room(harness: Harness) -> None:
    harness.refused(update_event(harness, harness.room(), "carol", name="Mine"), "NotRoomMember")
    harness.refused(update_event(harness, f"r-{uuid.uuid4()}", name="Mine"), "NotRoomMember")
    harness.refused(
        update_event(harness, harness.room(settings=OWN), "carol", name="Theirs"), "NotRoomMember"
    )


@pytest.mark.parametrize("user", ["carol", "bob"], ids=["outside", "plain member"])
def test_an_administrator_rules_every_room(harness: Harness, user: str) -> None:
    event = update_event(harness, harness.room(), user, name="Ours")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert harness.run(event, writes=["EVT", "HEAD"])["senderId"] == user


@pytest.mark.parametrize("status", ["left", "banned"])
def test_an_owner_who_is_out_rules_no_more(harness: Harness, status: str) -> None:
    room = harness.room()
    harness.member(room, "alice", status=status)
    harness.refused(update_event(harness, room, name="Mine"), "NotRoomMember")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_has_the_limits_of_the_deployments_setting(harness: Harness, name: str) -> None:
    kind, least, most = NUMBERS[name]
    variable = "".join(f"_{each}" if each.isupper() else each.upper() for each in name)
    room = harness.room(settings=OWN)
    for value in (least, most):
        read({variable: str(value)})
        event = as_admin(update_event(harness, room, None, **{name: value}))
        assert harness.invoke(event)["notice"]["room"][name] == value
    step = 1 if kind is int else 0.0001
    values = {"argument": name, "min": least, "max": most}
    for value in (least - step, most + step):
        with pytest.raises(BadSettings):
            read({variable: str(value)})
        harness.refused(update_event(harness, room, None, **{name: value}), "InvalidInput", None, **values)
    wrong: list[object] = [
        "7",
        True,
        [],
        {},
        float("nan"),
        float("inf"),
        10**400,
        *([7.5] if kind is int else []),
    ]
    for each in wrong:
        harness.refused(update_event(harness, room, None, **{name: each}), "InvalidInput", None, **values)


@pytest.mark.parametrize(
    ("name", "most"), [("personPerSecond", 1), ("personBurst", 10), ("roomPerSecond", 50), ("roomBurst", 100)]
)
def test_owners_set_limits_as_high_as_the_deployments_and_administrators_higher(
    harness: Harness, name: str, most: int
) -> None:
    room = harness.room(settings={})
    higher = update_event(harness, room, None, **{name: most + 1})
    refusal = harness.refused(higher, "NotAllowed", reason="limit", argument=name, max=most)
    assert str(most) in refusal.message
    answer = harness.run(update_event(harness, room, None, **{name: most}), writes=["EVT", "HEAD"])
    assert answer["notice"]["room"][name] == most
    assert "adminRules" not in harness.item(room, "HEAD")
    answer = harness.run(as_admin(higher), writes=["EVT", "HEAD"])
    assert answer["notice"]["room"][name] == most + 1
    assert harness.item(room, "HEAD")["adminRules"] == name
    as_owner = update_event(harness, room, None, **{name: most + 1})
    assert harness.run(as_owner, writes=[])["notice"]["room"][name] == most + 1


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ({}, {}),
        ({"name": " "}, {"argument": "name", "max": 100}),
        ({"name": "x" * 101}, {"argument": "name", "max": 100}),
        ({"name": 7}, {"argument": "name", "max": 100}),
        ({"visibility": "public"}, {"argument": "visibility"}),
        ({"visibility": []}, {"argument": "visibility"}),
        ({"historyFrom": "joining"}, {"argument": "historyFrom"}),
        ({"historyFrom": 1}, {"argument": "historyFrom"}),
        ({"reset": ["HISTORY"], "historyFrom": "JOINING"}, {"argument": "historyFrom"}),
        ({"reset": "NAME"}, {"argument": "reset"}),
        ({"reset": ["name"]}, {"argument": "reset"}),
        ({"reset": [["NAME"]]}, {"argument": "reset"}),
        ({"reset": ["NAME"], "name": "Mine"}, {"argument": "name"}),
        ({"reset": ["ROOM_RATE"], "roomBurst": 7}, {"argument": "roomBurst"}),
        ({"reset": []}, {}),
    ],
    ids=ascii,
)
def test_what_is_malformed_is_named(
    harness: Harness, arguments: dict[str, Any], values: dict[str, object]
) -> None:
    harness.refused(update_event(harness, harness.room(), **arguments), "InvalidInput", None, **values)


def test_subscribers_get_the_notice_whole(harness: Harness) -> None:
    refusal = harness.refused(
        harness.prepared(f"{EVENT}.incomplete-selection"),
        "InvalidInput",
        argument="selection",
        missing="notice,notice/kind,notice/userId,notice/nextEpoch",
    )
    assert "notice/kind" in refusal.message


def test_a_description_has_lines_and_is_cleaned_as_a_text_is(harness: Harness) -> None:
    room = harness.room()
    text = "Of e\u0301.\r\nAnd \x00others."
    answer = harness.run(update_event(harness, room, description=text), writes=["EVT", "HEAD"])
    assert answer["notice"]["room"]["description"] == harness.item(room, "HEAD")["description"]
    assert answer["notice"]["room"]["description"] == "Of \u00e9.\nAnd others."
    again = harness.run(update_event(harness, room, description=text), writes=[])
    assert again["notice"] == answer["notice"]
    assert harness.run(update_event(harness, room, description="x" * 500), writes=["EVT", "HEAD"])


@pytest.mark.parametrize("description", ["", " \n", "x" * 501, "\ud800", 7, [], {}])
def test_what_is_no_description_is_named(harness: Harness, description: object) -> None:
    event = update_event(harness, harness.room(), description=description)
    harness.refused(event, "InvalidInput", argument="description", max=500)


def test_an_archived_room_is_read_and_left_and_kept_in_order_and_nothing_else(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.archived")
    room = event["arguments"]["roomId"]
    own, other = harness.send(room, "one", user="bob") + harness.send(room, "two", user="bob")
    shown = harness.run(event, writes=["EVT", "HEAD"])["notice"]["room"]
    assert shown["archivedAt"] is not None
    again = harness.run(update_event(harness, room, archived=True), writes=[])
    assert again["notice"]["room"]["archivedAt"] == shown["archivedAt"]

    def by(field: str, user: str, **arguments: object) -> Any:
        return harness.event(field, user, **{"roomId": room, **arguments})

    for refused in (
        by("Mutation.sendMessage", "alice", clientMessageId=f"c-{uuid.uuid4()}"),
        by("Mutation.sendMessage", "bob", clientMessageId=f"c-{uuid.uuid4()}"),
        by("Mutation.editMessage", "bob", id=own["id"], text="else", ts=None),
        by("Mutation.typing", "bob"),
        by("Mutation.createUpload", "bob"),
        by("Mutation.pinMessage", "alice", id=own["id"]),
        by("Mutation.addMember", "alice", userId="dora"),
        as_admin(by("Mutation.addMember", "root", userId="dora")),
        as_admin(by("Mutation.joinRoom", "root")),
    ):
        harness.refused(refused, "NotAllowed", reason="archived")
    for done in (
        by("Query.messages", "bob"),
        by("Query.room", "bob"),
        by("Mutation.markRead", "bob", seq=1),
        by("Mutation.removeMessage", "bob", id=own["id"], ts=None),
        by("Mutation.removeMessage", "alice", id=other["id"], ts=None),
        by("Mutation.updateRoom", "alice", name="Over"),
        by("Mutation.leaveRoom", "bob"),
    ):
        assert not isinstance(harness.invoke(done), Refusal)
    opened = harness.run(update_event(harness, room, archived=False), writes=["EVT", "HEAD"])
    assert opened["notice"]["room"]["archivedAt"] is None
    assert "archivedAt" not in harness.item(room, "HEAD")
    assert harness.send(room, "three")


def test_nobody_joins_a_room_that_is_archived(harness: Harness) -> None:
    room = harness.room(settings={"visibility": "public", "archivedAt": 1})
    harness.refused(harness.event("Mutation.joinRoom", "carol", roomId=room), "NotAllowed", reason="archived")
    assert harness.invoke(harness.event("Query.room", "carol", roomId=room))["archivedAt"]


def test_a_repeat_of_what_was_stored_before_is_answered_in_an_archived_room(harness: Harness) -> None:
    room = harness.room()
    event = harness.event("Mutation.sendMessage", roomId=room, clientMessageId="once")
    first = harness.invoke(event)
    harness.invoke(update_event(harness, room, archived=True))
    assert harness.invoke(event) == first


@pytest.mark.parametrize("archived", ["true", 1, 0, [], {}])
def test_archived_is_a_flag(harness: Harness, archived: object) -> None:
    harness.refused(
        update_event(harness, harness.room(), archived=archived), "InvalidInput", argument="archived"
    )


def test_to_archive_and_to_open_at_once_is_refused(harness: Harness) -> None:
    event = update_event(harness, harness.room(), archived=True, reset=["ARCHIVED"])
    harness.refused(event, "InvalidInput", argument="archived")


def test_an_upload_becomes_the_rooms_picture_until_another_does(harness: Harness, objects: Any) -> None:
    owner, room = pictured_room(harness)
    first, second = (uploaded(harness, owner, roomId=room) for _ in range(2))
    answer = harness.run(update_event(harness, room, owner, avatarId=first), writes=["EVT", "HEAD", "UPLOAD"])
    shown = answer["notice"]["room"]
    assert (shown["avatarId"], shown["avatarUrl"]) == (first, None)
    kept = harness.item(room, f"UPLOAD#{first}")
    assert (kept["status"], kept.get("expiresAt"), kept["s3Key"]) == (
        "avatar", None, avatar_key(f"ROOM#{room}", first),
    )  # fmt: skip
    assert (
        harness.run(update_event(harness, room, owner, avatarId=first), writes=[])["notice"]["room"] == shown
    )
    harness.run(
        update_event(harness, room, owner, avatarId=second), writes=["EVT", "HEAD", "UPLOAD", "UPLOAD"]
    )
    jobs(harness)
    assert kept["s3Key"] not in keys_of(objects, first)
    assert avatar_key(f"ROOM#{room}", second) in keys_of(objects, second)
    harness.run(update_event(harness, room, owner, reset=["AVATAR"]), writes=["EVT", "HEAD", "UPLOAD"])
    jobs(harness)
    assert avatar_key(f"ROOM#{room}", second) not in keys_of(objects, second)
    assert "avatarId" not in harness.item(room, "HEAD")


def test_a_room_that_ends_takes_its_picture_along(harness: Harness, objects: Any) -> None:
    owner, room = pictured_room(harness)
    picture = uploaded(harness, owner, roomId=room)
    harness.invoke(update_event(harness, room, owner, avatarId=picture))
    harness.invoke(harness.event("Mutation.deleteRoom", owner, roomId=room))
    jobs(harness)
    assert keys_of(objects, picture) == []


def test_only_ones_own_finished_picture_of_this_room_is_taken(harness: Harness, objects: Any) -> None:
    owner, room = pictured_room(harness)
    other = harness.room({owner: "owner"})
    attachment = harness.invoke(harness.event("Mutation.createUpload", owner, roomId=room))["id"]
    unfinished = harness.invoke(harness.event("Mutation.createUpload.room-picture", owner, roomId=room))["id"]
    own, elsewhere = uploaded(harness, owner), uploaded(harness, owner, roomId=other)
    for picture in (attachment, unfinished, own, elsewhere, "cat", 7):
        made = update_event(harness, room, owner, avatarId=picture)
        harness.refused(made, "InvalidInput", argument="avatarId")


def test_an_address_needs_a_host_that_the_deployment_allows(harness: Harness) -> None:
    owner, room = pictured_room(harness)
    made = update_event(harness, room, owner, avatarUrl="https://elsewhere.example.com/a.png")
    harness.refused(made, "NotAllowed", reason="avatarHost")
    made = update_event(harness, room, owner, avatarUrl="http://elsewhere.example.com/a.png")
    harness.refused(made, "InvalidInput", argument="avatarUrl", max=256)
    made = update_event(harness, room, owner, avatarUrl=f"https://elsewhere.example.com/{'a' * 228}")
    harness.refused(made, "InvalidInput", argument="avatarUrl", max=256)
    made = update_event(harness, room, owner, avatarUrl=OWN["avatarUrl"], reset=["AVATAR"])
    harness.refused(made, "InvalidInput", argument="avatarUrl")


def pictured_room(harness: Harness) -> tuple[str, str]:
    """An owner whose rates nobody else uses, and their room."""
    owner = f"o-{uuid.uuid4()}"
    return owner, harness.room({owner: "owner"})


def test_another_part_of_the_history_ends_the_epoch_and_is_told(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, "one")
    answer = harness.run(update_event(harness, room, historyFrom="JOINING"), writes=["EVT", "HEAD"])
    told = answer["notice"]
    assert (answer["epoch"], told["nextEpoch"], told["rev"]) == (1, 2, 3)
    assert (told["room"]["historyFrom"], told["room"]["historyRev"]) == ("JOINING", 3)
    assert (told["room"]["head"]["epoch"], told["room"]["head"]["rev"]) == (2, 3)
    head = harness.item(room, "HEAD")
    assert (head["historyFrom"], head["historyRev"], head["ruledRev"], head["epoch"]) == ("joining", 3, 3, 2)
    again = harness.run(update_event(harness, room, historyFrom="JOINING"), writes=[])["notice"]
    assert (again["room"]["historyFrom"], again["nextEpoch"]) == ("JOINING", None)
    opened = harness.run(update_event(harness, room, historyFrom="BEGINNING"), writes=["EVT", "HEAD"])[
        "notice"
    ]
    assert (opened["room"]["historyFrom"], opened["nextEpoch"], opened["room"]["historyRev"]) == (
        "BEGINNING",
        3,
        4,
    )
    assert "historyFrom" not in harness.item(room, "HEAD")


def test_a_reset_of_the_history_is_the_deployments_default_of_then() -> None:
    defaults: tuple[HistoryFrom | None, ...] = (None, "joining")
    for default in defaults:
        assert with_history({"historyFrom": None}, default) == {"historyFrom": default}
        assert with_history({"historyFrom": "beginning"}, default) == {"historyFrom": None}
        assert with_history({"historyFrom": "joining"}, default) == {"historyFrom": "joining"}
        assert with_history({"name": "Owls"}, default) == {"name": "Owls"}
