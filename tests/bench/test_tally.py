"""What the load client counts: a lost, repeated or late message cannot pass for a good one."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from bench.gateway.tally import Inbox, Tally, quantile_ms


def told(*seqs: int) -> Tally:
    """One client that received these, one after the other."""
    tally, inbox = Tally(), Inbox()
    for seq in seqs:
        tally.messages(inbox, [(seq, 0)], 5, is_replay=False)
    return tally


def counts(tally: Tally) -> tuple[int, int, int]:
    return tally.received, tally.twice, tally.disordered


def test_messages_in_order_are_received_and_nothing_else() -> None:
    assert counts(told(1, 2, 3)) == (3, 0, 0)


def test_a_hole_is_not_received() -> None:
    assert counts(told(1, 3, 4)) == (3, 0, 0)


def test_what_comes_after_a_later_one_is_received_and_disordered() -> None:
    assert counts(told(1, 3, 2, 4)) == (4, 0, 1)


def test_what_was_there_already_is_twice_and_not_received_again() -> None:
    assert counts(told(1, 2, 2, 1, 3)) == (3, 2, 0)


def test_what_came_late_and_comes_again_is_twice() -> None:
    assert counts(told(1, 3, 2, 2)) == (3, 1, 1)


def test_clients_are_judged_each_by_itself() -> None:
    tally, one, other = Tally(), Inbox(), Inbox()
    tally.messages(one, [(1, 0), (2, 0)], 5, is_replay=False)
    tally.messages(other, [(1, 0)], 5, is_replay=True)
    assert counts(tally) == (3, 0, 0)
    assert tally.replayed == 1


def test_latency_is_from_the_intended_instant_of_each_message() -> None:
    tally = Tally()
    tally.messages(Inbox(), [(1, 100), (2, 250)], 300, is_replay=False)
    assert list(tally.latencies) == [200, 50]


@given(st.lists(st.integers(1, 12)))
def test_every_message_is_received_once_however_they_come(seqs: list[int]) -> None:
    tally = told(*seqs)
    assert tally.received == len(set(seqs)) == len(tally.latencies)
    assert tally.twice == len(seqs) - len(set(seqs))
    highest = [max(seqs[:index], default=0) for index in range(len(seqs))]
    first = [seqs.index(seq) == index for index, seq in enumerate(seqs)]
    late = sum(new and seq < top for seq, top, new in zip(seqs, highest, first, strict=True))
    assert tally.disordered == late


def test_quantiles_are_of_all_latencies_not_of_the_last() -> None:
    latencies = array("q", [each * 1_000_000 for each in range(100, 0, -1)])
    assert [quantile_ms(latencies, share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [1, 51, 96, 100, 100]
