"""Whom somebody has blocked neither adds them nor makes a room with them."""

import pytest

from chat.rules.errors import NotAllowed
from chat.steps.blocks import Block, block_place, refuse_blocked, still_not_blocked
from chat.storage.items import values
from chat.storage.places import Found

PEOPLE = ["ann", "bob", "cat"]


def test_a_block_lies_with_whoever_blocks_also_for_guilds_rooms() -> None:
    place = block_place("ann", "bob")
    assert (place.table, place.partition_key, place.sort_key) == ("core", "USER#ann", "BLOCK#bob")
    assert Block.of(values({"blockedAt": 7, "type": "Block"})) == Block(blocked_at=7)


def test_one_of_many_who_has_blocked_whoever_adds_them_is_enough() -> None:
    for user_id in PEOPLE:
        blocked: Found = {block_place(user_id, "dan"): {}}
        with pytest.raises(NotAllowed) as caught:
            refuse_blocked(blocked, PEOPLE, "dan")
        assert (caught.value.key, caught.value.values) == ("room.cannotBeAdded", {"reason": "cannotBeAdded"})


def test_a_block_of_somebody_else_or_by_somebody_else_keeps_nobody() -> None:
    others: Found = {block_place("ann", "eve"): {}, block_place("dan", "ann"): {}}
    refuse_blocked(others, PEOPLE, "dan")
    refuse_blocked({block_place("eve", "dan"): {}}, PEOPLE, "dan")
    refuse_blocked({}, [], "dan")


def test_that_no_block_has_come_is_looked_at_again_at_the_commit() -> None:
    look = still_not_blocked("ann", "dan")
    assert (look.place, look.condition) == (block_place("ann", "dan"), "attribute_not_exists(PK)")
    assert (look.set, look.delete) == ({}, False)
