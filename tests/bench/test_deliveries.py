"""What the load client counts: a lost, repeated or late message cannot pass for a good one."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from bench.gateway.deliveries import Deliveries, Inbox, quantile_ms


def received(*seqs: int) -> Deliveries:
    """One client that received these, one after the other."""
    deliveries, inbox = Deliveries(), Inbox()
    for seq in seqs:
        deliveries.messages(inbox, [(seq, 0)], 5, is_replay=False)
    return deliveries


def counts(deliveries: Deliveries) -> tuple[int, int, int]:
    return deliveries.received, deliveries.duplicates, deliveries.out_of_order


def test_messages_in_order_are_received_and_nothing_else() -> None:
    assert counts(received(1, 2, 3)) == (3, 0, 0)


def test_a_gap_is_not_received() -> None:
    assert counts(received(1, 3, 4)) == (3, 0, 0)


def test_what_comes_after_a_later_one_is_received_and_out_of_order() -> None:
    assert counts(received(1, 3, 2, 4)) == (4, 0, 1)


def test_what_was_there_already_is_a_duplicate_and_not_received_again() -> None:
    assert counts(received(1, 2, 2, 1, 3)) == (3, 2, 0)


def test_what_came_late_and_comes_again_is_a_duplicate() -> None:
    assert counts(received(1, 3, 2, 2)) == (3, 1, 1)


def test_clients_are_counted_each_by_itself() -> None:
    deliveries, one, other = Deliveries(), Inbox(), Inbox()
    deliveries.messages(one, [(1, 0), (2, 0)], 5, is_replay=False)
    deliveries.messages(other, [(1, 0)], 5, is_replay=True)
    assert counts(deliveries) == (3, 0, 0)
    assert deliveries.replayed == 1


def test_latency_is_from_the_intended_instant_of_each_message() -> None:
    deliveries = Deliveries()
    deliveries.messages(Inbox(), [(1, 100), (2, 250)], 300, is_replay=False)
    assert list(deliveries.latencies) == [200, 50]


@given(st.lists(st.integers(1, 12)))
def test_every_message_is_received_once_however_they_come(seqs: list[int]) -> None:
    deliveries = received(*seqs)
    assert deliveries.received == len(set(seqs)) == len(deliveries.latencies)
    assert deliveries.duplicates == len(seqs) - len(set(seqs))
    highest = [max(seqs[:index], default=0) for index in range(len(seqs))]
    first = [seqs.index(seq) == index for index, seq in enumerate(seqs)]
    late = sum(new and seq < top for seq, top, new in zip(seqs, highest, first, strict=True))
    assert deliveries.out_of_order == late


def test_quantiles_are_of_all_latencies_not_of_the_last() -> None:
    latencies = array("q", [each * 1_000_000 for each in range(100, 0, -1)])
    assert [quantile_ms(latencies, share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [1, 51, 96, 100, 100]
