"""Unread is what lies above all markers, whatever came in which order."""

import hypothesis.strategies as st
from hypothesis import given

from chat.rules.models import Head, Member, Receipts
from chat.rules.unread import unread

SEQ = st.integers(0, 30)


def head(seq: int) -> Head:
    return Head(rev=1, seq=seq, ts=0, epoch=1)


@given(newest=SEQ, read=SEQ, sent=SEQ, joined=SEQ)
def test_it_equals_a_count_of_the_messages_above_every_marker(
    newest: int, read: int, sent: int, joined: int
) -> None:
    counted = [seq for seq in range(1, newest + 1) if seq > read and seq > sent and seq > joined]
    member = Member(last_sent_seq=sent, joined_seq=joined)
    assert unread(head(newest), member, Receipts(last_read_seq=read)) == len(counted)


def test_without_receipts_everything_since_the_joining_is_unread() -> None:
    assert unread(head(7), Member(), None) == 7
    assert unread(head(7), Member(joined_seq=5), None) == 2


def test_what_is_shared_with_others_does_not_count() -> None:
    assert unread(head(7), Member(), Receipts(read_seq=7, delivered_seq=7)) == 7
