"""A deployment's own rules, asked in one call: docs/hooks.md.

An operation asks after everything of ours that would refuse, and before its transaction. What was said once holds for
the whole call: a transaction that is tried again asks nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chat.rules.access import Access, RoomAccess
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, ServiceUnavailable
from chat.rules.hooks import Answer, HookFailed, Name, Question, Runner, TextKind, check_refusal
from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally

if TYPE_CHECKING:
    from chat.rules.hooks import Clean


class _Asking:
    """One hook in one call: it is asked once, and what came of that is said again."""

    name: Name

    def __init__(self, runner: Runner, tally: Tally) -> None:
        self._runner = runner
        self._tally = tally
        self._is_asked = False
        self._refusal: ChatError | None = None
        self._said = ""

    def _once(self, judge: Callable[[], str], otherwise: str) -> str:
        """What `judge` gives; `otherwise` where the hook fails and the deployment lets pass. Raises the refusal."""
        if not self._is_asked:
            self._is_asked, self._said = True, otherwise
            try:
                self._said = judge()
            except NotAllowed as refusal:
                self._refusal = refusal
            except HookFailed as failure:
                self._refusal = self._failed(failure)
        if self._refusal is not None:
            raise self._refusal
        return self._said

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
        room: Room,
        access: Access | RoomAccess,
        caller: Caller,
    ) -> str:
        """What is to be stored in place of `text`, which `clean` has given: what the hook makes of it has to pass it, too.

        Raises `NotAllowed` with the hook's own reason, and `ServiceUnavailable` (`reason=hook`).
        """
        question = {"kind": kind, "text": text, **_where(room, access, "member", caller)}
        return self._once(lambda: self._stored(text, self._ask([question])[0], clean), text)

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
            self._once(lambda: self._none_refused(questions), "")

    def _none_refused(self, questions: Sequence[Question]) -> str:
        self._ask(questions)
        return ""


def _where(room: Room, access: Access | RoomAccess, who: str, caller: Caller) -> dict[str, Any]:
    """The room and whoever calls, as `chat.hooks` describes them."""
    head, member = access.head, access.member
    return {
        "room": {
            "id": room.id,
            "type": room.type,
            "guild_id": room.guild_id,
            "name": head.name,
            "visibility": head.visibility,
        },
        who: {
            "user_id": caller.user_id or None,
            "role": member.role if member else None,
            "roles": sorted(caller.roles),
        },
    }
