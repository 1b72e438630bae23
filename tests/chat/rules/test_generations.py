"""Generations of the tables: whoever was told something before is told nothing of the same name afterwards."""

from dataclasses import replace

import pytest

from chat.rules.generations import (
    LEAP,
    MOST_GENERATIONS,
    ended_epoch,
    generation_of,
    in_generation,
    is_from_before,
    published_again,
)
from chat.rules.models import Head, Item, Member, Message

ITEM: Item = {"rev": {"N": "7"}, "epoch": {"N": "3"}, "seq": {"N": "5"}, "name": {"S": "Lobby"}}


def item(generation: int) -> Item:
    return ITEM | {"generation": {"N": str(generation)}}


def head(generation: int, epoch: int) -> Head:
    return Head(rev=7, seq=5, ts=0, epoch=epoch, generation=generation, generation_rev=7)


def message(epoch: int | None) -> Message:
    return Message(id="m", room_id="lobby", room_type="general", sender_id="ann", ts=0, seq=5, epoch=epoch)


def test_a_leap_is_a_million_and_the_last_generation_still_fits_an_int_of_graphql() -> None:
    """The numbers are stored: they stay what they are."""
    assert (LEAP, MOST_GENERATIONS) == (1_048_576, 1_024)
    assert (MOST_GENERATIONS - 1) * LEAP + 1_000_000_000 < 2**31


def test_a_head_of_this_generation_or_a_later_one_is_itself() -> None:
    assert in_generation(ITEM, 1) == ITEM
    for generation in (2, 3):
        assert in_generation(item(3), generation) == item(3)
    assert in_generation(item(3), 1) == item(3)


@pytest.mark.parametrize(("stored", "generation", "leaps"), [(ITEM, 2, 1), (item(1), 4, 3), (item(3), 4, 1)])
def test_a_head_that_is_behind_leaps_once_for_each_generation(
    stored: Item, generation: int, leaps: int
) -> None:
    rev, epoch = 7 + leaps * LEAP, 3 + leaps * LEAP
    assert in_generation(stored, generation) == ITEM | {
        "rev": {"N": str(rev)},
        "epoch": {"N": str(epoch)},
        "generation": {"N": str(generation)},
        "generationRev": {"N": str(rev)},
    }


def test_a_head_from_before_there_were_generations_is_of_the_first() -> None:
    assert (generation_of(ITEM), generation_of(item(5))) == (1, 5)


def test_who_holds_a_lower_revision_than_the_generation_began_with_is_from_before() -> None:
    assert [is_from_before(rev, head(2, LEAP + 1)) for rev in (6, 7, 8)] == [True, False, False]


EPOCHS = [
    (1, 3, 1, True),
    (1, LEAP + 5, 1, True),
    (2, LEAP + 3, LEAP, False),
    (2, LEAP + 3, LEAP + 1, True),
    (2, LEAP + 1, LEAP + 1, True),
    (2, 2 * LEAP, LEAP + 1, True),
    (2, LEAP + 1, 2 * LEAP, True),
    (2, LEAP + 3, 2 * LEAP + 1, False),
    (3, 2 * LEAP + 1, 2 * LEAP, False),
    (3, 2 * LEAP + 1, 2 * LEAP + 1, True),
]
"""The generation of a room and its epoch, another epoch, and whether that is of the same generation. The n-th
begins with epoch (n - 1) * LEAP + 1; in the first all are."""


@pytest.mark.parametrize(("generation", "now", "epoch", "same"), EPOCHS)
def test_nothing_is_published_in_an_epoch_of_an_earlier_generation(
    generation: int, now: int, epoch: int, same: bool
) -> None:
    room = head(generation, now)
    assert published_again(message(epoch), room).epoch == (max(epoch, now) if same else now)
    assert ended_epoch(Member(ended_epoch=epoch), room) == (epoch if same else None)


def test_nothing_is_published_again_in_an_epoch_that_has_ended() -> None:
    """Whoever has left may still have a subscription under it, and what is told has the reactions from after."""
    assert published_again(message(2), head(1, 3)).epoch == 3
    assert published_again(message(3), head(1, 3)).epoch == 3
    assert published_again(message(4), head(1, 3)).epoch == 4  # a head from before a change of the message
    from_joining = replace(head(1, 3), history_from="joining")
    assert published_again(message(2), from_joining).epoch is None  # in later ones not everybody may see it
    assert published_again(message(3), from_joining).epoch == 3


def test_what_never_had_an_epoch_gets_the_rooms_after_the_first_generation() -> None:
    first, second = head(1, 3), head(2, LEAP + 3)
    assert published_again(message(None), first) == message(None)
    assert published_again(message(None), second) == replace(message(None), epoch=LEAP + 3)
    assert ended_epoch(Member(), second) is None
