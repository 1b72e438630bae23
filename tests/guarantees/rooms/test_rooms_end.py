"""A room ends once, for everybody at the same instant, whatever goes wrong and whoever comes in between; and what is left of
it is removed to the end, wherever the removal was interrupted and however many are at it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.delete_room import delete_room
from chat.operations.guild_membership import guild_membership
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mark_read import mark_read
from chat.operations.on_message import on_message
from chat.operations.pin_message import pin_message
from chat.operations.remove_member import remove_member
from chat.operations.run_jobs import KINDS
from chat.operations.run_jobs import run_jobs as run_all
from chat.operations.save_draft import save_draft
from chat.operations.set_notifications import set_notifications
from chat.operations.set_role import set_role
from chat.operations.update_room import update_room
from chat.rules.errors import NotAllowed, NotRoomMember, ServiceUnavailable
from chat.rules.models import Caller, Head, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps import room_removal
from chat.steps.jobs import Job, Run, list_jobs, run_jobs
from chat.storage import keys
from chat.storage.aws import TransientFailure
from chat.storage.aws import client as aws_client
from chat.storage.places import head_place
from chat.storage.uploads import Upload, Uploads, pending_key, upload_write
from simulator.settings import REGION, TABLES
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import FEW
from tests.guarantees.support.fixtures import (
    FAST,
    NOON,
    Clock,
    edit,
    new_room,
    process,
    run_one_piece,
    send,
    store_of,
    table_name,
)
from tests.guarantees.support.proxy import Fault, Proxy, overtaken, pass_on

MEMBERS: dict[str, Role] = {"ann": "owner", "mo": "moderator", "bob": "member"}
ROOT = Caller("root", frozenset({"admin"}))
ENDS: Mapping[str, tuple[Callable[..., Any], Caller, Mapping[str, Role], str]] = {
    "by its owner": (delete_room, Caller("ann"), MEMBERS, ""),
    "by an administrator": (delete_room, ROOT, MEMBERS, ""),
    "by who leaves it alone": (leave_room, Caller("ann"), {"ann": "owner"}, ""),
    "a guild's, by an administrator": (delete_room, ROOT, MEMBERS, "GUILD#"),
}


class Bucket:
    """What has been deleted, and how often a deletion is to fail first."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.failing = 0

    def delete(self, keys: list[str]) -> None:
        if self.failing:
            self.failing -= 1
            raise TransientFailure("SlowDown")
        self.deleted += keys


def ended(client: Any, room: str) -> Head:
    item = store_of(client).tables.get(head_place(Room.parse(room)))
    assert item
    return Head.of(item)


def jobs_of(deployment: Deployment, room: str) -> list[Job]:
    return [job for _, job in list_jobs(deployment) if job.subject == room]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def patient(proxy: Proxy) -> Iterator[Any]:
    """A client through the proxy that waits for as long as others take in between."""
    client = aws_client("dynamodb", region=REGION, endpoint=proxy.url, timeout=20, lean=True)
    yield client
    client.close()


@pytest.fixture
def ours(client: Any, clock: Clock, bucket: Bucket) -> Deployment:
    """A process without any job to do, over a bucket that only counts."""
    uploads: Any = Uploads(bucket, frozenset({"image/png"}), 1_000)  # type: ignore[arg-type]
    ours = process(client, clock, uploads=lambda: uploads)
    for place, _ in list_jobs(ours):
        client.delete_item(TableName=TABLES[f"{place.table.upper()}_TABLE"], Key=place.key)
    return ours


# the end


@pytest.mark.parametrize("fault", FEW.values(), ids=FEW)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_fault_is_tried_again_and_a_room_ends_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment, end: Any, fault: Fault
) -> None:
    verb, caller, members, prefix = end
    room = new_room(client, members=members, prefix=prefix)
    send(ours, room, "ann", "before the end")
    if members.keys() == {"ann"}:
        proxy.once("TransactWriteItems", pass_on)  # that they are alone is marked first
    proxy.once("TransactWriteItems", fault)
    answer = verb(process(proxied, clock), caller, {"roomId": room}, Tally())
    head = ended(client, room)
    assert (head.epoch, head.seq) == (2, 1)
    assert head.ended_at
    assert (answer.epoch, answer.notice.kind, answer.notice.next_epoch) == (1, "ROOM_DELETED", 2)
    assert len(jobs_of(ours, room)) == 1
    again = verb(process(client, clock), caller, {"roomId": room}, Tally())
    assert (again.epoch, again.notice.kind, again.notice.next_epoch) == (1, "ROOM_DELETED", 2)
    assert ended(client, room) == head


def wire(message: Message) -> dict[str, Any]:
    assert message.notice
    return message.notice.to_wire()


WRITES: Mapping[str, tuple[Callable[..., Any], Caller, dict[str, Any]]] = {
    "addMember": (add_member, Caller("mo"), {"userId": "dan"}),
    "addMember as an owner": (add_member, Caller("ann"), {"userId": "dan", "role": "OWNER"}),
    "joinRoom": (join_room, Caller("dan"), {}),
    "leaveRoom": (leave_room, Caller("bob"), {}),
    "removeMember": (remove_member, Caller("mo"), {"userId": "bob"}),
    "banMember": (ban_member, Caller("mo"), {"userId": "bob"}),
    "banMember of a stranger": (ban_member, Caller("mo"), {"userId": "dan"}),
    "setRole": (set_role, Caller("ann"), {"userId": "bob", "role": "MODERATOR"}),
    "updateRoom": (update_room, Caller("ann"), {"name": "late"}),
    "deleteRoom": (delete_room, ROOT, {}),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
def test_what_the_end_of_a_room_overtakes_is_not_done(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment, act: Any
) -> None:
    room = new_room(client, members=MEMBERS, settings=FAST | {"visibility": "public"})
    verb, caller, arguments = act
    end = partial(delete_room, ours, Caller("ann"), {"roomId": room}, Tally())
    proxy.once("TransactWriteItems", overtaken(end))
    with pytest.raises(NotRoomMember):
        verb(process(proxied, clock), caller, {"roomId": room, **arguments}, Tally())
    assert ended(client, room).epoch == 2


def test_messages_and_edits_that_the_end_overtakes_are_not_stored(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment
) -> None:
    for act in ("send", "edit"):
        room = new_room(client, members=MEMBERS)
        slow = process(proxied, clock)
        first = send(slow, room, "bob", "before the end", "m1")
        end = partial(delete_room, ours, Caller("ann"), {"roomId": room}, Tally())
        proxy.once("TransactWriteItems", overtaken(end))
        with pytest.raises(NotRoomMember):
            send(slow, room, "bob", "after", "m2") if act == "send" else edit(slow, first, "after")
        assert ended(client, room).seq == 1
        for name in ("m1", "m2"):
            with pytest.raises(NotRoomMember):
                send(slow, room, "bob", "before the end" if name == "m1" else "after", name)


def test_a_process_that_ended_the_room_itself_takes_no_more_messages(client: Any, ours: Deployment) -> None:
    """It remembers the head that its own write has left behind, on which a send's condition would hold."""
    room = new_room(client, members=MEMBERS)
    send(ours, room, "bob", "before the end", "m1")
    delete_room(ours, Caller("ann"), {"roomId": room}, Tally())
    with pytest.raises(NotRoomMember):
        send(ours, room, "bob", "after", "m2")
    assert ended(client, room).seq == 1


def test_a_guilds_service_that_the_end_overtakes_takes_nobody_in(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment
) -> None:
    room = new_room(client, members=MEMBERS, prefix="GUILD#")
    proxy.once("TransactWriteItems", overtaken(partial(delete_room, ours, ROOT, {"roomId": room}, Tally())))
    arguments = {"guildId": room.removeprefix("GUILD#"), "add": [{"userId": "dan"}]}
    with pytest.raises(NotAllowed) as caught:
        guild_membership(process(proxied, clock), arguments, Tally())
    assert caught.value.values == {"reason": "taken"}
    names = {item["SK"]["S"] for item in partition(client, room)}
    assert "MEMBER#dan" not in names


def partition(client: Any, room: str) -> list[dict[str, Any]]:
    place = Room.parse(room)
    items, _ = store_of(client).tables.query_page(
        place.table, place.partition_key, " ", "~", forward=True, count=1_000, consistent=True
    )
    return items


def test_messages_in_between_delay_the_end_and_do_not_prevent_it(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment
) -> None:
    room = new_room(client, members=MEMBERS)
    proxy.once("TransactWriteItems", *[overtaken(lambda: send(ours, room, "bob", "hi"))] * 3)
    answer = delete_room(process(proxied, clock), Caller("ann"), {"roomId": room}, Tally())
    head = ended(client, room)
    assert answer.notice
    assert answer.notice.rev == head.rev
    assert 1 <= head.seq <= 3


def test_an_owner_who_loses_the_role_meanwhile_does_not_end_the_room(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment
) -> None:
    room = new_room(client, members=MEMBERS | {"eve": "owner"})
    demote = partial(
        set_role, ours, Caller("eve"), {"roomId": room, "userId": "ann", "role": "MEMBER"}, Tally()
    )
    proxy.once("TransactWriteItems", overtaken(demote))
    with pytest.raises(NotAllowed):
        delete_room(process(proxied, clock), Caller("ann"), {"roomId": room}, Tally())
    assert not ended(client, room).ended_at


COMING: Mapping[str, tuple[Callable[..., Any], Caller, dict[str, Any]]] = {
    "joinRoom": (join_room, Caller("dan"), {}),
    "addMember": (add_member, ROOT, {"userId": "dan"}),
    "addMember as an owner": (add_member, ROOT, {"userId": "dan", "role": "OWNER"}),
}


@pytest.mark.parametrize("before", [1, 2], ids=["before they are marked as alone", "before the end"])
@pytest.mark.parametrize("act", COMING.values(), ids=COMING)
def test_who_comes_while_the_only_person_leaves_is_not_overlooked(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment, act: Any, before: int
) -> None:
    room = new_room(client, members={"ann": "owner"}, settings=FAST | {"visibility": "public"})
    verb, caller, arguments = act
    come = partial(verb, ours, caller, {"roomId": room, **arguments}, Tally())
    proxy.once("TransactWriteItems", *[pass_on] * (before - 1), overtaken(come))
    leave = partial(leave_room, process(proxied, clock), Caller("ann"), {"roomId": room}, Tally())
    if arguments.get("role") == "OWNER":
        assert wire(leave())["kind"] == "MEMBER_LEFT"
    else:
        with pytest.raises(NotAllowed) as caught:
            leave()
        assert caught.value.values == {"reason": "lastOwner"}
    assert not ended(client, room).ended_at
    assert send(ours, room, "dan", "here I am").seq == 1


@pytest.mark.parametrize("act", COMING.values(), ids=COMING)
def test_who_looked_before_the_only_person_was_marked_comes_by_looking_again(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, ours: Deployment, act: Any
) -> None:
    """Between look and commit of whoever comes, the other one is marked as alone, and is killed before the end."""
    room = new_room(client, members={"ann": "owner"}, settings=FAST | {"visibility": "public"})
    verb, caller, arguments = act

    def marked() -> None:
        proxy.once("TransactWriteItems", pass_on, faults.error("ValidationException"))
        with pytest.raises(Exception, match="ValidationException"):
            leave_room(process(proxied, clock), Caller("ann"), {"roomId": room}, Tally())
        assert ended(client, room).alone

    proxy.once("TransactWriteItems", overtaken(marked))
    answer = verb(process(proxied, clock), caller, {"roomId": room, **arguments}, Tally())
    head = ended(client, room)
    assert (head.alone, head.ended_at, answer.notice.rev) == (0, 0, head.rev)
    if arguments.get("role") != "OWNER":
        with pytest.raises(NotAllowed):
            leave_room(ours, Caller("ann"), {"roomId": room}, Tally())


def test_a_subscription_hears_the_end_and_nothing_after_it(ours: Deployment, client: Any) -> None:
    """What is published carries an epoch; the end's is the last of its own, and nobody may subscribe to the next."""
    room = new_room(client, members=MEMBERS)
    on_message(ours, Caller("bob"), {"roomId": room, "epoch": 1}, allow_unfenced=False)
    told = [
        send(ours, room, "bob", "before the end"),
        delete_room(ours, Caller("ann"), {"roomId": room}, Tally()),
    ]
    assert [each.epoch for each in told] == [1, 1]
    for caller in (Caller("bob"), ROOT, Caller("gate", frozenset({"gateway"}))):
        for epoch in (1, 2, None):
            with pytest.raises(NotRoomMember):
                on_message(ours, caller, {"roomId": room, "epoch": epoch}, allow_unfenced=True)


# what is left of it


def lived_in(ours: Deployment, client: Any, prefix: str = "", messages: int = 3) -> str:
    """A room in which something of every kind is stored, and that has ended."""
    room = new_room(client, members=MEMBERS | {"kim": "member"}, prefix=prefix)
    sent = [send(ours, room, user, f"{number}") for number in range(messages) for user in ("ann", "bob")]
    edit(ours, sent[0], "edited")
    mark_read(ours, Caller("bob"), {"roomId": room, "seq": 1}, Tally())
    store_of(client).tables.transact([upload_write(Room.parse(room), _file(ours.new_id(ours.now())))])
    ban_member(ours, Caller("mo"), {"roomId": room, "userId": "kim"}, Tally())
    pin_message(ours, Caller("ann"), {"roomId": room, "id": sent[1].id}, Tally())
    for user in ("ann", "bob"):
        save_draft(ours, Caller(user), {"roomId": room, "text": "as I was saying"}, Tally())
        set_notifications(ours, Caller(user), {"roomId": room, "level": "NONE"}, Tally())
    delete_room(ours, ROOT, {"roomId": room}, Tally())
    return room


def _file(upload_id: str) -> Upload:
    return Upload(
        id=upload_id,
        sender_id="ann",
        s3_key=pending_key(upload_id),
        content_type="image/png",
        size=7,
        status="pending",
        expires_at=NOON,
    )


def left_of(client: Any, room: str) -> set[str]:
    """The sort keys of everything about the room, but for memberships that have ended and the tombstone."""
    place = Room.parse(room)
    tables = store_of(client).tables
    found = {item["SK"]["S"] for item in partition(client, room)}
    for user in (*MEMBERS, "kim"):
        items = [
            item
            for table in dict.fromkeys((place.table, "core"))  # drafts of guilds' rooms lie there
            for item in tables.query_page(
                table, keys.user_partition(user), " ", "~", forward=True, count=1_000, consistent=True
            )[0]
        ]
        found |= {
            item["SK"]["S"]
            for item in items
            if place.partition_key in item["SK"]["S"] and not ("expiresAt" in item and _is_left(item))
        }
    return found - {"HEAD"}


def _is_left(item: dict[str, Any]) -> bool:
    return item.get("status") == {"S": "left"}


def is_removed(client: Any, room: str) -> None:
    head = ended(client, room)
    assert left_of(client, room) == {keys.event(head.rev)}  # that it has ended; it expires
    assert head == Head(rev=head.rev, seq=head.seq, ts=head.ts, epoch=head.epoch, ended_at=head.ended_at)
    assert head.ended_at


def run(deployment: Deployment, seconds: float = 1_000.0) -> Run:
    return run_all(deployment, seconds, Tally())


OPERATIONS = ("Query", "BatchGetItem", "TransactWriteItems", "GetItem")


@pytest.mark.parametrize("fault", FEW.values(), ids=FEW)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_of_any_request_is_tried_again(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    ours: Deployment,
    operation: str,
    fault: Fault,
) -> None:
    """One that hid a checkpoint leaves the job to the next run."""
    room = lived_in(ours, client)
    proxy.once(operation, fault)
    faulty = replace(ours, store=store_of(proxied))
    run(faulty)
    run(faulty)
    is_removed(client, room)
    assert jobs_of(ours, room) == []


def count_of_transactions(proxy: Proxy, proxied: Any, client: Any, ours: Deployment) -> int:
    """How many a removal takes."""
    room = lived_in(ours, client)
    before = len(proxy.operations)
    run(replace(ours, store=store_of(proxied)))
    is_removed(client, room)
    return proxy.operations[before:].count("TransactWriteItems")


class Killed(BaseException):
    """The runner's process ends."""


@pytest.mark.parametrize(
    ("prefix", "after_commit"),
    [("", False), ("GUILD#", True)],
    ids=["general, before the commit", "a guild's, after the commit"],
)
def test_a_runner_that_is_killed_at_any_write_leaves_the_rest_to_the_next(
    client: Any, ours: Deployment, prefix: str, after_commit: bool
) -> None:
    kills = 0
    while True:
        room = lived_in(ours, client, prefix)
        doomed = replace(ours, store=store_of(Doomed(client, kills, after_commit=after_commit)))
        try:
            run(doomed)
        except Killed:
            kills += 1
        else:
            break
        run(ours)
        is_removed(client, room)
        assert jobs_of(ours, room) == []
    assert kills > 10  # each of its transactions, one after the other


class Doomed:
    """A client whose process ends at the transaction after so many."""

    def __init__(self, client: Any, transactions: int, *, after_commit: bool) -> None:
        self._client = client
        self._left = transactions
        self._after_commit = after_commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self._left == 0:
            if self._after_commit:
                self._client.transact_write_items(**request)
            raise Killed
        self._left -= 1
        return self._client.transact_write_items(**request)


def test_two_runners_at_once_do_all_of_it_and_end_it_once(
    proxy: Proxy, patient: Any, client: Any, clock: Clock, ours: Deployment
) -> None:
    """The second runs in the midst of each of the first one's pieces."""
    ends = []
    transactions = count_of_transactions(proxy, patient, client, ours)
    for number in range(transactions):
        room = lived_in(ours, client)
        proxy.once(
            "TransactWriteItems", *[pass_on] * number, overtaken(lambda: ends.append(run(ours, 0.001).ended))
        )
        first = run(replace(ours, store=store_of(patient)))
        proxy.heal()
        last = run(ours)
        is_removed(client, room)
        assert first.ended + ends.pop() + last.ended == 1
        assert first.failures == last.failures == []


def test_what_another_service_keeps_in_the_rooms_partition_stays(client: Any, ours: Deployment) -> None:
    """The table may be older than the chat, and a room's partition hold more than its chat."""
    room = lived_in(ours, client)
    place = Room.parse(room)
    theirs = ["!first", "AUDIT#1", "CHG", "CHG#1", "CHH#1", "EVT#2026-05-01", "META", "MSG", "TOPIC#1", "~"]
    for sort_key in theirs:
        item = {"PK": {"S": place.partition_key}, "SK": {"S": sort_key}, "theirs": {"N": "1"}}
        client.put_item(TableName=table_name(place), Item=item)
    adoption = {"PK": {"S": place.partition_key}, "SK": {"S": keys.ADOPTION}}
    client.put_item(TableName=table_name(place), Item=adoption)
    assert run(ours).failures == []
    assert left_of(client, room) == {*theirs, keys.event(ended(client, room).rev)}
    for sort_key in theirs:
        client.delete_item(TableName=table_name(place), Key=adoption | {"SK": {"S": sort_key}})
    is_removed(client, room)


def test_a_runner_that_slept_through_the_whole_removal_changes_nothing(
    proxy: Proxy, patient: Any, client: Any, ours: Deployment
) -> None:
    room = lived_in(ours, client)
    proxy.once("TransactWriteItems", pass_on, overtaken(partial(run, ours)))
    late = run(replace(ours, store=store_of(patient)))
    assert (late.ended, late.waiting, late.failures) == (0, 0, [])
    is_removed(client, room)
    assert jobs_of(ours, room) == []


def test_a_run_works_a_piece_at_a_time_and_the_next_goes_on_there(client: Any, ours: Deployment) -> None:
    room = lived_in(ours, client, messages=60)
    run(ours, 0.0)
    seen = [(job.step, job.position is not None) for job in jobs_of(ours, room)]
    assert seen == [("files", False)]  # no time, no work
    while not run_one_piece(ours).ended:
        seen += [(job.step, job.position is not None) for job in jobs_of(ours, room)]
        assert seen[-1] != seen[-2] or seen[-1] in (("messages", True), ("counters", True))
    assert ("messages", True) in seen
    assert list(dict.fromkeys(step for step, _ in seen)) == list(room_removal.STEPS)
    is_removed(client, room)


def test_files_go_before_the_items_that_name_them(client: Any, ours: Deployment, bucket: Bucket) -> None:
    room = lived_in(ours, client)
    bucket.failing = 10**6
    result = run(ours)
    assert [(each.step, each.error) for each in result.failures] == [("files", "ServiceUnavailable")]
    assert any(key.startswith("UPLOAD#") for key in left_of(client, room))
    bucket.failing = 2
    assert run(ours).failures == []
    is_removed(client, room)
    assert any(key.startswith("pending/") for key in bucket.deleted)


def test_a_job_that_fails_for_long_is_stuck_and_holds_up_nobody(
    client: Any, ours: Deployment, bucket: Bucket
) -> None:
    stuck = lived_in(ours, client)
    bucket.failing = 10**6
    for number in range(1, 7):
        result = run(ours)
        assert result.waiting == 1
        assert result.stuck == (number >= 5)
    other = new_room(client, members=MEMBERS)
    delete_room(ours, ROOT, {"roomId": other}, Tally())
    assert run(ours).ended == 1
    bucket.failing = 0
    result = run(ours)
    assert (result.ended, result.stuck) == (1, 0)
    is_removed(client, stuck)


def test_a_job_that_ends_its_runner_does_not_keep_the_others_from_their_turn(
    client: Any, ours: Deployment
) -> None:
    """The first in order kills its runner, as memory or the time of the function would."""
    first, other = sorted(lived_in(ours, client) for _ in range(2))

    def breaks(deployment: Deployment, subject: str, position: str | None) -> str | None:
        if subject == first:
            raise Killed
        return room_removal.STEPS["files"](deployment, subject, position)

    kinds = {room_removal.KIND: {**room_removal.STEPS, "files": breaks}}
    with pytest.raises(Killed):
        run_jobs(ours, kinds, 1_000.0)
    with pytest.raises(Killed):
        run_jobs(ours, kinds, 1_000.0)
    is_removed(client, other)
    assert len(jobs_of(ours, first)) == 1
    assert run(ours).ended == 1
    is_removed(client, first)


@pytest.mark.parametrize("skew", [-365 * 86_400_000, -3_600_000, 3_600_000, 2 * 365 * 86_400_000])
def test_no_clock_decides_whether_a_room_is_removed(client: Any, ours: Deployment, skew: int) -> None:
    room = lived_in(ours, client)
    run(replace(ours, now=lambda: ours.now() + skew))
    is_removed(client, room)


def test_what_cannot_be_listed_is_said(proxy: Proxy, proxied: Any, ours: Deployment) -> None:
    proxy.always("Query", faults.error("ThrottlingException"))
    with pytest.raises(ServiceUnavailable):
        run(replace(ours, store=store_of(proxied)))


def test_the_names_of_steps_are_those_that_stored_jobs_have() -> None:
    """A job that an earlier version has begun goes on by them."""
    people = ["members", "invited", "banned"]
    rest = ["reactions", "reactionLists", "rest", "counters", "tombstone"]
    traces = ["Memberships", "Adopted", "Reactions", "Mentions", "Messages", "Rooms", "Events"]
    held = [
        "flag",
        "memberships",
        "soonFiles",
        "messages",
        "soonProofs",
        "originals",
        "files",
        "proofs",
        "end",
    ]
    assert {kind: list(steps) for kind, steps in KINDS.items()} == {
        "REMOVE_ROOM": ["files", "messages", *people, *rest],
        "REMOVE_FILE": ["file"],
        "INDEX_PERSON": ["coreRooms", "guildRooms", "coreNames", "guildNames"],
        "INDEX_ROOM": ["people"],
        "ERASE_PERSON": [
            "tombstone",
            *in_both(*traces),
            "late",
            "pictures",
            "exports",
            *in_both("Names", "Own", "Proofs"),
            "end",
        ],
        "EXPORT_PERSON": ["write", "archive", "finish"],
        "HOLD": held,
        "LIFT_HOLD": held,
    }


def in_both(*steps: str) -> list[str]:
    """The names of steps that are done in each table."""
    return [f"{table}{step}" for step in steps for table in ("core", "guild")]
