"""What a deployment's own rules may say, and what is made of it: docs/hooks.md. Imported only where there are any."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from chat.rules.record import record

if TYPE_CHECKING:
    from typing import Protocol

    from chat.rules.access import Access, RoomAccess
    from chat.rules.models import Caller, Role
    from chat.rules.people import Profile
    from chat.rules.rooms import Room
    from chat.rules.tally import Tally

    Clean = Callable[[str], str | None]
    """Gives a text as it is stored; raises `InvalidInput`, or gives `None`, for one that may not be."""
    AskAboutText = Callable[["TextKind", str, Clean, Room | None, Access | RoomAccess | None, Caller], str]
    AskAboutPeople = Callable[[Mapping[str, Role], Room, Access | RoomAccess, Caller], None]

    class PeopleDirectory(Protocol):
        """Says what people are called, and how they look."""

        def people(self, user_ids: Sequence[str], tally: Tally) -> Mapping[str, Profile]:
            """The profile of each of these people. Raises nothing."""
            ...


Name = Literal["before_text", "may_add", "people"]
TextKind = Literal["message", "edit", "room_name", "room_description", "file_name", "person_name"]
"""Every text of people's that is stored."""

CODE = re.compile(r"[a-z][A-Za-z0-9]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2,3}")
MAX_SENTENCE = 300
"""Code points of a sentence."""

Question = Mapping[str, Any]
"""A hook's arguments by name, as JSON."""
Answer = Mapping[str, Any]
"""What a hook said, as JSON: `{}` (pass), `{"text": …}`, `{"people": {id: {"name", "avatar_url"}}}`, `{"refused": {"code",
"sentences"}}` or `{"failed": {"error", "at"}}`."""


class HookFailed(Exception):
    """A hook gave no answer that can be used. `error` is the name of a class of exceptions, or what was wrong; `at` is
    `file:line` in the hook's module. Never a text. `replaced`: its process had to be ended, and there is another."""

    def __init__(self, error: str, at: str = "unknown", *, replaced: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.at = at
        self.replaced = replaced


@record(frozen=True, slots=True)
class Runner:
    """How hooks are run. `ask` answers each question to the hook of this name, within the time budget, or raises
    `HookFailed`; `report` logs a failure. `opens`: what was asked about passes where the hook fails, and is refused
    otherwise."""

    ask: Callable[[Name, Sequence[Question]], Sequence[Answer]]
    report: Callable[[Name, HookFailed], None]
    opens: bool = False


def check_refusal(code: object, sentences: object) -> dict[str, str]:
    """The sentences by language, English among them, unless there are none: then the chat has one. `sentences` is one
    for every language, or one for each. Raises `ValueError`."""
    if not (isinstance(code, str) and CODE.fullmatch(code)):
        raise ValueError("a code is a small letter and at most 39 letters and digits")
    if sentences is None:
        return {}
    found = {"en": sentences} if isinstance(sentences, str) else sentences
    if not isinstance(found, Mapping) or "en" not in found:
        raise ValueError("sentences are one text, or one for each language, English (en) among them")
    for language, sentence in found.items():
        if not (isinstance(language, str) and LANGUAGE.fullmatch(language)):
            raise ValueError("a language is two or three small letters, such as en, es and fr")
        if not (isinstance(sentence, str) and 0 < len(sentence) <= MAX_SENTENCE and sentence.isprintable()):
            raise ValueError(f"a sentence is one line of 1 to {MAX_SENTENCE} characters")
        if "[" in sentence:
            raise ValueError("a sentence has no [, which begins the values for machines")
    return dict(found)
