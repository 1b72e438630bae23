"""A deployment whose functions keep the rights that they need, from release to release."""

from dataclasses import replace
from pathlib import Path

import pytest

from releases.canary import Canary
from releases.record import Refused, Rights
from tests.releases.doubles import Died, Rig, published

ONE, TWO, THREE = published(1), published(2), published(3)
CANARY = Canary(minutes=10, weights=(0.1, 0.5))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "dev")


READS = {"field_00": Rights(needed=("dynamodb:Query ROOM#*",))}
RETIRES = {"field_00": Rights(needed=(), retired=READS["field_00"].needed)}
TAKES = {"field_00": Rights(needed=())}
LACKS = r"field_00: dynamodb:Query ROOM#\*"


def test_rights_of_the_live_release_are_not_taken_and_go_a_release_later(rig: Rig) -> None:
    rig.operator.check_rights(TAKES)  # there is no release yet
    rig.deploy(ONE, rights=READS)
    with pytest.raises(Refused, match=f"Release 1 has calls and needs rights.*{LACKS}"):
        rig.operator.check_rights(TAKES)
    rig.operator.check_rights(RETIRES)
    rig.deploy(TWO, rights=RETIRES)
    rig.operator.check_rights(TAKES)


def test_rights_of_a_release_that_has_a_share_of_the_calls_are_not_taken(rig: Rig) -> None:
    rig.deploy(ONE, rights=TAKES)
    rig.publish(TWO, rights=READS)

    def die(_: int) -> None:
        raise Died

    rig.cloud.before_write = die
    with pytest.raises(Died):
        rig.operator.go(CANARY)
    with pytest.raises(Refused, match=f"Release 2 has calls.*{LACKS}"):
        rig.operator.check_rights(TAKES)


def test_no_canary_leaves_calls_where_their_rights_are_gone(rig: Rig) -> None:
    rig.deploy(ONE, rights=READS)
    rig.publish(TWO, rights=TAKES)
    with pytest.raises(Refused, match=f"Release 1 would keep calls.*{LACKS}.*Go without a canary"):
        rig.operator.go(CANARY)
    assert (rig.cloud.writes, rig.books.ledger().move) == (0, None)
    rig.operator.go(None)
    assert rig.cloud.at(TWO)


def test_going_back_to_where_rights_are_gone_is_refused_unless_they_may_be_lost(rig: Rig) -> None:
    for deployed, rights in ((ONE, READS), (TWO, RETIRES), (THREE, TAKES)):
        rig.deploy(deployed, rights=rights)
    rig.operator.back()
    assert not any("rights" in line for line in rig.told)
    before, ledger = rig.cloud.writes, rig.books.ledger()
    with pytest.raises(
        Refused, match=f"Release 1 fails where its rights are gone: {LACKS}.*LOSE_RIGHTS=true"
    ):
        rig.operator.back()
    assert (rig.cloud.writes, rig.books.ledger()) == (before, ledger)
    replace(rig.operator, lose_rights=True).back()
    assert rig.cloud.at(ONE)
    assert "Release 1 fails where its rights are gone: field_00: dynamodb:Query ROOM#*." in rig.told


def test_back_to_a_release_that_still_has_calls_is_never_refused(rig: Rig) -> None:
    """Its rights were taken although it has calls, and the way on was stopped: back is no worse than staying."""
    rig.deploy(ONE, rights=READS)
    rig.publish(TWO, rights=TAKES)

    def die(_: int) -> None:
        raise Died

    rig.cloud.before_write = die
    with pytest.raises(Died):
        rig.operator.go(None)
    rig.cloud.before_write = lambda _: None
    rig.operator.back()
    assert rig.cloud.at(ONE)
    assert "Release 1 fails where its rights are gone: field_00: dynamodb:Query ROOM#*." in rig.told


KEY = "kms:Decrypt arn:aws:kms:eu-central-1:123456789012:key/1"
ON_A_KEY = {"field_00": Rights(needed=(KEY,))}


def test_a_right_that_a_variable_gave_is_not_taken_and_the_refusal_says_how_it_is_kept(rig: Rig) -> None:
    rig.deploy(ONE, rights=ON_A_KEY)
    with pytest.raises(Refused, match=r"Release 1 has calls.*field_00: kms:Decrypt arn.*retired_rights = \["):
        rig.operator.check_rights(TAKES)
    rig.operator.check_rights({"field_00": Rights(needed=(), retired=(KEY,))})
    replace(rig.operator, lose_rights=True).check_rights(TAKES)
    assert rig.told[-1] == f"Release 1 has calls and needs rights that this takes away: field_00: {KEY}."


def test_what_a_plan_does_not_know_is_told_and_not_refused(rig: Rig) -> None:
    rig.deploy(ONE, rights=ON_A_KEY)
    rig.operator.check_rights({"field_00": Rights(needed=(KEY,))})
    quiet = list(rig.told)
    rig.operator.check_rights({"field_00": Rights(needed=("kms:Decrypt *",))})
    assert rig.told == [*quiet, f"Whether release 1 keeps these shows when it is applied: field_00: {KEY}."]


def test_other_rights_make_another_release(rig: Rig) -> None:
    assert [rig.publish(ONE, rights=each) for each in (READS, READS, RETIRES)] == [1, 1, 2]
