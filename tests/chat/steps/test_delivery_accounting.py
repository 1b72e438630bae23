"""What a heartbeat makes of one room's receipts, whatever comes in whatever order."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chat.rules.models import Head, Receipts
from chat.steps.delivery_accounting import SETTLING_MS, ClientReport, account, confirm_ms, count_deliveries
from chat.steps.ledger import LONGEST_MS, DeliveryCount

NOON = 1_800_000_000_000
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),  # messages that came
        st.integers(0, 60_000),  # milliseconds that passed
        st.integers(0, 40),  # what the client says that it has
        st.booleans(),  # whether it is connected
        st.integers(0, 3),  # how much the look was behind
    ),
    max_size=30,
)


def report(
    seq: int, newest: int, *, now: int = NOON, connected: bool = True, joined: int = 0
) -> ClientReport:
    head = Head(rev=1, seq=newest, ts=now - 400, epoch=1)
    return ClientReport(head=head, seq=seq, ts=None, joined_seq=joined, connected=connected, now=now)


@given(steps=STEPS, joined=st.integers(0, 10))
def test_markers_only_grow_and_no_message_is_counted_twice(
    steps: list[tuple[int, int, int, bool, int]], joined: int
) -> None:
    at, newest, now, total = Receipts(), 0, NOON, DeliveryCount()
    for came, passed, says, connected, behind in steps:
        newest, now = newest + came, now + passed
        seen = max(0, newest - behind)
        client_report = report(min(says, seen), seen, now=now, connected=connected, joined=joined)
        after = account(at, client_report)
        adds = count_deliveries(at, after, client_report)
        for name in ("delivered_seq", "accounted_seq", "due_seq"):
            assert getattr(after, name) >= getattr(at, name)
        assert after.accounted_seq <= after.due_seq <= newest
        assert 0 <= adds.delivered <= adds.due
        assert account(after, client_report) == after
        assert count_deliveries(after, after, client_report) == DeliveryCount()
        total = DeliveryCount(total.due + adds.due, total.delivered + adds.delivered)
        at = after
    assert total.delivered <= total.due <= max(0, newest - joined)


def test_a_message_that_came_between_heartbeats_is_due_at_the_one_after() -> None:
    first = account(Receipts(), report(3, 3, connected=False))
    assert first == Receipts(delivered_seq=3, due_seq=3, accounted_seq=3, due_at=NOON)
    client_report = report(3, 5, now=NOON + 30_000)
    second = account(first, client_report)
    assert count_deliveries(first, second, client_report) == DeliveryCount()
    client_report = report(4, 5, now=NOON + 60_000)
    third = account(second, client_report)
    assert count_deliveries(second, third, client_report) == DeliveryCount(due=2, delivered=1)


def test_what_was_noted_a_moment_ago_has_time_to_arrive() -> None:
    noted = Receipts(delivered_seq=3, accounted_seq=3, due_seq=5, due_at=NOON)
    early = report(3, 6, now=NOON + SETTLING_MS - 1)
    assert account(noted, early) == noted
    client_report = report(6, 6, now=NOON + SETTLING_MS)
    after = account(noted, client_report)
    assert (after.accounted_seq, after.due_seq) == (5, 6)
    assert replace(count_deliveries(noted, after, client_report), confirm_ms=None) == DeliveryCount(
        due=2, delivered=2
    )


def test_after_an_absence_nothing_is_judged_and_it_starts_at_the_head() -> None:
    noted = Receipts(delivered_seq=3, accounted_seq=3, due_seq=5, due_at=NOON)
    client_report = report(3, 9, now=NOON + 3_600_000, connected=False)
    after = account(noted, client_report)
    assert (after.accounted_seq, after.due_seq, after.due_at) == (9, 9, NOON + 3_600_000)
    assert count_deliveries(noted, after, client_report) == DeliveryCount()


def test_messages_from_before_somebody_came_were_not_due_to_them() -> None:
    noted = Receipts(accounted_seq=2, due_seq=9, due_at=NOON)
    client_report = report(9, 9, now=NOON + 30_000, joined=7)
    assert count_deliveries(noted, account(noted, client_report), client_report).due == 2


@pytest.mark.parametrize("jump", [-3_600_000, 3_600_000])
def test_a_clock_that_jumps_delays_no_judgement(jump: int) -> None:
    noted = Receipts(accounted_seq=3, due_seq=5, due_at=NOON)
    assert account(noted, report(5, 5, now=NOON + jump)).accounted_seq == 5


def test_an_unchanged_room_needs_no_write() -> None:
    settled = Receipts(delivered_seq=5, accounted_seq=5, due_seq=5, due_at=NOON)
    for connected in (True, False):
        assert account(settled, report(5, 5, now=NOON + 40_000, connected=connected)) == settled


def took(before: Receipts, client_report: ClientReport) -> int | None:
    return confirm_ms(before, account(before, client_report), client_report)


def test_the_time_of_a_delivery_is_from_the_messages_instant_to_its_first_confirmation() -> None:
    before = Receipts(delivered_seq=3, accounted_seq=3, due_seq=3)
    assert took(before, report(4, 4)) == 400
    assert took(replace(before, delivered_seq=4), report(4, 4)) is None


def test_an_older_message_needs_its_instant_which_is_believed_within_what_can_be() -> None:
    before, client_report = Receipts(delivered_seq=3, accounted_seq=3, due_seq=3), report(4, 6)
    assert took(before, client_report) is None
    assert took(before, replace(client_report, ts=NOON - 700)) == 700
    assert took(before, replace(client_report, ts=NOON - 399)) is None  # later than the room's newest
    assert took(before, replace(client_report, ts=NOON - LONGEST_MS - 1)) is None
    assert took(before, replace(client_report, ts=-(10**15))) is None


def test_what_came_while_nobody_was_connected_has_no_time() -> None:
    assert took(Receipts(), report(4, 4, connected=False)) is None
    assert took(Receipts(accounted_seq=4, due_seq=4), report(4, 4)) is None
    assert took(Receipts(), report(4, 4, joined=4)) is None


def test_a_clock_behind_the_senders_measures_nothing_less_than_nothing() -> None:
    client_report = report(4, 4)
    ahead = replace(client_report, head=replace(client_report.head, ts=NOON + 50))
    assert took(Receipts(accounted_seq=3, due_seq=3), ahead) == 0
