"""A revision's two writes and its answer say the same."""

from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.generations import LEAP
from chat.rules.models import Caller, Head, Notice
from chat.rules.rooms import Room
from chat.steps.revision import Revision, commit, next_revision
from chat.storage import keys
from chat.storage.event_items import event_of
from chat.storage.items import values
from chat.storage.places import head_place
from chat.storage.store import Store

NOON = 1_769_860_800_000
ROOM, ANN = Room.parse("GUILD#dragons"), Caller("ann")
HEAD = Head(rev=7, seq=3, ts=NOON - 9, epoch=2, owners=1)
JOINED = Notice(kind="MEMBER_JOINED", user_id="ann", role="member")
DEPLOYMENT = Deployment(Store(None, {}), now=lambda: NOON, new_id=lambda ms: f"id-{ms}")


def joined(head: Head = HEAD, **how: Any) -> Revision:
    return next_revision(DEPLOYMENT, ROOM, head, ANN, JOINED, **how)


def test_the_head_moves_on_the_revision_that_was_read_and_the_event_lies_under_the_next() -> None:
    head, event = joined().writes
    assert (head.place, head.condition, head.given) == (head_place(ROOM), "#rev = :rev", {":rev": 7})
    assert (head.set, list(head.remove), head.whole) == ({"rev": 8, "owners": 1}, [], False)
    assert (event.place.partition_key, event.place.sort_key) == ("GUILD#dragons", keys.event(8))


def test_the_event_that_is_stored_is_the_one_that_is_answered() -> None:
    revision = joined()
    _, write = revision.writes
    assert event_of(write.place.key | values(write.set)) == revision.event
    assert [revision.message.to_wire()] == revision.event.messages()
    assert revision.message.notice == replace(JOINED, rev=8)
    event = revision.event
    assert (event.id, event.kind, event.rev, event.seq, event.epoch) == (
        f"id-{NOON}",
        "MEMBER_JOINED",
        8,
        3,
        2,
    )
    assert (event.ts, event.actor_id, event.generation) == (NOON, "ann", 1)


def test_a_revocation_is_heard_in_the_epoch_that_it_ends_and_its_last_notice_says_so() -> None:
    notices = [Notice(kind="MEMBER_REMOVED", user_id=user_id) for user_id in ("ann", "bob")]
    revision = next_revision(
        DEPLOYMENT, ROOM, HEAD, None, *notices, kind="GUILD_MEMBERSHIP", revoked_at=NOON - 1, owners=-1
    )
    head, _ = revision.writes
    assert head.set == {"rev": 8, "epoch": 3, "partedAt": NOON - 1, "owners": 0}
    assert (revision.event.epoch, revision.event.ts, revision.event.actor_id) == (2, NOON - 1, None)
    assert [notice["nextEpoch"] for notice in revision.event.notices] == [None, 3]
    assert [notice["rev"] for notice in revision.event.notices] == [8, 8]


def test_whatever_happens_takes_the_mark_of_somebody_alone_away() -> None:
    head, _ = joined(replace(HEAD, alone=1)).writes
    assert list(head.remove) == ["alone"]
    marked, _ = next_revision(DEPLOYMENT, ROOM, HEAD, ANN, kind="INTERNAL", changes={"alone": 1}).writes
    assert (marked.set, list(marked.remove)) == ({"rev": 8, "owners": 1, "alone": 1}, [])


def test_owners_that_nobody_counted_stay_uncounted_until_their_number_changes() -> None:
    uncounted = replace(HEAD, owners=None)
    assert joined(uncounted).writes[0].set == {"rev": 8}
    assert joined(replace(HEAD, owners=2), owners=1).writes[0].set == {"rev": 8, "owners": 3}


@pytest.mark.parametrize(
    ("how", "after"),
    [
        ({}, {"rev": 8}),
        ({"owners": 1, "revoked_at": NOON}, {"rev": 8, "owners": 2, "epoch": 3, "revoked_at": NOON}),
        (
            {"changes": {"name": None, "visibility": None, "endedAt": NOON}},
            {"rev": 8, "name": None, "ended_at": NOON},
        ),
    ],
)
def test_the_head_is_known_as_the_write_leaves_it(how: dict[str, Any], after: dict[str, Any]) -> None:
    head = replace(HEAD, name="Dragons", alone=1, visibility="public")
    expected = replace(head, alone=0, **after)
    if "changes" in how:
        expected = replace(expected, visibility="private")
    assert joined(head, **how).head == expected


def test_an_event_says_in_which_generation_it_is() -> None:
    head = replace(HEAD, rev=LEAP + 7, epoch=LEAP + 2, generation=2, generation_rev=LEAP + 5)
    revision = joined(head)
    assert (revision.event.generation, revision.event.generation_rev) == (2, LEAP + 5)
    _, write = revision.writes
    assert event_of(write.place.key | values(write.set)) == revision.event


class Client:
    """A client of DynamoDB that takes whatever comes; `actions`: how many there were in each transaction."""

    def __init__(self) -> None:
        self.actions: list[int] = []

    def transact_write_items(self, **request: Any) -> None:
        self.actions.append(len(request["TransactItems"]))


def test_the_next_send_of_this_process_starts_from_the_head_that_is_left() -> None:
    client = Client()
    deployment = Deployment(Store(client, {"guild": "guild"}), monotonic=lambda: 5.0)
    revision = joined()
    commit(deployment, revision, [])
    assert client.actions == [2]
    assert deployment.memory.likely_head(ROOM.partition_key, 5.0) == revision.head
    later = replace(HEAD, rev=20)
    deployment.memory.heads.put(ROOM.partition_key, later, 5.0)
    commit(deployment, revision, [])
    assert deployment.memory.heads.get(ROOM.partition_key) == later
