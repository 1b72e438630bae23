"""What one deployment of the chat consists of; each program composes it once."""

import random
import time
from collections.abc import Callable
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from chat.rules.gaps import EVERYTHING, GAP_PATIENCE_MS, Recency
from chat.rules.identifiers import uuid7
from chat.rules.models import HistoryFrom, RoomSettings
from chat.rules.record import record
from chat.rules.text import TextLimits
from chat.storage.aws import StoreFailure
from chat.storage.clock import MAX_CLOCK_SKEW_MS, wall_clock
from chat.storage.memory import Memory
from chat.storage.store import Store
from chat.storage.tables import no_doubt

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from chat.rules.hooks import AskAboutPeople, AskAboutText, PeopleDirectory
    from chat.rules.tally import Tally
    from chat.storage.uploads import Uploads

MOST_THREADS = 32
"""Requests beside each other in all calls of this process together; its client keeps more connections than
that."""


def no_uploads() -> None:
    """A deployment without attachments."""


def no_hook(_: "Tally") -> None:
    """A deployment without rules of its own."""


def no_direct_key() -> bytes:
    """A process that was given no secret for the ids of direct rooms."""
    raise LookupError("no DIRECT_KEY")


def no_pseudonym(_: str) -> str:
    """A process that was given no key of pseudonyms."""
    raise LookupError("no AUDIT_KEY")


def no_export_key() -> bytes:
    """A process that was given no secret for the signatures of exports. Raises `StoreFailure`: the job waits for one."""
    raise StoreFailure("NoExportKey")


def thread_pool() -> "Callable[[], Executor]":
    """Gives one pool, made at the first call: who needs none, such as `sendMessage` without attachments,
    imports none."""

    @cache
    def pool() -> "Executor":
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  as above

        return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="chat")

    return pool


@record(frozen=True, slots=True)
class Deployment:
    """The store, the defaults, and time and chance as plain callables, so that a test can hold them still.

    `now` gives epoch milliseconds and may jump; `monotonic` gives seconds and may not; `sleep` takes seconds;
    `chance` gives a number from 0 up to 1; `new_id` makes a message id for an instant in milliseconds.
    `uploads` gives what attachments take, made at its first call: only who uses it pays for S3. `threads`
    gives the pool for requests beside each other; what runs in it never waits for something else that does.
    `projections`: whether anything is derived from the tables' streams; what needs that is refused else.
    `direct_key` gives the secret that the ids of direct rooms are made with, `export_key` the one that exports are signed with.
    `pseudonym` gives the keyed pseudonym of a user id. `erasure_keeps_bans`: whether a room keeps out whom it has banned after they
    are erased, too.
    `file_days`, `draft_days` and `presence_days`: for how long attachments are kept (0: as their messages), drafts, and when
    somebody was there last.
    `additions_per_hour`: how many strangers somebody may add to rooms. `adding_needs_consent`: whether whom others add
    is only invited until they accept. `history_from`: what rooms are made with. `before_text` and `may_add` give what asks
    that rule of the deployment's own in one call, or `None` where there is no such rule. `directory` says what people are
    called, where that is not what they say themselves. `avatar_hosts`: where pictures may lie.

    `clock_in_doubt` says whether `now` is known to be further than `max_clock_skew_ms` from the store's clock; without
    a store that tells its time that is never known. No gap that is younger than `gap_patience_ms` is passed.
    """

    store: Store
    defaults: RoomSettings = field(default_factory=RoomSettings)
    text_limits: TextLimits = field(default_factory=TextLimits)
    deadline_s: float = 2.0
    file_days: int = 0
    draft_days: int = 90
    presence_days: int = 30
    additions_per_hour: int = 100
    adding_needs_consent: bool = False
    erasure_keeps_bans: bool = True
    history_from: HistoryFrom | None = None
    projections: bool = True
    now: Callable[[], int] = wall_clock
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    new_id: Callable[[int], str] = uuid7
    memory: Memory = field(default_factory=Memory)
    uploads: Callable[[], "Uploads | None"] = no_uploads
    before_text: "Callable[[Tally], AskAboutText | None]" = no_hook
    may_add: "Callable[[Tally], AskAboutPeople | None]" = no_hook
    direct_key: Callable[[], bytes] = no_direct_key
    export_key: Callable[[], bytes] = no_export_key
    pseudonym: Callable[[str], str] = no_pseudonym
    directory: "PeopleDirectory | None" = None
    avatar_hosts: frozenset[str] = frozenset()
    threads: "Callable[[], Executor]" = field(default_factory=thread_pool)
    clock_in_doubt: Callable[[], bool] = no_doubt
    max_clock_skew_ms: int = MAX_CLOCK_SKEW_MS
    gap_patience_ms: int = GAP_PATIENCE_MS

    def recency(self) -> Recency:
        """What is recent now: the one rule for gaps, for the change log and for the second look of subscriptions.
        While the clock is in doubt that is everything."""
        if self.clock_in_doubt():
            return EVERYTHING
        now = self.now()
        return Recency(now - self.gap_patience_ms, now + self.max_clock_skew_ms)
