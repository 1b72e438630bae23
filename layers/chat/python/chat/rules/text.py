"""What a message's text may be, and the form in which it is kept."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from chat.rules.errors import InvalidInput

_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u202a-\u202e"  # bidirectional embeddings and overrides (isolates stay: they end with their paragraph)
    "\U000e0000-\U000e007f]"  # tag characters: invisible, and able to carry hidden text
)
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00013441\U00013442\U0001d159"
    "\u2065\ufdd0-\ufdef\ufff0-\ufff8\U000e0000-\U000e0fff]"  # for ever unassigned, or ignorable by default
)
"""Characters that show nothing although their category is that of a letter, a mark, a symbol or a future
character."""
_ISOLATES = re.compile("[\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The longest text that is stored: code points, and bytes of UTF-8."""

    max_code_points: int = 4_000
    max_bytes: int = 16_384


def clean_text(raw: object, limits: TextLimits) -> str:
    """The text as it is stored: NFC, without what could hide or disguise. Raises `InvalidInput`.

    Joiners and variation selectors stay, since scripts and emoji need them. Nothing is escaped for HTML: a
    phone, a log and a page each need another escape, and only the one who shows the text knows which.
    """
    if not isinstance(raw, str):
        raise InvalidInput("send.textMissing", argument="text")
    if len(raw) > 4 * limits.max_code_points:  # NFC makes one of four at the most; spare the work
        raise _too_long(limits)
    if _has_surrogates(raw):
        raise InvalidInput("send.textMalformed", argument="text")
    text = raw if raw.isascii() and raw.isprintable() else _normalised(raw)
    if not any(_is_visible(character) for character in text):
        raise InvalidInput("send.textMissing", argument="text")
    if len(text) > limits.max_code_points or len(text.encode()) > limits.max_bytes:
        raise _too_long(limits)
    return text


def clean_line(raw: object, max_code_points: int) -> str | None:
    """A name for people as it is stored: cleaned as a text is, on one line, each run of blanks as one space.

    `None` for what is too long, has nothing to be seen, or is no text. Isolates go, too: a name is shown amid
    other words, and one that is not closed would reach over them.
    """
    if not isinstance(raw, str) or len(raw) > 4 * max_code_points or _has_surrogates(raw):
        return None
    line = " ".join(_ISOLATES.sub("", _normalised(raw)).split())
    is_visible = any(_is_visible(character) for character in line)
    return line if is_visible and len(line) <= max_code_points else None


def fingerprint(raw: str, client_message_id: str) -> str:
    """What a repeat must match: a hash of the raw input, before cleaning, bound to its clientMessageId."""
    return hashlib.sha256(f"{client_message_id}\n{raw}".encode()).hexdigest()[:32]


def _normalised(raw: str) -> str:
    return unicodedata.normalize("NFC", _REMOVED.sub("", raw))


def _too_long(limits: TextLimits) -> InvalidInput:
    return InvalidInput(
        "send.textTooLong", argument="text", maxCodePoints=limits.max_code_points, maxBytes=limits.max_bytes
    )


def _has_surrogates(text: str) -> bool:
    """JSON can write half of a UTF-16 pair (`"\\ud800"`), which is no character and cannot be stored as
    UTF-8."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _is_visible(character: str) -> bool:
    if "!" <= character <= "~":
        return True
    if _BLANK.match(character) or ord(character) & 0xFFFE == 0xFFFE:
        return False
    # A character unknown to this Python (Cn) may be the emoji that a newer phone has: it counts as visible.
    return unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp", "Zs")
