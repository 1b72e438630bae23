"""Replay the log of what was taken back over restored tables, before anybody uses them."""

import json
from collections.abc import Callable, Iterator
from functools import partial

from chat.deployment import Deployment
from chat.operations.run_jobs import KINDS
from chat.rules.direct import other_of
from chat.rules.models import Head
from chat.rules.rooms import RESERVED, Room
from chat.steps.blocks import block_place, closing_writes
from chat.steps.jobs import Run, run_jobs
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import head_place
from chat.storage.tables import NEW, Write
from chat.storage.taken_back_log import TakenBackLog
from restore.erasure import erase_again
from restore.outcomes import Outcomes
from restore.room_replay import RoomReplay
from restore.wanted import Wanted

OVERLAP_MS = 3_600_000
"""How long before the instant the log is read from: a restored table may lack parts of the transactions just before it, and
records of the stream are minutes behind. What was taken back before the instant stands already.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""

JOBS_S = 20.0
"""For how long jobs are run before it is told how many are left, in seconds."""

Progress = Callable[[str], None]


def read_log(log: TakenBackLog, instant_ms: int, progress: Progress) -> Wanted:
    """The log from an instant on, with the overlap. Raises `Unreadable` and `StoreFailure`: a log that has a hole is not
    replayed as if it had none."""
    wanted, objects = Wanted(), 0
    for name in log.names(instant_ms - OVERLAP_MS):
        wanted.add(log.read(name))
        objects += 1
    progress(f"read {objects:,} objects of the log: {wanted.entries:,} entries, {len(wanted.rooms):,} rooms")
    return wanted


def replay(deployment: Deployment, wanted: Wanted, progress: Progress, *, dry_run: bool) -> Outcomes:
    """Take all of it back again. `deployment` is over the restored tables, in the generation that begins with them.

    It looks before it writes, so it may be started again; and once more as a dry run, after which nothing is due. Raises
    `ServiceUnavailable` and `StoreFailure`.
    """
    outcomes = Outcomes()
    for number, (room_id, room) in enumerate(wanted.rooms.items(), start=1):
        RoomReplay(deployment, Room.parse(room_id), outcomes, dry_run=dry_run).replay(room)
        if number % 1_000 == 0:
            progress(f"{number:,} of {len(wanted.rooms):,} rooms")
    for (user_id, other), at in wanted.blocks.items():
        _block(deployment, user_id, other, at, outcomes, dry_run=dry_run)
    for user_id, at in wanted.erased.items():
        outcomes.count("PERSON_ERASED", erase_again(deployment, user_id, at, dry_run=dry_run))
    return outcomes


def finish_jobs(deployment: Deployment, progress: Progress) -> Run:
    """Run the jobs of the restored tables until none can go on: rooms that ended are emptied, people are erased."""
    while True:
        run = run_jobs(deployment, KINDS, JOBS_S)
        progress(f"jobs: {run.ended:,} ended, {run.waiting:,} wait")
        if not run.waiting or run.failures or run.stuck:
            return run


def _block(
    deployment: Deployment, user_id: str, other: str, at: int, outcomes: Outcomes, *, dry_run: bool
) -> None:
    """A block, and their direct room closed with it."""
    tables, place = deployment.store.tables, block_place(user_id, other)
    if retried(deployment, partial(tables.get, place)) is not None:
        outcomes.count("BLOCKED", "stands")
        return
    if dry_run:
        outcomes.count("BLOCKED", "due")
        return
    closing = [
        write
        for room, head in _direct_rooms(deployment, user_id)
        if other_of(head, user_id) == other
        for write in closing_writes(deployment, room, head, user_id, blocks=True)
    ]
    block = Write(place, condition=NEW, set={"type": "Block", "blockedAt": at}, whole=True)
    retried(deployment, lambda: tables.transact([block, *closing]))
    outcomes.count("BLOCKED", "done")


def _direct_rooms(deployment: Deployment, user_id: str) -> Iterator[tuple[Room, Head]]:
    """The direct rooms that somebody is in. Their ids tell nobody who the other is; their heads do."""
    low = keys.membership(f"ROOM#{RESERVED}")
    tables, start = deployment.store.tables, None
    while True:
        items, start = tables.query_page(
            "core",
            keys.user_partition(user_id),
            low,
            f"{low}~",
            forward=True,
            count=100,
            consistent=True,
            start=start,
        )
        rooms = [Room.lying_in(item["SK"]["S"].removeprefix(keys.MEMBERSHIPS)) for item in items]
        found = tables.batch([head_place(room) for room in rooms], consistent=True)
        for room in rooms:
            head = Head.found(found.get(head_place(room)))
            if head is not None and not head.ended_at:
                yield room, head
        if start is None:
            return


def summary(wanted: Wanted) -> str:
    """How much the log asks for, by numbers alone."""
    numbers = {
        "rooms": len(wanted.rooms),
        "messages": sum(len(each.messages) for each in wanted.rooms.values()),
        "members": sum(len(each.members) for each in wanted.rooms.values()),
        "ended": sum(each.ended is not None for each in wanted.rooms.values()),
        "blocks": len(wanted.blocks),
        "erased": len(wanted.erased),
    }
    return json.dumps(numbers)
