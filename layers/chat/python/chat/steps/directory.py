"""A team's own directory in place of profiles: the function `people` of its module (docs/hooks.md), asked for many people
at once, and remembered.

Nobody waits for it longer than its time budget. Where it fails, people are called what they were last, or nothing; and for
a moment nobody else asks.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from chat.rules.avatar_address import allowed_address
from chat.rules.hooks import HookFailed, Runner
from chat.rules.people import NOTHING_KNOWN, Profile, check_name
from chat.rules.tally import Tally
from chat.storage.memory import Recent

KNOWN_S = 300.0
"""For how long what the directory said holds, in seconds."""
SPARED_S = 5.0
"""For how long a directory that failed is not asked again."""
MOST_KNOWN = 10_000


class Directory:
    """`runner` gives, at its first call, what asks the function. `hosts`: where pictures may lie. `monotonic` gives
    seconds."""

    def __init__(
        self,
        runner: Callable[[], Runner],
        hosts: Collection[str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._hosts = hosts
        self._monotonic = monotonic
        self._known: Recent[Profile] = Recent(MOST_KNOWN)
        self._spared_until = float("-inf")

    def people(self, user_ids: Sequence[str], tally: Tally) -> Mapping[str, Profile]:
        """The profile of each of these people. One question for all that are not known. Raises nothing."""
        now = self._monotonic()
        asked = [each for each in user_ids if self._known.get(each, now - KNOWN_S) is None]
        if asked and now >= self._spared_until:
            self._ask(asked, tally)
        return {each: self._known.get(each) or NOTHING_KNOWN for each in user_ids}

    def _ask(self, user_ids: Sequence[str], tally: Tally) -> None:
        try:
            with tally.timing("DirectoryMs"):
                said = self._said(user_ids)
        except HookFailed as failure:
            tally.add("DirectoryFailures")
            self._runner().report("people", failure)
            self._spared_until = self._monotonic() + SPARED_S
            return
        at = self._monotonic()
        for user_id in user_ids:
            self._known.put(user_id, self._profile(said.get(user_id)), at)

    def _said(self, user_ids: Sequence[str]) -> Mapping[str, Any]:
        """By their ids, those whom the directory knows. Raises `HookFailed`."""
        (answer,) = self._runner().ask("people", [{"user_ids": list(user_ids)}])
        if failed := answer.get("failed"):
            raise HookFailed(failed["error"], failed["at"])
        said: Mapping[str, Any] = answer["people"]
        return said

    def _profile(self, said: Mapping[str, Any] | None) -> Profile:
        """What the chat takes of it: a name as anybody may have, an address at a host that is allowed."""
        if said is None:
            return NOTHING_KNOWN
        address = allowed_address(said.get("avatar_url"), self._hosts)
        return Profile(name=check_name(said.get("name")), avatar_url=address)
