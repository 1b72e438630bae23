"""What one deployment of the chat consists of; each program composes it once."""

import random
import time
from collections.abc import Callable
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from chat.rules.identifiers import uuid7
from chat.rules.models import RoomSettings
from chat.rules.record import record
from chat.rules.text import TextLimits
from chat.storage.memory import Memory
from chat.storage.store import Store

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from chat.storage.uploads import Uploads

MOST_THREADS = 32
"""Requests beside each other in all calls of this process together; its client keeps more connections than
that."""


def wall_clock() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def no_uploads() -> None:
    """A deployment without attachments."""


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
    `additions_per_hour`: how many strangers somebody may add to rooms. `adding_needs_consent`: whether whom others add
    is only invited until they accept.
    """

    store: Store
    defaults: RoomSettings = field(default_factory=RoomSettings)
    text_limits: TextLimits = field(default_factory=TextLimits)
    deadline_s: float = 2.0
    additions_per_hour: int = 100
    adding_needs_consent: bool = False
    now: Callable[[], int] = wall_clock
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    new_id: Callable[[int], str] = uuid7
    memory: Memory = field(default_factory=Memory)
    uploads: Callable[[], "Uploads | None"] = no_uploads
    threads: "Callable[[], Executor]" = field(default_factory=thread_pool)
