"""A person, erased: a job of `jobs.py`, whose order is for what cannot be found afterwards.

    tombstone ─▶ memberships end ─▶ messages, by the proofs of their sends ─▶ rooms are told ─▶ another look ─▶ the rest of
    the partition ─▶ the proofs ─▶ a last look, the receipt, and the tombstone says `erased`

Every piece may be done twice and by two at once, and comes to the same. None is done while a legal hold covers the person or a
room that they wrote in: the job waits. The tombstone keeps the person out of rooms meanwhile (`person_marks.py`); what was
under way when it was written is found by another look.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import NotAllowed, ServiceUnavailable
from chat.rules.models import Item
from chat.rules.rooms import Table
from chat.rules.tally import Tally
from chat.steps.data_requests import ERASE, done_writes, read_request
from chat.steps.erased_exports import delete_exports
from chat.steps.erased_memberships import end_memberships
from chat.steps.erased_messages import delete_places, erase_messages, prove_adopted
from chat.steps.erased_rooms import Told, forget_events, tell_rooms
from chat.steps.erased_traces import (
    delete_own,
    delete_pictures,
    delete_proofs,
    forget_mentions,
    forget_names,
    is_own,
    take_back_reactions,
)
from chat.steps.erasure_subject import page_of, person_in, request_in
from chat.steps.holds import check_may_be_erased, lifted_hold_writes
from chat.steps.jobs import TABLES, Step
from chat.steps.retry import until_committed
from chat.storage import keys
from chat.storage.erased_items import Tombstone, places_of, tombstone_write
from chat.storage.places import request_place, tombstone_place
from chat.storage.tables import MOST_DELETED

KIND = ERASE

MOST_LIFTED = 50
"""Of how many lifted holds a transaction takes what is left; more than so many expire by themselves."""

_AT_ONCE = 90


def _begin(deployment: Deployment, job_subject: str, _: str | None) -> None:
    """Say that the person is being erased. Done once more it changes nothing, nor after the end."""
    user_id, request_id = person_in(job_subject), request_in(job_subject)
    request = request_place(user_id, request_id)

    def step() -> bool:
        tables = deployment.store.tables
        found = tables.batch([tombstone_place(user_id), request], consistent=True)
        tombstone = Tombstone.found(found.get(tombstone_place(user_id)))
        is_begun = tombstone is not None and tombstone.state == "erasing"
        if not is_begun and request in found:
            tables.transact([tombstone_write(user_id, "erasing", deployment.now())])
        return True

    until_committed(deployment, Tally(), step)


def _end(deployment: Deployment, job_subject: str, position: str | None) -> str | None:
    """A last look at the partition: what has come behind the steps is dealt with first. Then the receipt takes the place of the
    notes of what was told, and the tombstone says `erased`, at this instant."""
    late = _late(deployment, job_subject)
    if late:
        return late
    user_id, request_id = person_in(job_subject), request_in(job_subject)
    notes = _notes(deployment, user_id)
    receipt, now = _receipt(notes), deployment.now()

    def finish() -> bool:
        request = read_request(deployment, user_id, request_id)
        if request is not None:
            ended = done_writes(deployment, request, receipt, now)
            lifted = lifted_hold_writes(deployment, user_id)[:MOST_LIFTED]
            deployment.store.tables.transact([*ended, *lifted, tombstone_write(user_id, "erased", now)])
        return True

    until_committed(deployment, Tally(), finish)
    for table in TABLES:
        _delete_notes(deployment, table, user_id)
    return None


def _late(deployment: Deployment, job_subject: str) -> str | None:
    """Deal with what a slow write has left behind the steps, a mention or a whole membership, by all of them; `again` where
    there was any."""
    partition_key = keys.user_partition(person_in(job_subject))
    pages = [page_of(deployment, table, partition_key, (" ", "~"), _AT_ONCE, None) for table in TABLES]
    left = [item["SK"]["S"] for items, _ in pages for item in items]
    if not any(is_own(each, job_subject) or each.startswith(keys.PROOFS) for each in left):
        return None
    _do(deployment, job_subject, {**_IN_ROOMS, **_OF_THEIRS})
    return "again"


def _look_again(deployment: Deployment, job_subject: str, _: str | None) -> str | None:
    """A step, before the proofs go, by which messages are found: has the person come to a room behind the end of their
    memberships, which was under way when the tombstone was written? `again` where they have."""
    partition_key, between = (
        keys.user_partition(person_in(job_subject)),
        (keys.MEMBERSHIPS, keys.MEMBERSHIPS_END),
    )
    for table in TABLES:
        start = None
        while True:
            items, start = page_of(deployment, table, partition_key, between, 1_000, start)
            if any(item.get("status") not in ({"S": "left"}, None) for item in items):
                _do(deployment, job_subject, _IN_ROOMS)
                return "again"
            if start is None:
                break
    return None


def _do(deployment: Deployment, job_subject: str, steps: Mapping[str, Step]) -> None:
    """These steps, from their beginnings to their ends: for little."""
    for step in steps.values():
        position = None
        while (position := step(deployment, job_subject, position)) is not None:
            pass


def _notes(deployment: Deployment, user_id: str) -> list[Item]:
    notes: list[Item] = []
    for table in TABLES:
        start = None
        while True:
            items, start = _of_notes(deployment, table, user_id, start)
            notes += items
            if start is None:
                break
    return notes


def _of_notes(
    deployment: Deployment, table: Table, user_id: str, start: str | None
) -> tuple[list[Item], str | None]:
    between = (keys.ERASING, keys.ERASING_END)
    return page_of(deployment, table, keys.user_partition(user_id), between, 1_000, start)


def _delete_notes(deployment: Deployment, table: Table, user_id: str) -> None:
    while True:
        items, _ = _of_notes(deployment, table, user_id, None)
        if not items:
            return
        delete_places(deployment, places_of(items, table), MOST_DELETED)


def _receipt(notes: list[Item]) -> dict[str, Any]:
    """What was erased, in numbers."""
    told = [Told.of(each) for each in notes]
    return {
        "rooms": len(told),
        "messages": sum(each.messages for each in told),
        "ranges": sum(each.runs for each in told),
        "revisions": sum(each.revisions for each in told),
        "scan": None,  # none was made yet: `note_scan`
    }


def _both(kind: str, step: Any) -> dict[str, Step]:
    """The step in each table."""
    return {f"{table}{kind}": partial(step, table) for table in TABLES}


def _unless_held(step: Step) -> Step:
    """The step, that waits while a legal hold forbids it: one that was set when the job was at work already."""

    def piece(deployment: Deployment, job_subject: str, position: str | None) -> str | None:
        try:
            check_may_be_erased(deployment, person_in(job_subject))
        except NotAllowed as refusal:
            raise ServiceUnavailable(reason=str(refusal.values["reason"])) from refusal
        return step(deployment, job_subject, position)

    return piece


_IN_ROOMS: Mapping[str, Step] = {
    **_both("Memberships", end_memberships),
    **_both("Adopted", prove_adopted),
    **_both("Reactions", take_back_reactions),
    **_both("Mentions", forget_mentions),
    **_both("Messages", erase_messages),
    **_both("Rooms", tell_rooms),
    **_both("Events", forget_events),
}
_OF_THEIRS: Mapping[str, Step] = {
    "pictures": delete_pictures,
    "exports": delete_exports,
    **_both("Names", forget_names),
    **_both("Own", delete_own),
    **_both("Proofs", delete_proofs),
}
_STEPS: Mapping[str, Step] = {
    "tombstone": _begin,
    **_IN_ROOMS,
    "late": _look_again,
    **_OF_THEIRS,
    "end": _end,
}
STEPS: Mapping[str, Step] = {name: _unless_held(step) for name, step in _STEPS.items()}
