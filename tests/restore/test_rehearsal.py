"""After a restore everything that was taken back is taken back again, before anybody uses the tables."""

from typing import Any

import pytest

from chat.operations.ban_member import ban_member
from chat.operations.block_user import block_user
from chat.operations.delete_room import delete_room
from chat.operations.edit_message import edit_message
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mute_member import mute_member
from chat.operations.pin_message import pin_message
from chat.operations.remove_member import remove_member
from chat.operations.remove_message import remove_message
from chat.operations.room import room as look_at_room
from chat.operations.run_jobs import run_jobs
from chat.operations.send_message import send_message
from chat.operations.set_role import set_role
from chat.operations.unban_member import unban_member
from chat.operations.update_room import update_room
from chat.rules.erasure import ERASED_SENDER
from chat.rules.errors import ChatError, Muted, NotRoomMember
from chat.rules.models import Role
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, make_request
from tests.guarantees.support.fixtures import DAY_MS, new_room, plain
from tests.restore.rehearsal import World

SECRET, EDITED, KEPT, FILE = "what was removed", "what was edited away", "what stays", "a removed picture"


class Told:
    """A world in which much was taken back since its snapshot, and the ids in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        p = world.prefix
        self.owner, self.removed, self.banned, self.left, self.muted, self.other = (
            f"{p}-{name}" for name in ("owner", "removed", "banned", "left", "muted", "other")
        )
        people: dict[str, Role] = {
            self.owner: "owner",
            **dict.fromkeys((self.removed, self.banned, self.left, self.muted), "member"),
            self.other: "moderator",
        }
        stream = world.stream.client
        self.room = new_room(stream, members=people)
        self.guild = new_room(stream, prefix="GUILD#", members=people)
        self.gone = new_room(stream, members=people)
        self.messages = {
            room: {
                "removed": world.send(room, self.removed, f"{SECRET} {room}", file=f"{FILE} {room}".encode()),
                "edited": world.send(room, self.removed, f"{EDITED} {room}"),
                "kept": world.send(room, self.removed, f"{KEPT} {room}"),
            }
            for room in (self.room, self.guild, self.gone)
        }
        pinned = self.messages[self.room]["removed"]
        world.call(pin_message, self.owner, roomId=self.room, id=pinned.id)
        world.snapshot()
        for room in (self.room, self.guild):
            self._take_back(room)
        world.call(delete_room, self.owner, roomId=self.gone)
        world.call(block_user, self.owner, userId=self.banned)

    def _take_back(self, room: str) -> None:
        world, messages = self.world, self.messages[room]
        world.call(remove_message, self.other, roomId=room, id=messages["removed"].id)
        world.call(edit_message, self.removed, roomId=room, id=messages["edited"].id, text="better")
        world.send(room, self.banned, "said after the instant")
        world.call(remove_member, self.owner, roomId=room, userId=self.removed)
        world.call(ban_member, self.owner, roomId=room, userId=self.banned)
        world.call(leave_room, self.left, roomId=room)
        until = "2100-01-01T00:00:00Z"
        world.call(mute_member, self.owner, roomId=room, userId=self.muted, until=until)
        world.call(set_role, self.owner, roomId=room, userId=self.other, role="MEMBER")
        world.call(update_room, self.owner, roomId=room, retentionDays=30)


@pytest.fixture
def world(functions_environ: None, client: Any, objects: Any, objects_address: str) -> World:
    return World(client, objects, objects_address)


@pytest.fixture
def told(world: World) -> Told:
    return Told(world)


def test_without_the_replay_all_of_it_is_back(told: Told) -> None:
    """The proof can fail: the scan finds texts and files, and whoever was thrown out reads."""
    restored = told.world.restored()
    found = restored.find(f"{SECRET} {told.room}", f"{EDITED} {told.room}", f"{FILE} {told.room}")
    assert [place for place in found if "MSG#" in place] != []
    assert [place for place in found if place.startswith("kept/")] != []
    for user in (told.removed, told.banned, told.left):
        restored.call(look_at_room, user, roomId=told.room)


def test_after_the_replay_none_of_it_is(told: Told) -> None:
    restored = told.world.restored()
    outcomes = restored.replay(told.world.wanted())
    assert outcomes.total("due") == 0
    gone = [
        f"{text} {room}" for text in (SECRET, EDITED, FILE) for room in (told.room, told.guild, told.gone)
    ]
    assert restored.find(*gone) == []
    assert restored.find(f"{KEPT} {told.gone}") == []
    for room in (told.room, told.guild):
        for user in (told.removed, told.banned, told.left):
            with pytest.raises(NotRoomMember):
                restored.call(look_at_room, user, roomId=room)
        with pytest.raises(Muted):
            restored.call(send_message, told.muted, roomId=room, text="hi", clientMessageId="m1")
        shown = restored.call(look_at_room, told.other, roomId=room)
        assert (shown["me"]["role"], shown["retentionDays"]) == ("MEMBER", 30)
        assert restored.find(f"{KEPT} {room}") != []
    with pytest.raises(NotRoomMember):
        restored.call(look_at_room, told.owner, roomId=told.gone)
    blocks = restored.partition("core", f"USER#{told.owner}", "BLOCK#")
    assert [item["SK"]["S"] for item in blocks] == [f"BLOCK#{told.banned}"]


def test_numbers_revisions_and_epochs_are_those_of_the_new_generation(told: Told) -> None:
    restored = told.world.restored()
    restored.replay(told.world.wanted())
    items = [plain(item) for item in restored.partition("core", f"ROOM#{told.room}")]
    (head,) = [item for item in items if item["SK"] == "HEAD"]
    messages = [item for item in items if item["SK"].startswith("MSG#")]
    assert [item["seq"] for item in messages] == [1, 2, 3]
    assert [("removedAt" in item, "text" in item) for item in messages] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert head["generation"] == 2
    assert head["rev"] > head["generationRev"] >= 2**20
    assert head["epoch"] > 2**20
    assert head["pins"] == 0
    events = [item["rev"] for item in items if item["SK"].startswith("EVT#") and item["rev"] > 2**20]
    changed = [item["rev"] for item in messages if "removedAt" in item]
    assert sorted([*events, *changed]) == list(range(head["generationRev"] + 1, head["rev"] + 1))


def test_a_replay_twice_does_nothing_the_second_time(told: Told) -> None:
    restored, wanted = told.world.restored(), told.world.wanted()
    assert restored.replay(wanted, dry_run=True).total("due") > 0
    first = restored.replay(wanted)
    assert first.total("done") > 0
    again = restored.replay(wanted)
    assert (again.total("done"), again.total("due")) == (0, 0)


def test_whoever_was_unbanned_or_came_again_is_as_the_last_word_says(world: World) -> None:
    owner, unbanned, again, lent = (f"{world.prefix}-{name}" for name in ("owner", "un", "again", "lent"))
    stream = world.stream.client
    public: dict[str, int | float | str] = {
        "visibility": "public",
        "personPerSecond": 1000,
        "personBurst": 1000,
    }
    room = new_room(stream, members={owner: "owner", again: "member", lent: "member"}, settings=public)
    world.call(ban_member, owner, roomId=room, userId=unbanned)
    world.send(room, owner, "one")
    world.snapshot()
    world.call(unban_member, owner, roomId=room, userId=unbanned)
    world.call(leave_room, again, roomId=room)
    world.send(room, owner, "two")
    world.call(join_room, again, roomId=room)
    world.call(ban_member, owner, roomId=room, userId=lent)
    world.call(unban_member, owner, roomId=room, userId=lent)
    restored = world.restored()
    restored.replay(world.wanted())
    found = {
        user: plain(restored.partition("core", f"USER#{user}", "IN#")[0]) for user in (unbanned, again, lent)
    }
    assert {user: item["status"] for user, item in found.items()} == {
        unbanned: "left",
        again: "active",
        lent: "left",
    }
    assert found[again]["joinedSeq"] == 1  # as new as they can be: the second message is lost
    restored.call(join_room, unbanned, roomId=room)


def test_what_a_shorter_retention_hid_stays_hidden_after_it_was_longer_again(world: World) -> None:
    owner = f"{world.prefix}-owner"
    room = new_room(world.stream.client, members={owner: "owner"})
    world.send(room, owner, "old")
    world.clock.jump(20 * DAY_MS)
    world.send(room, owner, "new")
    world.snapshot()
    world.call(update_room, owner, roomId=room, retentionDays=7)
    world.call(update_room, owner, roomId=room, retentionDays=365)
    restored = world.restored()
    restored.replay(world.wanted())
    head = plain(next(iter(restored.partition("core", f"ROOM#{room}", "HEAD"))))
    assert head["keptSince"] > world.clock.ms - 8 * DAY_MS


def test_a_room_whose_owner_handed_it_over_has_the_other(world: World) -> None:
    first, second = f"{world.prefix}-first", f"{world.prefix}-second"
    room = new_room(world.stream.client, members={first: "owner", second: "member"})
    world.snapshot()
    world.call(set_role, first, roomId=room, userId=second, role="OWNER")
    world.call(set_role, first, roomId=room, userId=first, role="MEMBER")
    restored = world.restored()
    outcomes = restored.replay(world.wanted())
    assert outcomes.ownerless == []
    roles = {user: restored.call(look_at_room, user, roomId=room)["me"]["role"] for user in (first, second)}
    assert roles == {first: "MEMBER", second: "OWNER"}


def test_what_the_log_says_of_rooms_and_messages_after_the_instant_is_nothing_to_do(world: World) -> None:
    owner = f"{world.prefix}-owner"
    room = new_room(world.stream.client, members={owner: "owner"})
    world.snapshot()
    later = world.send(room, owner, "later")
    world.call(remove_message, owner, roomId=room, id=later.id)
    young = new_room(world.stream.client, members={owner: "owner"})
    world.call(update_room, owner, roomId=young, retentionDays=7)
    world.call(delete_room, owner, roomId=young)
    restored = world.restored()
    outcomes = restored.replay(world.wanted())
    assert (outcomes.total("done"), outcomes.total("absent")) == (0, 2)
    try:
        restored.call(look_at_room, owner, roomId=room)
    except ChatError as refusal:
        raise AssertionError("the room itself was there") from refusal


@pytest.mark.parametrize("asked", ["after the instant", "before the instant"])
def test_whoever_was_erased_is_erased_again(world: World, asked: str) -> None:
    """Also where their request was there at the instant, and waited."""
    person, other, text = f"{world.prefix}-erased", f"{world.prefix}-other", f"{world.prefix} my own words"
    room = new_room(world.stream.client, members={person: "owner", other: "member"})
    world.send(room, person, text, file=text.encode())
    world.send(room, other, "theirs")
    if asked == "before the instant":
        make_request(world.live, person, "ERASURE", Asking("OPERATOR", None), 60_000, Tally())
    world.snapshot()
    make_request(world.live, person, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    world.clock.jump(60_000)
    assert run_jobs(world.live, 1_000.0, Tally()).failures == []
    restored, wanted = world.restored(), world.wanted()
    assert len(restored.find(text)) > 1, "without the replay all of it is back"
    assert restored.replay(wanted, dry_run=True).of["PERSON_ERASED", "due"] == 1
    restored.replay(wanted)
    assert restored.replay(wanted, dry_run=True).of["PERSON_ERASED", "stands"] == 1
    assert restored.find(text) == []
    assert restored.find(person) == [f"USER#{person} ERASED"]
    senders = [plain(item)["senderId"] for item in restored.partition("core", f"ROOM#{room}", "MSG#")]
    assert senders == [ERASED_SENDER, other]
