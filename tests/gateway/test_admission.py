"""Connections without a token never keep out those with one, nor one address those of others."""

import pytest

from gateway.admission import Admission, AdmissionLimits, Arrival, address_of


class Door:
    """An admission, and who was displaced."""

    def __init__(self, *, waiting: int = 100, per_address: int = 100, others: int = 100) -> None:
        self.displaced: list[str] = []
        self.count = 0
        self.admission = Admission(AdmissionLimits(waiting, per_address, others), self._counted)

    def _counted(self) -> None:
        self.count += 1

    def comes(self, name: str, address: str = "192.0.2.1") -> Arrival:
        return self.admission.arrived(address, 0.0, lambda: self.displaced.append(name))


def test_whoever_comes_when_the_budget_is_used_up_displaces_the_oldest() -> None:
    door = Door(waiting=2)
    for name in "abc":
        door.comes(name)
    assert (door.displaced, door.count, door.admission.waiting) == (["a"], 1, 2)


def test_an_address_displaces_its_own() -> None:
    door = Door(waiting=3)
    door.comes("good", "198.51.100.1")
    for name in "abcd":
        door.comes(name)
    assert door.displaced == ["a", "b"]
    door.comes("another", "198.51.100.2")
    assert door.displaced == ["a", "b", "c"]


def test_an_address_has_a_budget_of_its_own_unless_it_is_not_known_yet() -> None:
    door = Door(per_address=1)
    door.comes("a")
    door.comes("b")
    assert door.displaced == ["a"]
    first, second = door.comes("c", ""), door.comes("d", "")
    assert door.displaced == ["a"]
    assert first.locate("192.0.2.9")
    assert second.locate("192.0.2.9")
    assert door.displaced == ["a", "c"]


def test_whoever_brought_a_token_is_not_displaced() -> None:
    door = Door(waiting=1)
    verifying, known = door.comes("verifying"), door.comes("known")
    assert door.displaced == ["verifying"]
    verifying = door.comes("verifying")
    verifying.verifying()
    known = door.comes("known")
    known.verifying()
    known.known()
    for name in "abc":
        door.comes(name)
    assert door.displaced == ["verifying", "known", "a", "b"]
    assert (door.admission.known, door.admission.waiting) == (1, 1)


def test_one_address_has_so_many_with_a_token_and_no_more() -> None:
    door = Door(others=1)
    one = door.comes("one")
    assert one.locate("192.0.2.1")
    one.known()
    assert not door.comes("other").locate("192.0.2.1")
    assert door.comes("elsewhere", "192.0.2.2").locate("192.0.2.2")
    one.left()
    assert door.comes("later").locate("192.0.2.1")


def test_whoever_left_is_counted_no_more_whatever_became_of_them() -> None:
    door = Door(waiting=1)
    displaced, waiting = door.comes("a"), door.comes("b")
    verifying, known = door.comes("c"), None
    verifying.verifying()
    known = door.comes("d")
    known.verifying()
    known.known()
    for each in (displaced, waiting, verifying, known):
        each.left()
        each.left()
        each.known()
        each.verifying()
    assert (door.admission.waiting, door.admission.known, dict(door.admission.others)) == (0, 0, {})


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ([], 0, "192.0.2.1"),
        (["203.0.113.7"], 0, "192.0.2.1"),
        (["203.0.113.7"], 1, "203.0.113.7"),
        (["10.0.0.1, 203.0.113.7"], 1, "203.0.113.7"),
        (["10.0.0.1", "203.0.113.7"], 1, "203.0.113.7"),
        (["10.0.0.1, 203.0.113.7, 198.51.100.1"], 2, "203.0.113.7"),
        (["203.0.113.7"], 2, "192.0.2.1"),
        ([], 1, "192.0.2.1"),
        (["unknown"], 1, "192.0.2.1"),
        (["203.0.113.7:4711"], 1, "203.0.113.7"),
        (["2001:db8:1:2:3:4:5:6"], 1, "2001:db8:1:2::/64"),
        (["[2001:db8:1:2:ffff::1]:4711"], 1, "2001:db8:1:2::/64"),
        (["::ffff:203.0.113.7"], 1, "203.0.113.7"),
    ],
)
def test_an_address_is_what_the_nearest_trusted_proxy_says(
    forwarded: list[str], proxies: int, address: str
) -> None:
    assert address_of("192.0.2.1", forwarded, proxies) == address


def test_a_peer_without_an_address_has_its_name() -> None:
    assert address_of("", [], 0) == ""
