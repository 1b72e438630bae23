"""Texts: some words are masked, and card numbers are not taken."""

import re

from chat.hooks import Member, Refuse, Room, TextKind

MASKED = re.compile(r"\b(?:darn|heck)\b", re.IGNORECASE)
CARD_NUMBER = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")


def before_text(kind: TextKind, text: str, room: Room, member: Member) -> str | None:
    if CARD_NUMBER.search(text):
        raise Refuse(
            "cardNumber",
            {
                "en": "Please do not send card numbers.",
                "es": "No envíes números de tarjeta.",
                "fr": "N’envoyez pas de numéros de carte.",
            },
        )
    return MASKED.sub(lambda found: "*" * len(found[0]), text)
