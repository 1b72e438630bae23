"""A deployment that is moved from release to release, whatever fails on the way."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.storage.aws import TransientFailure
from releases.aliases import Target
from releases.canary import AlarmState, Canary
from releases.record import Deployed, Refused
from releases.run import Reverted, Source, Unsettled
from tests.releases.doubles import (
    ALARMS,
    COMMIT,
    MODULES,
    OTHER_COMMIT,
    Died,
    Rig,
    published,
    write_packages,
)

ONE, TWO, THREE = published(1), published(2), published(3)
CANARY = Canary(minutes=10, weights=(0.1, 0.5))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "dev")


def test_the_first_release_is_live_as_terraform_made_it(rig: Rig) -> None:
    assert rig.deploy(ONE) == 1
    assert (rig.cloud.writes, rig.books.ledger().live) == (0, (1,))


def test_a_release_moves_all_and_going_back_moves_all_back(rig: Rig) -> None:
    rig.deploy(ONE)
    assert rig.publish(TWO, OTHER_COMMIT) == 2
    assert rig.cloud.at(ONE)
    rig.operator.go(None)
    assert rig.cloud.at(TWO)
    rig.operator.back()
    assert rig.cloud.at(ONE)
    assert (rig.books.ledger().live, rig.cloud.writes) == ((1,), 2 * len(MODULES))


def test_going_back_twice_goes_to_the_release_before_that(rig: Rig) -> None:
    for deployed in (ONE, TWO, THREE):
        rig.deploy(deployed)
    rig.operator.back()
    rig.operator.back()
    assert rig.cloud.at(ONE)
    with pytest.raises(Refused, match="There is no release before 1: nothing was moved"):
        rig.operator.back()
    assert rig.cloud.at(ONE)


def test_without_any_release_nothing_is_done(rig: Rig) -> None:
    for command in (rig.operator.back, lambda: rig.operator.go(None), rig.operator.prove, rig.operator.drift):
        with pytest.raises(Refused, match="There is no release yet"):
            command()


def test_what_was_taken_back_does_not_go_live_again_by_itself(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.deploy(TWO)
    rig.operator.back()
    with pytest.raises(Refused, match="Release 2 was taken back"):
        rig.operator.go(None)
    assert rig.deploy(TWO) == 3
    assert (rig.cloud.at(TWO), rig.books.ledger().live) == (True, (1, 3))


def test_the_same_is_one_release_however_often_it_is_recorded(rig: Rig) -> None:
    assert [rig.deploy(ONE), rig.deploy(ONE), rig.deploy(TWO), rig.publish(TWO)] == [1, 1, 2, 2]


def test_what_was_live_before_there_were_releases_is_the_first(rig: Rig) -> None:
    rig.cloud.create(ONE)
    assert rig.deploy(TWO) == 2
    assert rig.cloud.at(TWO)
    rig.operator.back()
    assert rig.cloud.at(ONE)
    assert rig.books.release(1).commit == ""


def test_a_function_that_is_new_or_was_removed_stays_out_of_going_back(rig: Rig) -> None:
    rig.deploy(published(1, modules=("kept", "removed")))
    changed = published(2, modules=("kept", "new"), schema="another")
    del rig.cloud.places["chat-dev-removed"]
    rig.deploy(changed)
    rig.operator.back()
    assert rig.cloud.places == {"chat-dev-kept": Target("1"), "chat-dev-new": Target("2")}
    assert "The schema stays that of release 2." in rig.told


def test_what_fails_is_named_and_the_same_command_once_more_goes_on(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.deploy(TWO)

    def fail(_: int) -> None:
        raise TransientFailure("TooManyRequestsException")

    rig.cloud.before_write = fail
    with pytest.raises(Unsettled, match=r"chat-dev-field_00 \(TooManyRequestsException\).*goes on"):
        rig.operator.back()
    rig.cloud.before_write = lambda _: None
    with pytest.raises(Refused, match="A move back to release 1 is under way: `make rollback` ends it"):
        rig.operator.record(THREE, COMMIT, clean=True, folder=None)
    rig.operator.back()
    assert rig.cloud.at(ONE)


def test_what_somebody_moved_by_hand_is_found_and_mended(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.deploy(TWO)
    assert rig.operator.drift() == []
    rig.cloud.places["chat-dev-field_07"] = Target("2", "1", 0.5)
    assert rig.operator.drift() == ["chat-dev-field_07"]
    assert "Release 2 is live, of commit " + COMMIT + ", not proven." in rig.told
    rig.cloud.places["chat-dev-field_07"] = Target("9")
    rig.operator.back()
    assert rig.cloud.at(ONE)


def test_a_canary_that_nothing_rings_for_gets_all_calls_in_the_end(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.publish(TWO)
    seen: list[Target] = []

    def said(_: int) -> dict[str, AlarmState]:
        seen.append(rig.cloud.places["chat-dev-field_00"])
        return dict.fromkeys(ALARMS, "OK")

    rig.bells.said = said
    rig.operator.go(CANARY)
    assert rig.cloud.at(TWO)
    assert list(dict.fromkeys(seen)) == [Target("1"), Target("1", "2", 0.1), Target("1", "2", 0.5)]


def test_a_canary_is_taken_back_by_an_alarm(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.publish(TWO)
    rig.bells.said = lambda number: {ALARMS[0]: "OK", ALARMS[1]: "ALARM" if number > 5 else "OK"}
    with pytest.raises(Reverted, match=r"Release 2 was taken back. In alarm: chat-dev-internal-error-all\."):
        rig.operator.go(CANARY)
    assert (rig.cloud.at(ONE), rig.books.ledger().live) == (True, (1,))


def test_no_canary_begins_that_could_not_be_judged(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.publish(TWO)
    rig.bells.said = lambda _: {ALARMS[0]: "ALARM", ALARMS[1]: "OK"}
    with pytest.raises(Refused, match="In alarm before the canary began: chat-dev-slo"):
        rig.operator.go(CANARY)
    assert (rig.cloud.writes, rig.books.ledger().move) == (0, None)


def test_somebody_who_goes_back_during_a_canary_has_the_last_word(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.publish(TWO)

    def said(number: int) -> dict[str, AlarmState]:
        if number == 6:
            rig.operator.back()
        return dict.fromkeys(ALARMS, "OK")

    rig.bells.said = said
    with pytest.raises(Refused, match="Somebody else releases or rolls back here"):
        rig.operator.go(CANARY)
    assert (rig.cloud.at(ONE), rig.books.ledger().live, rig.books.ledger().move) == (True, (1,), None)


def test_somebody_who_goes_back_while_aliases_move_forward_has_the_last_word(rig: Rig) -> None:
    """The one that moves forward holds a write until the one that goes back has read all aliases once."""
    rig.deploy(ONE)
    rig.publish(TWO)
    back = threading.Thread(target=rig.operator.back)

    def hold(number: int) -> None:
        if number == 10 and not back.ident:
            back.start()
            back.join()

    rig.cloud.before_write = hold
    with pytest.raises(Unsettled, match="Superseded"):
        rig.operator.go(None)
    rig.cloud.before_write = lambda _: None
    stray = rig.operator.drift()
    assert len(stray) <= 8
    assert rig.books.ledger().live == (1,)


FEW = MODULES[:9]
"""One more than are moved at once."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deploy", "canary", "back"]),
        st.integers(1, 30),
        st.sampled_from(["die", "fail", ""]),
    ),
    max_size=8,
)


@settings(max_examples=25)
@given(STEPS)
def test_whatever_stops_whichever_commands_all_aliases_end_at_one_release(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]]
) -> None:
    """Programs die or have requests refused from any write on; the last command is given again until it goes through."""
    rig = Rig(tmp_path_factory.mktemp("any"))
    made: dict[int, Deployed] = {rig.deploy(published(1, modules=FEW)): published(1, modules=FEW)}
    for place, (command, at, what) in enumerate(steps, start=2):
        begun = rig.cloud.writes

        def stop(number: int, begun: int = begun, at: int = at, what: str = what) -> None:
            if what and number - begun >= at:
                raise Died if what == "die" else TransientFailure("ThrottlingException")

        rig.cloud.before_write = stop
        try:
            if command == "back":
                rig.operator.back()
            else:
                deployed = published(place, modules=FEW)
                made[rig.publish(deployed)] = deployed
                rig.operator.go(Canary(minutes=1, weights=(0.1, 0.5)) if command == "canary" else None)
        except (Died, Refused, Unsettled):
            pass
    rig.cloud.before_write = lambda _: None
    ledger = rig.books.ledger()
    if ledger.move is not None:
        (rig.operator.go if ledger.move.kind == "forward" else lambda _: rig.operator.back())(None)
    ledger = rig.books.ledger()
    assert ledger.move is None
    assert rig.cloud.at(made[ledger.present])


def promote(source: Rig, target: Rig, deployed: Deployed, folder: Path | None = None) -> int:
    target.cloud.create(deployed)
    came_from = Source("dev", source.books)
    return target.operator.record(deployed, COMMIT, clean=True, folder=folder, source=came_from).number


def test_only_what_is_proven_is_promoted_and_only_its_bytes(rig: Rig, tmp_path: Path) -> None:
    staging = Rig(tmp_path / "staging")
    rig.deploy(published(5, bytes_="same"))
    with pytest.raises(Refused, match="Release 1 of dev is live, but nothing has proven it"):
        promote(rig, staging, published(1, bytes_="same"))
    rig.operator.prove()
    with pytest.raises(
        Refused, match=r"layer-chat\.zip holds other bytes here than in release 1 of dev: no alias was moved"
    ):
        promote(rig, staging, published(1, bytes_="another"))
    with pytest.raises(Refused, match=r"functions/extra.zip is no part of release 1 of dev"):
        promote(rig, staging, published(1, bytes_="same", modules=(*MODULES, "extra")))
    assert staging.books.ledger().made == 0
    promote(rig, staging, published(1, bytes_="same"))
    came_from = staging.books.release(1).came_from
    assert came_from is not None
    assert (came_from.environment, came_from.number) == ("dev", 1)


def test_what_staging_was_given_by_hand_goes_no_further(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.operator.prove()
    with pytest.raises(Refused, match="Release 1 of staging was not promoted, so dev has not proven it"):
        Source("staging", rig.books).release()


def test_files_that_no_commit_holds_go_no_further(rig: Rig) -> None:
    rig.cloud.create(ONE)
    rig.operator.record(ONE, COMMIT, clean=False, folder=None)
    rig.operator.prove()
    with pytest.raises(Refused, match="was made of files that no commit holds"):
        Source("dev", rig.books).release()


def test_nothing_is_promoted_or_proven_while_a_move_is_under_way(rig: Rig) -> None:
    rig.deploy(ONE)
    rig.operator.prove()
    rig.publish(TWO)

    def die(_: int) -> None:
        raise Died

    rig.cloud.before_write = die
    with pytest.raises(Died):
        rig.operator.go(None)
    for command in (rig.operator.prove, Source("dev", rig.books).release):
        with pytest.raises(Refused, match="A move forward to release 2 is under way"):
            command()


def test_packages_are_kept_by_their_sums_and_other_bytes_are_refused(rig: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    deployed = published(1, bytes_="these")
    rig.cloud.create(deployed)
    write_packages(folder, "those")
    with pytest.raises(Refused, match="is not what was deployed"):
        rig.operator.record(deployed, COMMIT, clean=True, folder=folder)
    write_packages(folder, "these")
    rig.operator.record(deployed, COMMIT, clean=True, folder=folder)
    kept = {path.name for path in (rig.folder / "packages").iterdir()}
    assert kept == {f"{sum_}.zip" for sum_ in deployed.files().values()}
