"""Reactions without a store: their shards, their attributes, and what a summary says."""

import json
from collections import Counter

from chat.rules.emoji import emoji
from chat.rules.reactions import SHARDS, attribute_of, emoji_in, shard_of, shards_in, summary_of


def test_people_are_spread_over_the_shards() -> None:
    found = Counter(shard_of(f"user-{number}") for number in range(32_000))
    assert set(found) == set(range(SHARDS))
    assert max(found.values()) < 1.2 * 1_000


def test_a_mask_names_its_shards() -> None:
    assert shards_in(0) == []
    assert shards_in(1 << 31 | 1 << 7 | 1) == [0, 7, 31]


def test_every_emoji_has_an_attribute_of_its_own_and_no_other_attribute_is_taken_for_one() -> None:
    every = [*set(emoji()[0].values()), ":party_parrot:", ":+1:"]
    names = {attribute_of(each): {"N": "1"} for each in every}
    others = ("PK", "SK", "type", "expiresAt", "kinds", "seq", "epoch", "e", "ee", "eda7eg")
    assert len(names) == len(every)
    assert max(map(len, names)) <= 250
    assert emoji_in([*names, *others]) == {each: attribute_of(each) for each in every}


def test_a_summary_keeps_the_order_in_which_emoji_came() -> None:
    first = summary_of({"👍": 1, "🎉": 2}, {"👍": ["a"], "🎉": ["b", "c"]}, None)
    assert first is not None
    assert [each["emoji"] for each in json.loads(first)] == sorted(["👍", "🎉"])
    again = summary_of({"❤️": 9, "👍": 1, "🎉": 0}, {"👍": ["a"], "❤️": ["x", "y", "z"]}, first)
    assert json.loads(again or "") == [
        {"emoji": "👍", "count": 1, "userIds": ["a"]},
        {"emoji": "❤️", "count": 9, "userIds": ["x", "y", "z"]},
    ]
    assert summary_of({"👍": 0}, {}, again) is None
