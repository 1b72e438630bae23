"""In a room whose history is visible from joining the number at the last joining decides, and nothing else."""

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from chat.rules.access import RoomAccess
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head, Member, Message
from chat.rules.permissions import PERMISSIONS, Standing
from chat.rules.visibility import Sight, first_visible, first_visible_to, judged_member, published

NOON = 1_769_860_800_000
OPEN = Head(rev=9, seq=9, ts=0, epoch=1)
HIDING = replace(OPEN, history_from="joining")
SEQ = st.integers(0, 30)
READERS = sorted(standing for standing, may in PERMISSIONS.items() if "read" in may)


@given(joined=SEQ)
def test_from_the_beginning_everybody_sees_all(joined: int) -> None:
    assert first_visible(OPEN, Member(joined_seq=joined)) == 1


@given(joined=SEQ)
def test_from_joining_the_first_is_the_one_after_the_joining(joined: int) -> None:
    assert first_visible(HIDING, Member(joined_seq=joined)) == joined + 1


@given(joined=SEQ, sent=SEQ)
def test_what_one_sent_oneself_before_counts_for_nothing(joined: int, sent: int) -> None:
    assert first_visible(HIDING, Member(joined_seq=joined, last_sent_seq=sent)) == joined + 1


def test_who_made_the_room_sees_all() -> None:
    assert first_visible(HIDING, Member(role="owner")) == 1


def test_whoever_is_no_member_is_hidden_nothing() -> None:
    assert first_visible(HIDING, None) == 1


def test_a_room_without_a_head_hides_nothing() -> None:
    assert first_visible(None, Member(joined_seq=5)) == 1


@given(standing=st.sampled_from(READERS), joined=SEQ)
def test_of_all_readers_administrators_and_the_gateway_alone_see_all(standing: Standing, joined: int) -> None:
    seen_from = first_visible_to(RoomAccess(HIDING, Member(joined_seq=joined), standing))
    assert seen_from == (1 if standing in ("admin", "gateway") else joined + 1)


def test_what_is_stored_of_a_room_says_it() -> None:
    item = {name: {"N": "1"} for name in ("rev", "seq", "ts", "epoch")}
    assert Head.of(item).history_from is None
    assert Head.of(item | {"historyFrom": {"S": "joining"}}).history_from == "joining"
    assert HIDING.ruled({"historyFrom": None}).history_from is None


LATER = Member(joined_seq=5, joined_ts=50)


@given(rev=SEQ, seq=SEQ)
def test_whoever_was_there_from_the_first_message_on_never_holds_another_part(rev: int, seq: int) -> None:
    head = replace(HIDING, history_rev=20)
    assert not Sight(head, Member()).is_outdated(seq, seq, rev)
    assert not Sight(head, None).is_outdated(seq, seq, rev)


@given(rev=SEQ, seq=SEQ)
def test_since_the_rule_was_changed_whoever_joined_later_reads_afresh(rev: int, seq: int) -> None:
    for head in (OPEN, HIDING):
        switched = Sight(replace(head, history_rev=20), LATER)
        if rev < 20:
            assert switched.is_outdated(seq, 0, rev)
    assert not Sight(replace(OPEN, history_rev=20), LATER).is_outdated(seq, 0, 20)


def test_what_is_held_from_before_the_joining_is_read_afresh_where_that_counts() -> None:
    hiding, open_one = Sight(HIDING, LATER), Sight(OPEN, LATER)
    assert [hiding.is_outdated(seq, 0, 9) for seq in (4, 5, 6)] == [True, False, False]
    assert not open_one.is_outdated(4, 0, 9)
    assert [hiding.is_outdated(None, ts, 9) for ts in (49, 50)] == [True, False]
    assert Sight(HIDING, Member(joined_seq=5)).is_outdated(None, 99, 9)  # by an instant that is not known


def test_what_is_held_from_before_an_earlier_joining_is_outdated_even_where_nothing_came_since() -> None:
    again = Sight(HIDING, replace(LATER, joined_rev=8))
    assert [again.is_outdated(5, 50, rev) for rev in (7, 8)] == [True, False]
    assert again.is_outdated(4, 49, 9)  # whatever `rev` a client names


def test_a_membership_from_after_the_head_hides_whatever_that_says() -> None:
    assert first_visible(OPEN, replace(LATER, joined_epoch=2)) == 6
    assert first_visible(replace(OPEN, epoch=2), replace(LATER, joined_epoch=2)) == 1


def test_an_administrators_membership_hides_nothing() -> None:
    assert judged_member(Caller("root", frozenset({"admin"})), LATER) is None
    assert judged_member(Caller("bob"), LATER) is LATER


CHANGED = Message(
    id="m-1", room_id="GUILD#x", room_type="guild", guild_id="x", sender_id="ann", text="secret", ts=NOON, seq=4, epoch=2,
    client_message_id="c-1", rev=9, version=2, edited_at=NOON, attachments="[]", history_from="joining",
)  # fmt: skip


def test_of_a_changed_message_everybody_is_told_which_it_is_and_no_more() -> None:
    told = {name: value for name, value in published(CHANGED, "mona").to_wire().items() if value is not None}
    assert told == {
        "id": "m-1", "roomId": "GUILD#x", "roomType": "guild", "guildId": "x", "senderId": "mona", "seq": 4, "epoch": 2,
        "rev": 9, "ts": to_wire(NOON),
    }  # fmt: skip
    removed = published(replace(CHANGED, text=None, removed_at=NOON), "mona").to_wire()
    assert removed["removedAt"] == to_wire(NOON)


def test_a_message_that_is_visible_to_all_is_told_whole() -> None:
    whole = replace(CHANGED, history_from=None)
    assert published(whole, "mona") is whole


def test_one_that_was_not_changed_is_told_to_nobody_else() -> None:
    unchanged = replace(CHANGED, rev=None)
    assert published(unchanged, "ann") == replace(unchanged, epoch=None)
