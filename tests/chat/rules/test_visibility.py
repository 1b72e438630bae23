"""In a room whose history is visible from joining the number at the last joining decides, and nothing else."""

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import given

from chat.rules.access import RoomAccess
from chat.rules.models import Head, Member
from chat.rules.permissions import PERMISSIONS, Standing
from chat.rules.visibility import first_visible, first_visible_to

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
