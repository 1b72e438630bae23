"""What a message's text may be, and the form in which it is kept."""

import hashlib
import re

from chat.rules.characters import BLANKS, INVISIBLE, LINE_ENDS, REMOVED, SURROGATES, isolated, normalised
from chat.rules.errors import InvalidInput
from chat.rules.record import record


@record(frozen=True, slots=True)
class TextLimits:
    """The longest text that is stored: code points, and bytes of UTF-8."""

    max_code_points: int = 4_000
    max_bytes: int = 16_384


def clean_text(raw: object, limits: TextLimits) -> str:
    """The text as it is stored: NFC, without what could hide or disguise. Raises `InvalidInput`.

    Joiners and variation selectors stay, since scripts and emoji need them, and CJK compatibility ideographs,
    since names do. Whatever ends a line becomes a newline. Nothing is escaped for HTML: a phone, a log and a
    page each need another escape, and only the one who shows the text knows which.
    """
    if not isinstance(raw, str):
        raise InvalidInput("send.textMissing", argument="text")
    if len(raw) > 4 * limits.max_code_points:  # NFC makes one of four at the most; spare the work
        raise _too_long(limits)
    if _has_surrogates(raw):
        raise InvalidInput("send.textMalformed", argument="text")
    text = (
        raw if raw.isascii() and raw.isprintable() else _cleaned(re.sub(LINE_ENDS, "\n", raw), keep_open=True)
    )
    if not _shows(text):
        raise InvalidInput("send.textMissing", argument="text")
    if len(text) > limits.max_code_points or len(text.encode()) > limits.max_bytes:
        raise _too_long(limits)
    return text


def clean_line(raw: object, max_code_points: int) -> str | None:
    """A name for people as it is stored: cleaned as a text is, on one line, each run of blanks as one space.

    `None` for what is too long, has nothing to be seen, or is no text. Isolates that are not closed go, too:
    a name is shown amid other words, and they would reach over them.
    """
    if not isinstance(raw, str) or len(raw) > 4 * max_code_points or _has_surrogates(raw):
        return None
    cleaned = _cleaned(re.sub(LINE_ENDS, " ", raw), keep_open=False)
    line = re.sub(f"[{BLANKS}]+", " ", cleaned).strip(" ")
    return line if _shows(line) and len(line) <= max_code_points else None


def fingerprint(raw: str, client_message_id: str) -> str:
    """What a repeat must match: a hash of the raw input, before cleaning, bound to its clientMessageId."""
    return hashlib.sha256(f"{client_message_id}\n{raw}".encode()).hexdigest()[:32]


def _cleaned(text: str, *, keep_open: bool) -> str:
    lines = re.sub(REMOVED, r"\1", text).split("\n")
    return normalised("\n".join(isolated(line, keep_open=keep_open) for line in lines))


def _too_long(limits: TextLimits) -> InvalidInput:
    return InvalidInput(
        "send.textTooLong", argument="text", maxCodePoints=limits.max_code_points, maxBytes=limits.max_bytes
    )


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and re.search(f"[{SURROGATES}]", text) is not None


def _shows(text: str) -> bool:
    """Whether there is anything to be seen."""
    return re.search(f"[^{INVISIBLE}]", text) is not None
