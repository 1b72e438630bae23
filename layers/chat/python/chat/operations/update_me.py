"""Say what one is called, and how one looks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Caller
from chat.rules.name_search import folded
from chat.rules.people import (
    CHANGING,
    NOTHING_KNOWN,
    Changes,
    Profile,
    check_changes,
    check_name,
    person_to_wire,
)
from chat.rules.rate import to_ms
from chat.rules.tally import Tally
from chat.steps.avatars import person_avatar_writes, uploads_of
from chat.steps.name_index import index_person_write
from chat.steps.person_marks import is_being_erased, still_not_erased
from chat.steps.retry import until_committed
from chat.storage.places import own_upload_place, profile_place, tombstone_place
from chat.storage.tables import Write

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutText


def update_me(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Person` of the caller as they are with `arguments` (`name`, `avatarUrl`, `avatarId`, `reset`). To say
    what is so already costs nothing.

    Raises `InvalidInput`, `NotAllowed` (also where the team's directory says what people are called), `RateLimited`,
    `ServiceUnavailable`, and what a rule of the deployment's own says.
    """
    changes = check_changes(arguments, deployment.avatar_hosts)
    if deployment.directory is not None:
        raise NotAllowed("person.directory", reason="directory")
    if changes.get("avatarId"):
        uploads_of(deployment)
    hook = deployment.before_text(tally)
    return until_committed(deployment, tally, lambda: _step(deployment, caller, changes, hook))


def _step(
    deployment: Deployment, caller: Caller, changes: Changes, hook: "AskAboutText | None"
) -> dict[str, Any]:
    """Look, judge, and store what changes. Raises the refusal."""
    user_id, now, avatar_id = caller.user_id, deployment.now(), changes.get("avatarId")
    place = profile_place(user_id)
    uploads = [own_upload_place(user_id, avatar_id)] if avatar_id else []
    found = deployment.store.tables.batch([place, tombstone_place(user_id), *uploads], consistent=True)
    before = Profile.found(found.get(place)) or NOTHING_KNOWN
    if (after := before.changed(changes)) == before:
        return person_to_wire(user_id, before)
    if is_being_erased(found, user_id):
        raise NotAllowed("privacy.erasing", reason="erasing")
    if wait := CHANGING.wait(before.tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "person.changingTooFast")
    if hook and after.name is not None and after.name != before.name:
        after = replace(after, name=hook("person_name", after.name, check_name, None, None, caller))
        if after == before:
            return person_to_wire(user_id, before)
    after = replace(
        after, updated_at=max(now, before.updated_at), tat=CHANGING.taken(before.tat, now * 1_000)
    )
    writes = [_profile_write(user_id, before, after)]
    if after.avatar_id != before.avatar_id:
        upload = found.get(uploads[0]) if uploads else None
        writes += person_avatar_writes(deployment, user_id, before.avatar_id, after.avatar_id, upload)
    if folded(after.name or "") != folded(before.name or ""):
        writes.append(index_person_write(user_id, now))
    deployment.store.tables.transact([*writes, still_not_erased(found, user_id)])
    return person_to_wire(user_id, after)


def _profile_write(user_id: str, before: Profile, after: Profile) -> Write:
    """The profile as it is to be, if nobody has changed it since `before` was read: each change moves its rate."""
    attributes = {"name": after.name, "avatarUrl": after.avatar_url, "avatarId": after.avatar_id}
    kept = {name: value for name, value in attributes.items() if value is not None}
    return Write(
        profile_place(user_id),
        condition="#tat = :was" if before.tat else "attribute_not_exists(#tat)",
        given={":was": before.tat} if before.tat else {},
        set={"type": "Profile", **kept, "updatedAt": after.updated_at, "tat": after.tat},
        remove=[name for name, value in attributes.items() if value is None],
    )
