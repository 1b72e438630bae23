"""The conditions of commits, each at its edges: items that let a write through, and the nearest ones that do
not.

Races show what comes of a refusal. Here one write meets one item, and nothing else is in its way.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.access import Access, RoomAccess
from chat.rules.devices import NAMELESS, Heartbeat
from chat.rules.models import Caller, Head, Member, Message, Role, RoomSettings, Status
from chat.rules.rooms import Room
from chat.steps.blocks import still_not_blocked
from chat.steps.jobs import Job, begun_write, ended_write, job_place, moved_write
from chat.steps.message_change import Target, change_writes
from chat.steps.new_room import Founding, room_writes
from chat.steps.presence_items import Presence, heartbeat_write
from chat.steps.quota import Quota, charge_making
from chat.steps.revision import next_revision
from chat.steps.room_end import alone_revision, end_revision
from chat.steps.room_removal import tombstone_write
from chat.steps.roster import (
    add_writes,
    ban_writes,
    caller_unchanged,
    mute_writes,
    remove_writes,
    role_writes,
    unban_writes,
)
from chat.storage import keys
from chat.storage.aws import Cancelled
from chat.storage.charging import charge
from chat.storage.items import values
from chat.storage.places import head_place
from chat.storage.send_attempt import SendAttempt, send_writes
from chat.storage.store import Store
from chat.storage.tables import Write, forward_write
from chat.storage.uploads import Preparing, Upload, charge_upload, upload_write, use_write
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import NOON, store_of

Attributes = Mapping[str, str | int]
ABSENT: Attributes = {}
"""No item at all: one that is there has attributes."""

ROOM = Room.parse(f"edges-{uuid.uuid4()}")
HEAD = Head(rev=7, seq=3, ts=NOON, epoch=2, owners=1)
DEPLOYMENT = Deployment(Store(None, {}), now=lambda: NOON)
STEP = 1_000_000
SETTINGS = RoomSettings(person_per_second=1, person_burst=3)
"""A message costs one `STEP` (µs). Of `tat`: idle up to now, let through up to two steps beyond, left by
slower limits beyond three."""
NOW = NOON * 1_000


@pytest.fixture(scope="module", autouse=True)
def _no_job_is_left(client: Any) -> Iterator[None]:
    """Half a job is none that anybody who lists them could read."""
    yield
    client.delete_item(TableName=TABLES["CORE_TABLE"], Key=JOB_PLACE.key)


def commits(client: Any, write: Write, stored: Attributes) -> bool:
    """Whether an item with these attributes lets the write through."""
    table = TABLES[f"{write.place.table.upper()}_TABLE"]
    if stored:
        client.put_item(TableName=table, Item=write.place.key | values(stored))
    else:
        client.delete_item(TableName=table, Key=write.place.key)
    try:
        store_of(client).tables.transact([write])
    except Cancelled:
        return False
    return True


def charged(tat: int, role: Role = "member") -> Write:
    """The charge of somebody who was read with this `tat` (µs)."""
    return charge(ROOM, "ann", Access(HEAD, Member(tat=tat, role=role)), SETTINGS, NOON)


def message(rev: int | None) -> Message:
    return Message(id="m", room_id=ROOM.id, room_type="general", sender_id="ann", ts=NOON, seq=3, rev=rev)


def changing(rev: int | None) -> Sequence[Write]:
    """The writes of a removal of a message that was changed last at this `rev`: head, log and message."""
    target = Target(ROOM, keys.message(NOON, "m"))
    removed = {"removedAt": NOON}
    return change_writes(
        target, HEAD, message(rev), kind="removed", now=NOON, change_id="c", attributes=removed
    )


def sending(number: int) -> Write:
    """One of the writes of a send: member, proof, head, message."""
    access, expires_at = Access(HEAD, Member()), NOON // 1_000 + 60
    return send_writes(SendAttempt(ROOM, message(None), "h", access, SETTINGS, NOON, expires_at))[number]


def founding(number: int) -> Write:
    """One of the writes of a new room: head, event, membership, roster."""
    return room_writes(ROOM, {"ann": "owner"}, {}, Founding("e", NOON, 1, "ann"))[number]


def moving(**how: Any) -> Write:
    """The write of the head that somebody's change moves."""
    return next_revision(DEPLOYMENT, ROOM, HEAD, None, kind="INTERNAL", **how).writes[0]


def brought_forward(seen: Attributes, generation: int) -> Write:
    """The write that takes a head that was seen like this to a later generation of the tables."""
    return forward_write(head_place(ROOM), values(seen), generation)


def heard_of(tat: int) -> Write:
    """A heartbeat of somebody whose item was read with this `tat` (µs)."""
    return heartbeat_write(Presence(tat=tat), "ann", Heartbeat(NAMELESS, "online", (ROOM,), None, NOON), 30)


JOB = Job(kind="REMOVE_ROOM", subject=ROOM.id, step="files", rev=7)
JOB_PLACE = job_place("core", JOB.kind, JOB.subject)
UPLOAD = Upload(
    id="u",
    sender_id="ann",
    s3_key="pending/u",
    content_type="image/png",
    size=1,
    status="pending",
    expires_at=60,
)
Case = tuple[Callable[[], Write], Sequence[Attributes], Sequence[Attributes]]
"""A write, the items that let it through, and those that do not."""


def active(**attributes: str | int) -> Attributes:
    return {"status": "active", **attributes}


LET_THROUGH: Mapping[str, Case] = {
    "idle": (
        lambda: charged(0),
        [active(), active(tat=NOW - 1), active(tat=NOW)],
        [ABSENT, {"status": "left"}, {"status": "banned", "tat": 0}, active(tat=NOW + 1)],
    ),
    "idle up to this very instant": (lambda: charged(NOW), [active(tat=NOW)], [active(tat=NOW + 1)]),
    "within the burst": (
        lambda: charged(NOW + 1),
        [active(tat=NOW + 1), active(tat=NOW + 2 * STEP)],
        [
            ABSENT,
            active(),
            active(tat=NOW),
            active(tat=NOW + 2 * STEP + 1),
            {"status": "left", "tat": NOW + 1},
        ],
    ),
    "left by slower limits": (
        lambda: charged(NOW + 3 * STEP + 1),
        [active(tat=NOW + 3 * STEP + 1), active(tat=NOW + 9 * STEP)],
        [ABSENT, active(), active(tat=NOW + 3 * STEP), {"status": "left", "tat": NOW + 9 * STEP}],
    ),
    "a mute that is over": (
        lambda: charged(0),
        [active(mutedUntil=NOON - 1), active(mutedUntil=NOON)],
        [active(mutedUntil=NOON + 1)],
    ),
    "a role that gave the rate": (
        lambda: charged(0, "moderator"),
        [active(role="moderator")],
        [active(role="member"), active(role="owner"), active()],
    ),
    "everybody's role": (lambda: charged(0), [active(role="member"), active(role="owner")], []),
    "a proof that has expired": (
        lambda: sending(1),
        [ABSENT, {"expiresAt": NOON // 1_000 - 1}],
        [{"expiresAt": NOON // 1_000}, {"expiresAt": NOON // 1_000 + 1}],
    ),
    "the head that a message was stamped on": (
        lambda: sending(2),
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "the head that people are changed on": (
        lambda: moving(owners=1),
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "the head that a change is logged on": (
        lambda: changing(None)[0],
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "the head of a room that ends": (
        lambda: end_revision(DEPLOYMENT, ROOM, HEAD, None).writes[0],
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "the head of a room that somebody is alone in": (
        lambda: alone_revision(DEPLOYMENT, ROOM, HEAD, Caller("ann")).writes[0],
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "the head of a room that has ended": (
        lambda: tombstone_write(ROOM, HEAD),
        [{"rev": 7, "endedAt": NOON}],
        [ABSENT, {"rev": 7}, {"rev": 6, "endedAt": NOON}, {"rev": 8, "endedAt": NOON}],
    ),
    "a head that is brought into the second generation": (
        lambda: brought_forward({"rev": 7, "epoch": 2}, 2),
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}, {"rev": 7, "generation": 2}],
    ),
    "a head that is brought into a later one": (
        lambda: brought_forward({"rev": 7, "epoch": 2, "generation": 2}, 4),
        [{"rev": 7, "generation": 2}],
        [ABSENT, {"rev": 7}, {"rev": 7, "generation": 3}, {"rev": 6, "generation": 2}],
    ),
    "a job that is begun": (
        lambda: begun_write(JOB_PLACE, JOB),
        [{"rev": 7}, {"rev": 7, "tries": 4}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "a job that goes on": (
        lambda: moved_write(JOB_PLACE, JOB, replace(JOB, step="messages", rev=8)),
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "a job that is done": (
        lambda: ended_write(JOB_PLACE, JOB),
        [{"rev": 7}],
        [ABSENT, {"rev": 6}, {"rev": 8}],
    ),
    "a message that was never changed": (
        lambda: changing(None)[-1],
        [{"seq": 3}],
        [ABSENT, {"seq": 3, "rev": 4}, {"seq": 3, "removedAt": 0}],
    ),
    "a message as it was changed last": (
        lambda: changing(4)[-1],
        [{"rev": 4}],
        [ABSENT, {"seq": 3}, {"rev": 5}, {"rev": 3}, {"rev": 4, "removedAt": NOON}],
    ),
    "a new upload": (
        lambda: upload_write(ROOM, UPLOAD),
        [ABSENT],
        [{"status": "pending"}, {"status": "used"}],
    ),
    "a pending upload": (
        lambda: use_write(ROOM, UPLOAD, "sk", 99, 60),
        [{"status": "pending", "senderId": "ann", "expiresAt": expires} for expires in (60, 61)],
        [
            ABSENT,
            {"status": "used", "senderId": "ann", "expiresAt": 61},
            {"status": "pending", "senderId": "bob", "expiresAt": 61},
            {"status": "pending", "senderId": "ann", "expiresAt": 59},
        ],
    ),
    "a first upload": (lambda: charge_upload("ann", None, NOON), [ABSENT], [{"tat": 0}, {"tat": 5}]),
    "a further upload": (
        lambda: charge_upload("ann", Preparing(tat=5), NOON),
        [{"tat": 5}],
        [ABSENT, {"tat": 4}, {"tat": 6}],
    ),
    "a first room of one's own": (
        lambda: charge_making("ann", Quota(), NOON),
        [ABSENT],
        [{"tat": 0}, {"tat": 5}],
    ),
    "a further room of one's own": (
        lambda: charge_making("ann", Quota(tat=5), NOON),
        [{"tat": 5}],
        [ABSENT, {"tat": 4}, {"tat": 6}],
    ),
    "who has not blocked whoever adds them": (
        lambda: still_not_blocked("bob", "ann"),
        [ABSENT],
        [{"blockedAt": NOON}],
    ),
    "a first heartbeat": (lambda: heard_of(0), [ABSENT, {"status": "online"}], [{"tat": 5}]),
    "a further heartbeat": (lambda: heard_of(5), [{"tat": 5}], [ABSENT, {"tat": 4}, {"tat": 6}]),
    "a new room": (lambda: founding(0), [ABSENT], [{"rev": 1}]),
    "a first membership": (lambda: founding(2), [ABSENT], [{"status": "left"}]),
    "a first line of the roster": (lambda: founding(3), [ABSENT], [{"status": "active"}]),
}


@pytest.mark.parametrize("name", LET_THROUGH)
def test_an_item_lets_a_write_through_or_does_not(client: Any, name: str) -> None:
    make, through, refused = LET_THROUGH[name]
    write = make()
    assert [commits(client, write, stored) for stored in through] == [True] * len(through)
    assert [commits(client, write, stored) for stored in refused] == [False] * len(refused)


def seen(role: Role, status: Status = "active") -> Member:
    return Member(role=role, status=status)


ANN = Caller("ann")
AS_SEEN: Mapping[str, tuple[Callable[[], Write], Role, Status]] = {
    "who changes others": (
        lambda: caller_unchanged(ROOM, ANN, RoomAccess(HEAD, seen("moderator"), "moderator"))[0],
        "moderator",
        "active",
    ),
    "who comes back": (
        lambda: add_writes(ROOM, "bob", seen("member", "left"), "member", 3)[0],
        "member",
        "left",
    ),
    "who is removed": (lambda: remove_writes(ROOM, "bob", seen("member"), 2, NOON)[0], "member", "active"),
    "who is banned": (lambda: ban_writes(ROOM, "bob", seen("moderator"), 2, NOON)[0], "moderator", "active"),
    "who is banned after leaving": (
        lambda: ban_writes(ROOM, "bob", seen("member", "left"), None, NOON)[0],
        "member",
        "left",
    ),
    "who is unbanned": (
        lambda: unban_writes(ROOM, "bob", seen("member", "banned"), NOON)[0],
        "member",
        "banned",
    ),
    "whose role changes": (lambda: role_writes(ROOM, "bob", seen("member"), "owner")[0], "member", "active"),
    "who is muted": (lambda: mute_writes(ROOM, "bob", seen("member"), NOON)[0], "member", "active"),
    "who is not muted any more": (lambda: mute_writes(ROOM, "bob", seen("owner"), 0)[0], "owner", "active"),
}
STATUSES: tuple[Status, ...] = ("active", "left", "banned")
ROLES: tuple[Role, ...] = ("owner", "moderator", "member")


@pytest.mark.parametrize(("make", "role", "status"), AS_SEEN.values(), ids=AS_SEEN)
def test_a_membership_changes_only_from_the_role_and_status_that_were_seen(
    client: Any, make: Callable[[], Write], role: Role, status: Status
) -> None:
    write = make()
    stored: list[Attributes] = [{"role": one, "status": other} for one in ROLES for other in STATUSES]
    let_through = [each for each in stored if commits(client, write, each)]
    assert let_through == [{"role": role, "status": status}]
    assert not commits(client, write, ABSENT)


@pytest.mark.parametrize(
    "make",
    [
        lambda: add_writes(ROOM, "bob", None, "member", 3)[0],
        lambda: ban_writes(ROOM, "bob", None, None, NOON)[0],
    ],
    ids=["who is taken in", "who is banned"],
)
def test_somebody_who_was_never_here_has_no_membership_yet(client: Any, make: Callable[[], Write]) -> None:
    write = make()
    assert commits(client, write, ABSENT)
    for status in STATUSES:
        assert not commits(client, write, {"role": "member", "status": status})


def test_administrators_are_not_looked_at_again() -> None:
    assert caller_unchanged(ROOM, ANN, RoomAccess(HEAD, seen("member"), "admin")) == []
    assert caller_unchanged(ROOM, ANN, RoomAccess(HEAD, None, "admin")) == []
    assert caller_unchanged(ROOM, ANN, RoomAccess(HEAD, None, "visitor")) == []
