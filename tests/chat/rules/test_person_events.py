"""What a person is told of an event, and what of it is so when they are told."""

import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from chat.rules.events import RoomEvent
from chat.rules.models import Head, Member, Message, Notice, NoticeKind, Status
from chat.rules.person_events import (
    OF_NOTICES,
    PersonEvent,
    as_it_is_now,
    everybodys_event,
    person_events,
    request_event,
)
from chat.rules.privacy_events import PrivacyEvent, PrivacyEventKind

NOW = 1_800_000_000_000
HEAD = Head(rev=9, seq=7, ts=NOW, epoch=1)
ENDED = replace(HEAD, ended_at=NOW)
MEMBER = Member(role="moderator", status="active")
SENT = Message(id="m1", room_id="lobby", room_type="general", sender_id="ann", ts=NOW, seq=7, epoch=1)


def event(kind: Any, *notices: Notice, room_id: str = "lobby", message: Message | None = None) -> RoomEvent:
    return RoomEvent(
        id="e1",
        kind=kind,
        room_id=room_id,
        room_type="general",
        guild_id=None,
        rev=9,
        seq=7,
        epoch=1,
        generation=1,
        ts=NOW,
        actor_id="ann",
        message=message,
        notices=tuple(each.to_wire() for each in notices),
    )


def mentioning(*users: str, **changes: Any) -> Message:
    return replace(SENT, mentions=json.dumps(users), **changes)


def test_every_notice_about_somebody_is_told_to_them_and_to_nobody_else() -> None:
    for kind in get_args(NoticeKind):
        told = person_events(event(kind, Notice(kind=kind, user_id="bob")))
        assert [(each.user_id, each.kind) for each in told] == (
            [("bob", OF_NOTICES[kind])] if kind in OF_NOTICES else []
        )
    of_others = {
        "ROOM_UPDATED",
        "ROOM_DELETED",
        "MESSAGE_PINNED",
        "MESSAGE_UNPINNED",
        "REACTIONS_CHANGED",
        "ERASED",
    }
    assert set(get_args(NoticeKind)) - OF_NOTICES.keys() == of_others


def test_an_event_with_several_people_tells_each_under_an_id_of_its_own() -> None:
    first = [Notice(kind="MEMBER_ADDED", user_id=user) for user in ("ann", "bob", "cay")]
    told = person_events(event("ROOM_CREATED", *first))
    assert [(each.user_id, each.id, each.rev, each.actor_id) for each in told] == [
        ("ann", "e1.0", 9, "ann"),
        ("bob", "e1.1", 9, "ann"),
        ("cay", "e1.2", 9, "ann"),
    ]


def test_a_room_of_two_is_told_as_one() -> None:
    (told,) = person_events(
        event("MEMBER_ADDED", Notice(kind="MEMBER_ADDED", user_id="bob"), room_id="direct:x")
    )
    assert (told.kind, told.room_id) == ("DIRECT_ROOM", "direct:x")


def test_whom_a_message_mentions_is_told_once_but_for_its_sender() -> None:
    message = mentioning("bob", "ann", "bob", "cay")
    for kind in ("MESSAGE_SENT", "MESSAGE_EDITED"):
        told = person_events(event(kind, message=message))
        assert [(each.user_id, each.kind, each.id, each.message_id, each.seq) for each in told] == [
            (user, "MENTIONED", "mention.m1", "m1", 7) for user in ("bob", "cay")
        ]
    assert person_events(event("MESSAGE_REMOVED", message=message)) == []
    assert person_events(event("MESSAGE_SENT", message=SENT)) == []


def test_everybody_hears_that_the_room_has_ended_and_without_its_name_of_a_message() -> None:
    ended = everybodys_event(event("ROOM_DELETED", Notice(kind="ROOM_DELETED")))
    assert ended
    assert (ended.kind, ended.room_id) == ("ROOM_ENDED", "lobby")
    moved = everybodys_event(event("MESSAGE_SENT", message=SENT))
    assert moved
    assert (moved.kind, moved.id, moved.ts) == ("MOVED", "moved.e1", NOW)
    wire = moved.to_wire(1)
    assert {name for name, value in wire.items() if value} == {"epoch", "id", "kind", "ts"}
    for kind in ("MESSAGE_EDITED", "MESSAGE_REMOVED"):
        assert everybodys_event(event(kind, message=SENT)) is None
    assert everybodys_event(event("MEMBER_ADDED", Notice(kind="MEMBER_ADDED", user_id="bob"))) is None


TOLD_AS: dict[str, set[Status | None]] = {
    "ADDED": {"active"},
    "DIRECT_ROOM": {"active"},
    "INVITED": {"invited"},
    "REMOVED": {"left", "banned", None},
    "BANNED": {"banned"},
    "UNBANNED": {"active", "invited", "left"},
    "ROLE_CHANGED": {"active"},
    "MUTED": {"active"},
}
"""With which status now somebody is told; `None`: with no membership."""


@pytest.mark.parametrize("kind", TOLD_AS)
@pytest.mark.parametrize("status", ["active", "invited", "left", "banned", None])
def test_what_is_not_so_any_more_is_not_told(kind: Any, status: Status | None) -> None:
    told = PersonEvent(user_id="bob", id="e1.0", kind=kind, ts=NOW, room_id="lobby")
    member = None if status is None else replace(MEMBER, status=status)
    assert (as_it_is_now(told, HEAD, member, NOW) is not None) == (status in TOLD_AS[kind])
    of_the_end = as_it_is_now(told, ENDED, member, NOW)
    assert (of_the_end is not None) == (kind in ("REMOVED", "BANNED") and status in TOLD_AS[kind])
    assert as_it_is_now(told, None, member, NOW) == of_the_end


def test_role_and_mute_are_told_as_they_are_now() -> None:
    def now(kind: Any, **member: Any) -> PersonEvent | None:
        told = PersonEvent(user_id="bob", id="e", kind=kind, ts=NOW, room_id="lobby", role="member")
        return as_it_is_now(told, HEAD, replace(MEMBER, **member), NOW)

    added, muted = now("ADDED"), now("MUTED", muted_until=NOW + 1)
    assert added
    assert added.role == "moderator"
    assert muted
    assert muted.muted_until == NOW + 1
    over = now("MUTED", muted_until=NOW)
    assert over
    assert over.muted_until is None


def test_that_a_room_has_ended_is_told_where_it_has() -> None:
    told = PersonEvent(user_id="bob", id="e", kind="ROOM_ENDED", ts=NOW, room_id="lobby")
    assert as_it_is_now(told, ENDED, MEMBER, NOW) == as_it_is_now(told, ENDED, None, NOW) == told
    assert as_it_is_now(told, HEAD, MEMBER, NOW) is None


def test_a_mention_is_told_while_the_message_is_there_and_still_mentions_who_may_see_it() -> None:
    told = PersonEvent(user_id="bob", id="mention.m1", kind="MENTIONED", ts=NOW, room_id="lobby")

    def now(message: Message | None, head: Any = HEAD, **member: Any) -> bool:
        return as_it_is_now(told, head, replace(MEMBER, **member), NOW, message) is not None

    assert now(mentioning("bob"))
    assert not now(mentioning("cay"))
    assert not now(mentioning("bob", removed_at=NOW))
    assert not now(None)
    assert not now(mentioning("bob"), status="left")
    from_joining = replace(HEAD, history_from="joining")
    assert now(mentioning("bob"), from_joining, joined_seq=6)
    assert not now(mentioning("bob"), from_joining, joined_seq=7)
    assert now(mentioning("bob"), HEAD, joined_seq=7)


@pytest.mark.parametrize("kind", get_args(PrivacyEventKind))
def test_somebody_is_told_of_a_request_when_it_is_made_and_of_nothing_else(kind: Any) -> None:
    told = request_event(PrivacyEvent(id="r.1", kind=kind, ts=7, request_id="r", user_id="bob"))
    if kind != "chat.privacy.requested":
        assert told is None
        return
    assert told is not None
    assert (told.kind, told.user_id, told.id, told.ts) == ("DATA_REQUESTED", "bob", "request.r", 7)
    assert told.to_wire(3)["roomId"] is None
