"""A module of rules of one's own, which does what the text, or the person's id, tells it, and writes down what it was
asked: a line of JSON in the file `ASKED`."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chat.hooks import Member, Person, Refuse, Room, TextKind

SENTENCES = {"en": "We do not say that here.", "es": "Eso no se dice aquí.", "de": "Das sagt man hier nicht."}


def before_text(kind: TextKind, text: str, room: Room | None, member: Member) -> Any:
    _note(kind=kind, text=text, room=room, member=member)
    if "raw" in text:
        return text.replace("raw", "cooked")
    return _do(text.rpartition(" ")[2])


def may_add(inviter: Member, person: Person, room: Room) -> Any:
    _note(inviter=inviter, person=person, room=room)
    return _do(person.user_id.partition(".")[0])


def _do(word: str) -> Any:
    print("what a hook prints")
    if word in RAISES:
        raise RAISES[word]()  # noqa: RSE102  what it makes
    return DOES[word]() if word in DOES else RETURNS.get(word)


def _for_ever() -> None:
    while True:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001, S112  that is what it is for
            continue


def _note(**told: Any) -> None:
    plain = {
        name: each if each is None or isinstance(each, str) else _plain(each) for name, each in told.items()
    }
    with Path(os.environ["ASKED"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(plain) + "\n")


def _plain(value: Any) -> dict[str, Any]:
    names = type(value).__annotations__
    found = {name: getattr(value, name) for name in names}
    return {name: sorted(each) if isinstance(each, frozenset) else each for name, each in found.items()}


RETURNS = {
    "return-refusal": Refuse("unwanted"),
    "true": True,
    "false": False,
    "number": 3,
    "bytes": b"private text",
    "blank": " ",
    "huge": "x" * 1_000_000,
    "long": "x" * 5_000,
    "surrogate": "\ud800",
}
RAISES: dict[str, Callable[[], BaseException]] = {
    "refuse": lambda: Refuse("unwanted", SENTENCES),
    "bad-refusal": lambda: Refuse("Not A Code"),
    "raise": lambda: RuntimeError("private text"),
    "exit": SystemExit,
}
DOES: dict[str, Callable[[], object]] = {
    "hang": lambda: time.sleep(60),
    "stubborn": _for_ever,
    "pattern": lambda: re.match(r"(a+)+$", "a" * 60 + "b"),
    "die": os.abort,
}
