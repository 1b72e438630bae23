"""A deployment's own rules, asked in one call: docs/hooks.md.

An operation asks after everything of ours that would refuse, and before its transaction. What was said once holds for
the whole call: a transaction that is tried again asks nobody.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chat.rules.access import Access, RoomAccess
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, RateLimited, ServiceUnavailable
from chat.rules.hooks import Answer, HookFailed, Name, Question, Runner, TextKind, check_refusal
from chat.rules.models import Caller, Head, Role
from chat.rules.rate import Rate, to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.memory import Recent

if TYPE_CHECKING:
    from chat.rules.hooks import Clean


REFUSALS = Rate(1, 30)
"""How often somebody may be refused by rules of the deployment's own: thirty times at once, and then once a second. What
is refused charges no other rate, and asking takes time, or money where a rule asks somebody else."""


class Refusals:
    """Who was refused how often, as far as this process knows. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tats: Recent[int] = Recent(10_000)

    def wait(self, user_id: str) -> RateLimited | None:
        """What they are told who may not ask now."""
        wait = REFUSALS.wait(self._tats.get(user_id) or 0, self._now())
        return RateLimited(to_ms(wait), "person", "hook.refusedTooOften") if wait else None

    def add(self, user_id: str) -> None:
        tat = REFUSALS.taken(self._tats.get(user_id) or 0, self._now())
        self._tats.put(user_id, tat, self._monotonic())

    def _now(self) -> int:
        return round(self._monotonic() * 1_000_000)


class _Asking:
    """One hook in one call: it is asked once, and what came of that is said again."""

    name: Name

    def __init__(self, runner: Runner, refusals: Refusals, tally: Tally) -> None:
        self._runner = runner
        self._refusals = refusals
        self._tally = tally
        self._is_asked = False
        self._refusal: ChatError | None = None
        self._said = ""

    def _once(self, caller: Caller, judge: Callable[[], str], otherwise: str) -> str:
        """What `judge` gives; `otherwise` where the hook fails and the deployment lets pass. Raises the refusal."""
        if not self._is_asked:
            self._is_asked, self._said = True, otherwise
            self._refusal = self._refusals.wait(caller.user_id) or self._judged(caller, judge)
        if self._refusal is not None:
            raise self._refusal
        return self._said

    def _judged(self, caller: Caller, judge: Callable[[], str]) -> ChatError | None:
        """The refusal; without one, what `judge` gave is said from now on."""
        refusal: ChatError | None = None
        try:
            self._said = judge()
        except NotAllowed as refused:
            refusal = refused
        except HookFailed as failure:
            refusal = self._failed(failure)
        if refusal and caller.user_id:  # the guilds' service asks for everybody
            self._refusals.add(caller.user_id)
        return refusal

    def _ask(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Raises `NotAllowed` for the first that is refused, and `HookFailed`."""
        with self._tally.timing("HookMs"):
            answers = self._runner.ask(self.name, questions)
        for answer in answers:
            if refused := answer.get("refused"):
                raise self._refused(refused)
            if failed := answer.get("failed"):
                raise HookFailed(failed["error"], failed["at"])
        return answers

    def _refused(self, refused: Mapping[str, Any]) -> NotAllowed:
        try:
            sentences = check_refusal(refused["code"], refused["sentences"])
        except ValueError:
            raise HookFailed("BadRefusal") from None
        self._tally.add("HookRefusals")
        return NotAllowed("hook.refused", sentences=sentences, reason=refused["code"])

    def _failed(self, failure: HookFailed) -> ChatError | None:
        """Count and report it; gives what the call is refused with, if it is."""
        self._tally.add("HookFailures")
        if failure.replaced:
            self._tally.add("HooksReplaced")
        self._runner.report(self.name, failure)
        return None if self._runner.opens else ServiceUnavailable(reason="hook")


class BeforeText(_Asking):
    """`before_text` in one call, which stores one text at the most."""

    name = "before_text"

    def __call__(
        self,
        kind: TextKind,
        text: str,
        clean: "Clean",
        room: Room | None,
        access: Access | RoomAccess | None,
        caller: Caller,
    ) -> str:
        """What is to be stored in place of `text`, which `clean` has given: what the hook makes of it has to pass it, too.
        A text about its writer alone is of no room.

        Raises `NotAllowed` with the hook's own reason, `ServiceUnavailable` (`reason=hook`), and `RateLimited` for whoever
        was refused too often.
        """
        question = {"kind": kind, "text": text, **_where(room, access, "member", caller)}
        return self._once(caller, lambda: self._stored(text, self._ask([question])[0], clean), text)

    def _stored(self, text: str, answer: Answer, clean: "Clean") -> str:
        """Raises `HookFailed`: whoever wrote the text is not told that what a hook made of it is no text."""
        found = None
        with suppress(InvalidInput):
            found = clean(answer.get("text", text))
        if found is None:
            raise HookFailed("InvalidText")
        if found != text:
            self._tally.add("HookChanges")
        return found


class MayAdd(_Asking):
    """`may_add` in one call."""

    name = "may_add"

    def __call__(
        self, people: Mapping[str, Role], room: Room, access: Access | RoomAccess, caller: Caller
    ) -> None:
        """Whether the caller may add all of `people`, given by the roles that they would have. Raises as `BeforeText`
        does."""
        where = _where(room, access, "inviter", caller)
        questions = [
            {"person": {"user_id": user_id, "role": role}, **where} for user_id, role in people.items()
        ]
        if questions:
            self._once(caller, lambda: self._none_refused(questions), "")

    def _none_refused(self, questions: Sequence[Question]) -> str:
        self._ask(questions)
        return ""


def _where(room: Room | None, access: Access | RoomAccess | None, who: str, caller: Caller) -> dict[str, Any]:
    """The room, if there is one, and whoever calls, as `chat.hooks` describes them."""
    member = access.member if access else None
    return {
        "room": _told(room, access.head) if room and access else None,
        who: {
            "user_id": caller.user_id or None,
            "role": member.role if member else None,
            "roles": sorted(caller.roles),
        },
    }


def _told(room: Room, head: Head) -> dict[str, Any]:
    return {
        "id": room.id,
        "type": room.type,
        "guild_id": room.guild_id,
        "name": head.name,
        "visibility": head.visibility,
    }
