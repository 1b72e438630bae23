"""Somebody has read up to the highest of all their markers, whatever came in which order."""

import hypothesis.strategies as st
from hypothesis import given

from chat.rules.models import Head, Member, Receipts
from chat.rules.unread import read_up_to

SEQ = st.integers(0, 30)


def head(seq: int, adopted: int = 0) -> Head:
    return Head(rev=1, seq=seq, ts=0, epoch=1, adopted_seq=adopted)


@given(newest=SEQ, read=SEQ, sent=SEQ, joined=SEQ, adopted=SEQ)
def test_no_marker_is_above_it_and_one_of_them_is_it(
    newest: int, read: int, sent: int, joined: int, adopted: int
) -> None:
    member, receipts = Member(last_sent_seq=sent, joined_seq=joined), Receipts(last_read_seq=read)
    assert read_up_to(head(newest, adopted), member, receipts) == min(
        newest, max(read, sent, joined, adopted)
    )


def test_without_receipts_it_is_the_joining() -> None:
    assert read_up_to(head(7), Member(), None) == 0
    assert read_up_to(head(7), Member(joined_seq=5), None) == 5


def test_what_is_shared_with_others_does_not_count() -> None:
    assert read_up_to(head(7), Member(), Receipts(read_seq=7, delivered_seq=7)) == 0
