"""Reactions to a message, without a store: into which shard somebody's go, what a summary of them says, and how often somebody
may react."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.rules.rate import Rate

SHARDS = 32
"""Into how many partitions the reactions to one message are spread, by who reacts."""

MAX_KINDS = 20
"""With how many emoji one message may be reacted."""

NAMED = 3
"""How many of those who react a summary names."""

RATE = Rate(2, 20)
"""How fast somebody may react in a room: two a second, twenty at once."""

_ATTRIBUTE = "e"


def shard_of(user_id: str) -> int:
    return zlib.crc32(user_id.encode()) % SHARDS


def attribute_of(emoji: str) -> str:
    """The attribute that stands for an emoji in items about several: names in expressions are of ASCII."""
    return _ATTRIBUTE + emoji.encode().hex()


def emoji_in(attributes: Iterable[str]) -> dict[str, str]:
    """The emoji among an item's attributes, each with its attribute. Other names are even in length."""
    return {
        bytes.fromhex(name[1:]).decode(): name
        for name in sorted(attributes)
        if name.startswith(_ATTRIBUTE) and len(name) % 2 and name[1:] and _is_hex(name[1:])
    }


def _is_hex(text: str) -> bool:
    return all(each in "0123456789abcdef" for each in text)


def shards_in(mask: int) -> list[int]:
    """The shards whose bits are set, in their order."""
    return [shard for shard in range(SHARDS) if mask >> shard & 1]


def summary_of(
    counts: Mapping[str, int], names: Mapping[str, Sequence[str]], before: str | None
) -> str | None:
    """The list of the schema's `ReactionCount` as JSON: who reacts (`names`) and how many (`counts`) by emoji. Those that stand in the
    summary `before` keep their order, new ones follow. `None` where nobody reacts."""
    known = [each["emoji"] for each in parsed(before)]
    ordered = [*known, *sorted(set(counts).difference(known))]
    found = [
        {"emoji": emoji, "count": counts[emoji], "userIds": list(names.get(emoji, ()))}
        for emoji in ordered
        if counts.get(emoji, 0) > 0
    ]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else None


def parsed(summary: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [] if summary is None else json.loads(summary)
    return found
