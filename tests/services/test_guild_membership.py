"""guild_membership: the guild's service makes its room and sets its members; all
removals of a call end one epoch together."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat.operations.guild_membership import MAX_PEOPLE, guild_membership
from chat.rules.events import RoomEvent
from chat.rules.models import Role
from chat.rules.tally import Tally
from chat.steps.quota import MAX_ROOMS, ROOMS
from chat.storage import keys
from chat.storage.event_items import event_of
from chat_lambda.telemetry import actor
from simulator.keys import SigningKey
from tests.resolvers.harness import Harness, Refusal

NAME = "guild_membership"
MEMBERS: Mapping[str, Role] = {"alice": "owner", "mona": "moderator", "bob": "member", "carol": "member"}


class Guild:
    """A guild of its own, whose room is there if it has `members`."""

    def __init__(self, harness: Harness, members: Mapping[str, Role] | None = None) -> None:
        self._harness = harness
        self.room = harness.room(members, guild=True) if members else f"GUILD#g-{uuid.uuid4()}"
        self.id = self.room.removeprefix("GUILD#")

    def call(self, **arguments: object) -> Any:
        return self._harness.call(NAME, {"guildId": self.id, **arguments})

    def refused(self, error_type: str, values: dict[str, str], **arguments: object) -> None:
        """The call is refused, and nothing has changed."""
        before = self.items()
        outcome = self.call(**arguments)
        assert isinstance(outcome, Refusal), outcome
        assert (outcome.error_type, outcome.values) == (error_type, values)
        assert self.items() == before

    def answer(self, **changes: object) -> dict[str, object]:
        nobody: dict[str, object] = {"added": [], "removed": [], "refused": [], "ended": False}
        return {"roomId": self.room, "epoch": 1, "seq": 0, "owners": 1} | nobody | changes

    def items(self) -> dict[str, dict[str, Any]]:
        return {item["SK"]["S"]: item for item in self._harness.partition("gg_guild", self.room)}

    def head(self) -> tuple[int, int, int]:
        item = self._harness.item(self.room, "HEAD")
        return item["rev"], item["epoch"], item["owners"]

    def member(self, user: str) -> tuple[str, str, int | None]:
        item = self._harness.item(self.room, f"IN#{self.room}", user)
        return item["role"], item["status"], item.get("endedEpoch")

    def listed(self) -> set[str]:
        return {key.removeprefix("MEMBER#") for key in self.items() if key.startswith("MEMBER#")}


@pytest.fixture(scope="module")
def harness(client: Any, key: SigningKey, project: Path) -> Iterator[Harness]:
    harness = Harness(project, key, client)
    yield harness
    harness.functions.close()


@pytest.fixture(autouse=True)
def _leaves_nothing(leaving_nothing: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    with leaving_nothing():
        yield


@pytest.fixture
def guild(harness: Harness) -> Guild:
    """A guild with a room."""
    return Guild(harness, MEMBERS)


def test_the_first_call_makes_the_guilds_room_with_its_members(harness: Harness, project: Path) -> None:
    guild = Guild(harness)
    event = json.loads((project / "events" / f"{NAME}.json").read_text(encoding="utf-8"))
    answer = harness.call(NAME, event | {"guildId": guild.id})
    assert answer == guild.answer(added=["alice", "bob", "dave"], removed=["carol"])
    assert harness.item(guild.room, "HEAD") == {
        "PK": guild.room,
        "SK": "HEAD",
        "type": "Room",
        "rev": 1,
        "seq": 0,
        "ts": 0,
        "epoch": 1,
        "owners": 1,
        "name": "Dragons",
    }
    assert guild.listed() == {"alice", "bob", "dave"}
    roles = [guild.member(user)[0] for user in ("alice", "bob", "dave")]
    assert roles == ["owner", "moderator", "member"]
    assert harness.call(NAME, event | {"guildId": guild.id}) == answer
    assert guild.head() == (1, 1, 1)
    assert [message["seq"] for message in harness.send(guild.room, "hello", user="dave")] == [1]


def test_a_room_without_an_owner_is_made_and_the_answer_says_so(harness: Harness) -> None:
    guild = Guild(harness)
    assert guild.call(add=[{"userId": "bob"}]) == guild.answer(owners=0, added=["bob"])
    assert guild.call(add=[{"userId": "alice", "role": "OWNER"}])["owners"] == 1
    assert Guild(harness).call()["owners"] == 0


def test_all_removals_of_one_call_end_one_epoch(harness: Harness, guild: Guild) -> None:
    harness.send(guild.room, "one", "two")
    answer = guild.call(remove=["bob", "carol", "nobody"])
    assert answer == guild.answer(epoch=2, seq=2, removed=["bob", "carol", "nobody"])
    assert guild.head() == (4, 2, 1)
    assert guild.member("bob") == guild.member("carol") == ("member", "left", 1)
    assert guild.listed() == {"alice", "mona"}
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        harness.refused(harness.event(name, "bob", roomId=guild.room), "NotRoomMember")
    assert guild.call(remove=["bob", "carol", "nobody"]) == answer
    assert guild.head() == (4, 2, 1)


def test_members_are_added_and_removed_in_one_call(harness: Harness, guild: Guild) -> None:
    answer = guild.call(add=[{"userId": "dave", "role": "MODERATOR"}], remove=["bob"])
    assert answer == guild.answer(epoch=2, added=["dave"], removed=["bob"])
    back = guild.call(add=[{"userId": "bob"}])
    assert back == guild.answer(epoch=2, added=["bob"])
    assert guild.member("bob") == ("member", "active", None)
    assert guild.head() == (3, 2, 1)


def test_a_role_is_the_services_and_stays_where_it_gives_none(harness: Harness, guild: Guild) -> None:
    guild.call(add=[{"userId": "mona"}, {"userId": "bob", "role": "OWNER"}])
    assert (guild.member("mona")[0], guild.member("bob")[0]) == ("moderator", "owner")
    assert guild.head() == (2, 1, 2)
    guild.call(add=[{"userId": "mona", "role": "MEMBER"}])
    assert guild.member("mona")[0] == "member"
    assert guild.head() == (3, 1, 2)


def test_the_service_may_take_away_the_last_owner(harness: Harness, guild: Guild) -> None:
    assert guild.call(remove=["alice"]) == guild.answer(epoch=2, owners=0, removed=["alice"])
    demoted = Guild(harness, MEMBERS)
    assert demoted.call(add=[{"userId": "alice", "role": "MEMBER"}])["owners"] == 0
    assert demoted.head() == (2, 1, 0)


def test_whom_the_moderators_have_banned_is_refused_and_the_others_come_in(
    harness: Harness, guild: Guild
) -> None:
    harness.invoke(harness.event("Mutation.banMember", "mona", roomId=guild.room, userId="bob"))
    refused = [{"userId": "bob", "reason": "banned"}]
    answer = guild.call(add=[{"userId": "bob"}, {"userId": "dave"}], remove=["carol"])
    assert answer == guild.answer(epoch=3, added=["dave"], removed=["carol"], refused=refused)
    assert guild.call(remove=["bob"]) == guild.answer(epoch=3, removed=["bob"])
    assert guild.member("bob") == ("member", "banned", 1)


def test_whoever_is_in_too_many_rooms_comes_in_all_the_same(harness: Harness, guild: Guild) -> None:
    """Else strangers who put somebody into a thousand rooms would keep them out of their guilds."""
    person, full = f"busy-{uuid.uuid4()}", harness.deployment.now() * 1_000 + MAX_ROOMS * ROOMS.step
    harness.change("x", f"USER#{person}", "QUOTA", ownTat=full, addedTat=full)
    assert guild.call(add=[{"userId": person}]) == guild.answer(added=[person])
    assert harness.item("x", "QUOTA", person)["addedTat"] == full


def test_forty_members_are_added_and_removed_at_once(harness: Harness, guild: Guild) -> None:
    crowd = [f"p{number}" for number in range(MAX_PEOPLE)]
    assert guild.call(add=[{"userId": user} for user in crowd])["added"] == crowd
    assert guild.call(remove=crowd)["epoch"] == 2
    assert guild.listed() == set(MEMBERS)
    too_many = [*crowd, "one-more"]
    values = {"argument": "add", "max": str(MAX_PEOPLE)}
    guild.refused("InvalidInput", values, remove=too_many)
    guild.refused("InvalidInput", values, add=[{"userId": "x"}], remove=crowd)


def test_of_people_who_are_invited_fewer_are_taken_in_at_once(harness: Harness, guild: Guild) -> None:
    """Each takes three writes, and a transaction has a hundred."""
    invited = [f"invited-{uuid.uuid4()}" for _ in range(MAX_PEOPLE)]
    mine: dict[str, int | str] = {"type": "Membership", "role": "member", "status": "invited", "joinedSeq": 0}
    for user in invited:
        harness.change(guild.room, f"USER#{user}", f"IN#{guild.room}", **mine)
    people = [{"userId": user} for user in invited]
    guild.refused("InvalidInput", {"argument": "add", "max": "32"}, add=people)
    assert guild.call(add=people[:32])["added"] == invited[:32]
    assert guild.call(add=people[32:])["added"] == invited[32:]
    assert guild.listed() >= set(invited)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"guildId": None}, "guildId"),
        ({"guildId": "GUILD#dragons"}, "guildId"),
        ({"name": "\u200b"}, "name"),
        ({"add": "alice"}, "add"),
        ({"add": ["alice"]}, "add"),
        ({"add": [{"userId": "a\x85b"}]}, "userId"),
        ({"add": [{"userId": "dave", "role": "owner"}]}, "role"),
        ({"remove": {"userId": "bob"}}, "remove"),
        ({"remove": [7]}, "remove"),
    ],
)
def test_malformed_arguments_are_refused(guild: Guild, arguments: dict[str, Any], argument: str) -> None:
    before = guild.items()
    outcome = guild.call(**arguments)
    assert isinstance(outcome, Refusal)
    assert (outcome.error_type, outcome.values["argument"]) == ("InvalidInput", argument)
    assert guild.items() == before


def test_nobody_is_named_twice(guild: Guild) -> None:
    values = {"argument": "add", "max": str(MAX_PEOPLE)}
    guild.refused("InvalidInput", values, add=[{"userId": "dave"}], remove=["dave"])
    guild.refused("InvalidInput", values, add=[{"userId": "dave"}, {"userId": "dave", "role": "OWNER"}])
    guild.refused("InvalidInput", values, remove=["bob", "bob"])


def test_a_room_that_is_still_to_be_adopted_is_not_opened(harness: Harness) -> None:
    guild = Guild(harness, MEMBERS)
    harness.client.delete_item(TableName="gg_guild", Key={"PK": {"S": guild.room}, "SK": {"S": "HEAD"}})
    guild.refused("NotAllowed", {"reason": "notMigrated"}, add=[{"userId": "dave"}])
    outcome = guild.call(remove=["bob"])
    assert isinstance(outcome, Refusal)


def test_an_event_that_is_no_object_is_an_internal_error(harness: Harness) -> None:
    outcome = harness.call(NAME, ["dragons"])
    assert isinstance(outcome, Refusal)
    assert outcome.error_type == "InternalError"


def test_what_is_logged_names_the_guild_and_people_by_pseudonym(
    guild: Guild, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        guild.call(add=[{"userId": "dave-the-brave"}], remove=["carol"])
    records = [vars(record) for record in caplog.records]
    decision, answered = records
    assert [decision[name] for name in ("kind", "action", "outcome", "actor")] == [
        "audit",
        NAME,
        "done",
        "service",
    ]
    assert (decision["added"], decision["removed"]) == ([actor("dave-the-brave")], [actor("carol")])
    assert [answered[name] for name in ("field", "room", "outcome")] == [NAME, guild.room, "ok"]
    assert "dave-the-brave" not in str(records)


def test_a_refusal_is_logged_with_the_guild(guild: Guild, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        guild.call(remove=["a\x85b"])
    (answered,) = [vars(record) for record in caplog.records]
    assert [answered[name] for name in ("field", "room", "actor", "outcome")] == [
        NAME,
        guild.room,
        "service",
        "InvalidInput",
    ]


def test_the_service_ends_the_room_with_its_guild(harness: Harness, guild: Guild) -> None:
    answer = guild.call(end=True)
    assert answer == guild.answer(epoch=2, owners=0, ended=True)
    assert guild.items()["HEAD"]["endedAt"]
    assert f"REMOVE_ROOM#{guild.room}" in {item["SK"]["S"] for item in harness.partition("gg_guild", "JOBS")}
    for person in MEMBERS:
        harness.refused(harness.event("Query.messages", person, roomId=guild.room), "NotRoomMember")
    before = guild.items()
    assert guild.call(end=True) == answer
    assert guild.items() == before


def test_a_room_that_has_ended_is_not_opened_again(guild: Guild) -> None:
    guild.call(end=True)
    taken = {"reason": "taken"}
    guild.refused("NotAllowed", taken, add=[{"userId": "dave"}])
    guild.refused("NotAllowed", taken, remove=["bob"])
    guild.refused("NotAllowed", taken, name="Dragons")


def test_where_there_is_no_room_there_is_nothing_to_end(harness: Harness) -> None:
    Guild(harness).refused("NotRoomMember", {}, end=True)


@pytest.mark.parametrize(
    "more",
    [
        {"end": "yes"},
        {"end": 1},
        {"end": 0},
        {"end": []},
        {"end": True, "remove": ["bob"]},
        {"end": True, "name": "Dragons"},
    ],
)
def test_an_end_is_said_by_itself(guild: Guild, more: dict[str, object]) -> None:
    guild.refused("InvalidInput", {"argument": "end"}, **more)


def told(guild: Guild, rev: int) -> RoomEvent:
    """The event of a revision."""
    (item,) = [
        item
        for item in guild._harness.partition("gg_guild", guild.room)  # noqa: SLF001  it is this file's own
        if item["SK"]["S"] == keys.event(rev)
    ]
    event = event_of(item)
    assert event is not None
    return event


def heard(event: RoomEvent) -> list[tuple[str, str | None, str | None, int | None]]:
    """What people in the room hear of an event: what, of whom, their role, and the epoch that begins."""
    notices = [message["notice"] for message in event.messages()]
    return [(each["kind"], each["userId"], each["role"], each["nextEpoch"]) for each in notices]


def test_what_the_service_does_is_one_event_of_nobody_with_a_notice_for_each_person(guild: Guild) -> None:
    guild.call(
        add=[{"userId": "dave"}, {"userId": "mona", "role": "MEMBER"}, {"userId": "alice"}],
        remove=["bob", "carol", "nobody"],
    )
    event = told(guild, 2)
    assert (event.kind, event.actor_id, event.epoch, event.rev) == ("GUILD_MEMBERSHIP", None, 1, 2)
    assert heard(event) == [
        ("MEMBER_ADDED", "dave", "MEMBER", None),
        ("ROLE_CHANGED", "mona", "MEMBER", None),
        ("MEMBER_REMOVED", "bob", None, None),
        ("MEMBER_REMOVED", "carol", None, 2),
    ]
    assert {message["senderId"] for message in event.messages()} == {""}
    guild.call(add=[{"userId": "dave"}], remove=["bob"])
    assert guild.head() == (2, 2, 1)


def test_the_making_and_the_end_of_a_guilds_room_are_events_of_nobody(harness: Harness) -> None:
    guild = Guild(harness)
    guild.call(add=[{"userId": "alice", "role": "OWNER"}, {"userId": "bob"}])
    made = told(guild, 1)
    assert (made.kind, made.actor_id, heard(made)) == ("ROOM_CREATED", None, [])
    assert [(each["kind"], each["userId"], each["role"]) for each in made.notices] == [
        ("MEMBER_ADDED", "alice", "OWNER"),
        ("MEMBER_ADDED", "bob", "MEMBER"),
    ]
    guild.call(end=True)
    ended = told(guild, 2)
    assert (ended.kind, ended.actor_id, heard(ended)) == (
        "ROOM_DELETED",
        None,
        [("ROOM_DELETED", None, None, 2)],
    )


def test_who_comes_begins_an_epoch_where_history_is_visible_from_joining(
    harness: Harness, guild: Guild
) -> None:
    harness.send(guild.room, "one", "two")
    harness.head(guild.room, historyFrom="joining")
    answer = guild.call(add=[{"userId": "dave"}, {"userId": "erin"}])
    assert answer == guild.answer(epoch=2, seq=2, added=["dave", "erin"])
    assert guild.head()[1] == 2
    dave = harness.item(guild.room, f"IN#{guild.room}", "dave")
    assert (dave["joinedSeq"], dave["joinedEpoch"]) == (2, 2)
    assert harness.invoke(harness.event("Query.messages", "dave", roomId=guild.room))["items"] == []
    assert guild.call(add=[{"userId": "dave"}])["epoch"] == 2
    assert guild.call(add=[{"userId": "fred"}], remove=["erin"])["epoch"] == 3


def test_a_guilds_room_is_made_as_the_deployment_says(harness: Harness) -> None:
    hiding = replace(harness.deployment, history_from="joining")
    guild = Guild(harness)
    guild_membership(hiding, {"guildId": guild.id, "add": [{"userId": "alice"}]}, Tally())
    assert harness.item(guild.room, "HEAD")["historyFrom"] == "joining"
