"""Whatever happens between look and commit: no mention is told of that its message does not make any more, nobody mentions
everybody without the right, and a room takes its mentions along when it ends."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.delete_room import delete_room
from chat.operations.edit_message import edit_message
from chat.operations.leave_room import leave_room
from chat.operations.run_jobs import run_jobs
from chat.operations.send_message import send_message
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Message, Receipts
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.mention_projection import MentionProjection
from chat.storage import keys
from chat.storage.aws import TransientFailure
from chat.storage.places import receipts_place
from tests.guarantees.support.fixtures import (
    FAST,
    Clock,
    change_member,
    new_room,
    partition,
    process,
    remove,
    store_of,
    stored,
    table_name,
)
from tests.guarantees.support.projected import Projected, Stream

ANN = Caller("ann")


class Between:
    """A client that lets something happen just before its next transaction."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.happens: Callable[[], object] | None = None
        self.failing = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.failing:
            self.failing -= 1
            raise TransientFailure("ThrottlingException")
        happens, self.happens = self.happens, None
        if happens:
            happens()
        return self._client.transact_write_items(**request)


@pytest.fixture
def stream(functions_environ: None, client: Any) -> Stream:
    return Stream(client)


@pytest.fixture
def ours(stream: Stream, clock: Clock) -> Deployment:
    return process(stream.client, clock)


@pytest.fixture
def between(client: Any) -> Between:
    return Between(client)


@pytest.fixture
def projected(stream: Stream, between: Between, clock: Clock) -> Projected:
    return Projected(stream, [MentionProjection(process(between, clock))])


@pytest.fixture
def room(client: Any) -> str:
    return new_room(client, members={"ann": "owner", "bob": "member", "cid": "moderator"})


def mention(ours: Deployment, room: str, *people: str, user: str = "ann", **more: Any) -> Message:
    arguments = {"roomId": room, "text": "look", "mentions": list(people), **more}
    return send_message(ours, Caller(user), arguments, Tally())


def change_mentions(ours: Deployment, message: Message, *people: str, text: str = "look") -> Message:
    arguments = {"roomId": message.room_id, "id": message.id, "text": text, "mentions": list(people)}
    return edit_message(ours, ANN, arguments, Tally())


def told(client: Any, room: str, user: str) -> list[int]:
    """The numbers of the messages that a user has been told mention them."""
    parsed = Room.parse(room)
    items = partition(
        client, table_name(parsed), keys.user_partition(user), f"MENTION#{parsed.partition_key}#"
    )
    return [int(item["seq"]["N"]) for item in items]


def marked(client: Any, room: str, user: str) -> int:
    item = store_of(client).tables.get(receipts_place(Room.parse(room), user))
    receipts = Receipts.found(item) or Receipts()
    return receipts.mentioned_seq


def test_an_edit_between_look_and_commit_wins(
    client: Any, ours: Deployment, projected: Projected, between: Between, room: str
) -> None:
    message = mention(ours, room, "bob")
    between.happens = lambda: change_mentions(ours, message, "cid")
    projected.run()
    assert (told(client, room, "bob"), told(client, room, "cid")) == ([], [1])
    assert (marked(client, room, "bob"), marked(client, room, "cid")) == (0, 1)


def test_a_removal_between_look_and_commit_wins(
    client: Any, ours: Deployment, projected: Projected, between: Between, room: str
) -> None:
    message = mention(ours, room, "bob", "cid")
    between.happens = lambda: remove(ours, message)
    projected.run()
    assert (told(client, room, "bob"), told(client, room, "cid")) == ([], [])


def test_an_edit_of_the_text_alone_changes_nothing_of_it(
    client: Any, ours: Deployment, projected: Projected, between: Between, room: str
) -> None:
    message = mention(ours, room, "bob")
    between.happens = lambda: change_mentions(ours, message, "bob", text="another")
    projected.run()
    assert told(client, room, "bob") == [1]


def test_a_later_mark_between_look_and_commit_stays(
    client: Any, ours: Deployment, projected: Projected, between: Between, stream: Stream, room: str
) -> None:
    for _ in range(2):
        mention(ours, room, "bob")
    others = Projected(stream, [MentionProjection(ours)])
    between.happens = others.run
    projected.run()
    assert (told(client, room, "bob"), marked(client, room, "bob")) == ([1, 2], 2)
    projected.again()
    assert (told(client, room, "bob"), marked(client, room, "bob")) == ([1, 2], 2)


def test_whoever_has_left_before_is_told_and_not_marked(
    client: Any, ours: Deployment, projected: Projected, room: str
) -> None:
    mention(ours, room, "bob", "cid")
    leave_room(ours, Caller("bob"), {"roomId": room}, Tally())
    projected.run()
    assert (told(client, room, "bob"), marked(client, room, "bob")) == ([1], 0)
    assert (told(client, room, "cid"), marked(client, room, "cid")) == ([1], 1)


def test_what_fails_in_passing_is_done_in_the_end(
    client: Any, ours: Deployment, projected: Projected, between: Between, room: str
) -> None:
    mention(ours, room, "bob")
    mention(ours, room, "cid")
    between.failing = 100
    first = projected.feed(projected._stream.records)  # noqa: SLF001  what Lambda would be told
    assert first is not None
    between.failing = 0
    projected.run()
    assert (told(client, room, "bob"), told(client, room, "cid")) == ([1], [2])


def test_a_message_that_has_gone_tells_nobody(
    client: Any, ours: Deployment, projected: Projected, clock: Clock, room: str
) -> None:
    mention(ours, room, "bob")
    clock.jump(366 * 86_400_000)
    projected.run()
    assert told(client, room, "bob") == []


def test_the_right_to_mention_everybody_holds_at_the_commit(client: Any, clock: Clock, room: str) -> None:
    between = Between(client)
    ours = process(between, clock)
    between.happens = lambda: change_member(client, room, "cid", role="member")
    with pytest.raises(NotAllowed):
        mention(ours, room, user="cid", mentionsAll=True)
    assert stored(client, room) == []
    change_member(client, room, "cid", role="moderator")
    message = mention(ours, room, user="cid")
    between.happens = lambda: change_member(client, room, "cid", role="member")
    arguments = {"roomId": room, "id": message.id, "text": "look", "mentionsAll": True}
    with pytest.raises(NotAllowed):
        edit_message(ours, Caller("cid"), arguments, Tally())
    assert "mentionsAll" not in stored(client, room)[0]


def test_without_projections_nobody_is_mentioned_by_name(client: Any, clock: Clock, room: str) -> None:
    ours = process(client, clock, projections=False)
    with pytest.raises(NotAllowed) as refused:
        mention(ours, room, "bob")
    assert refused.value.values["reason"] == "noProjections"
    message = mention(process(client, clock), room, "bob")
    with pytest.raises(NotAllowed):
        change_mentions(ours, message, "bob", "cid")
    assert change_mentions(ours, message).mentions is None
    assert mention(ours, room, mentionsAll=True, replyTo=message.id).mentions_all


def test_a_room_takes_its_mentions_along(
    client: Any, ours: Deployment, projected: Projected, room: str
) -> None:
    people = [f"p{number}-{room}" for number in range(20)]
    crowded = new_room(client, members={"ann": "owner", **dict.fromkeys(people, "member")}, settings=FAST)
    for _ in range(7):
        mention(ours, crowded, *people, mentionsAll=True)
    leave_room(ours, Caller(people[0]), {"roomId": crowded}, Tally())
    projected.run()
    assert [told(client, crowded, each) for each in people] == [list(range(1, 8))] * 20
    delete_room(ours, ANN, {"roomId": crowded}, Tally())
    run_jobs(ours, 1_000.0, Tally())
    assert [told(client, crowded, each) for each in people] == [[]] * 20
    parsed = Room.parse(crowded)
    left = partition(client, table_name(parsed), parsed.partition_key)
    assert sorted(item["SK"]["S"].split("#")[0] for item in left) == ["EVT", "HEAD"]
    projected.again()
    assert [told(client, crowded, each) for each in people] == [[]] * 20
    assert [marked(client, crowded, each) for each in people[1:]] == [0] * 19
