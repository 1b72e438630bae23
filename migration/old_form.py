"""A message as it was written before numbering: its key, its `ts`, and nothing that only the chat knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys, legacy
from chat.storage.items import key
from migration.copies import OURS

KEPT = frozenset({"type", "id", "roomId", "guildId", "roomType"})
"""Of what the chat knows, what an old message has as well."""


@dataclass(frozen=True, slots=True)
class Form:
    """How old messages were written, by an example: its key, and its `ts` where it had one."""

    example: Item

    @classmethod
    def of(cls, item: Item) -> "Form":
        """The form of the message that an adopted one was; or what `example` of another form says."""
        return cls({name: item[name] for name in ("adoptedFrom", "adoptedTs") if name in item})

    def key_stamp(self, ms: int) -> str:
        """An instant as keys have it."""
        return written_like(self._key_stamp, ms)

    def ts(self, ms: int) -> dict[str, str]:
        """An instant as the attribute `ts` has it: a string or a number."""
        ((kind, example),) = self.example.get("adoptedTs", {"S": self._key_stamp}).items()
        return {kind: written_like(str(example), ms)}

    @property
    def _key_stamp(self) -> str:
        return str(self.example["adoptedFrom"]["S"]).split("#", 2)[1]


DEFAULT = Form({"adoptedFrom": {"S": "MSG#2023-11-14T22:13:20.123Z#"}})
"""Where no message is left that tells."""


def old_key(item: Item, form: Form) -> str:
    """The key of a numbered message in the old form: its own from before, if it was adopted."""
    if "adoptedFrom" in item:
        return str(item["adoptedFrom"]["S"])
    return f"{keys.MESSAGES}{form.key_stamp(_ms(item))}#{item['id']['S']}"


def is_in_place(item: Item, form: Form) -> bool:
    """Whether the key of a numbered message is that of its old form, too."""
    own: str = item["SK"]["S"]
    return old_key(item, form) == own


def old_item(room: Room, item: Item, form: Form) -> Item:
    """A numbered message in the old form, as it is now: what was edited has its new text."""
    kept = {name: value for name, value in item.items() if name not in OURS or name in KEPT}
    if "adoptedFrom" in item:
        ts = {"ts": item["adoptedTs"]} if "adoptedTs" in item else {}
    else:
        ts = {"ts": form.ts(_ms(item))}
    return kept | ts | key(room.partition_key, old_key(item, form))


def written_like(example: str, ms: int) -> str:
    """The instant `ms` in the form of another one. Raises `ValueError` for an example in none of the old
    forms."""
    seconds, part = divmod(ms, 1_000)
    if found := legacy.NUMBER.fullmatch(example):
        _, milliseconds, fraction = found.groups()
        return f"{ms}{_digits(0, fraction)}" if milliseconds else f"{seconds}{_digits(part, fraction)}"
    if found := legacy.ISO.fullmatch(example):
        _, second, fraction, _, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        local = datetime.fromtimestamp(seconds, UTC).astimezone(timezone(offset)).isoformat()
        length = max(found.end(group) for group in (1, 2, 3))
        written = local[:16] + (local[16:19] if second else "")
        point = example[found.start(3) - 1] if fraction else ""
        return written + _digits(part, fraction).replace(".", point) + example[length:]
    raise ValueError("not an old form of an instant")


def _digits(part: int, fraction: str | None) -> str:
    """A part of a second, or of a millisecond, in as many digits as another one has."""
    return f".{part:03d}".ljust(1 + len(fraction), "0")[: 1 + len(fraction)] if fraction else ""


def _ms(item: Item) -> int:
    return int(item["ts"]["N"])
