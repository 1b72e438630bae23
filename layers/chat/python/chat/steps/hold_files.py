"""Files under a legal hold: kept where the bucket's lifecycle ends nothing, and brought back when it is lifted.

The bucket's lifecycle counts from when an object was written and knows no items, so a held file is copied to `held/`.
Each copy has the same name whenever it is made: one that was interrupted is made again, over itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.record import record
from chat.steps.retry import retried
from chat.storage.objects import Objects
from chat.storage.places import Place
from chat.storage.tables import Write
from chat.storage.uploads import Upload, held_key, kept_for

DAY_S = 86_400


@record(frozen=True, slots=True)
class Rehoused:
    """The writes that move an upload's item, and the objects that nothing refers to once they are made."""

    writes: Sequence[Write]
    old: Sequence[str]


def rehouse(
    deployment: Deployment, place: Place, upload: Upload, moved: Write | None, *, held: bool
) -> Rehoused:
    """Copy a file to where it lies from now on, held or not. `moved` is the move of its item's end, where one is left to
    do. Raises `StoreFailure` and `ServiceUnavailable` where that cannot be done now."""
    uploads, is_there = deployment.uploads(), upload.s3_key == held_key(upload)
    old = [upload.kept_key] if held and upload.kept_key else [] if held else [held_key(upload)]
    if uploads is None or is_there == held:
        return Rehoused([] if moved is None else [moved], old)
    days = -(-(upload.ends_at - deployment.now() // 1_000) // DAY_S)
    target = held_key(upload) if held else kept_for(upload.s3_key.rsplit("/", 1)[-1], days)
    if (held or days > 0) and not _copy(deployment, uploads.objects, upload.s3_key, target):
        return Rehoused([] if moved is None else [moved], old)
    write = moved or Write(place, condition="attribute_exists(PK)")
    house = {"s3Key": target} | ({"keptKey": upload.s3_key} if held else {})
    removed = () if held else ("keptKey",)
    write = replace(write, set={**write.set, **house}, remove=(*write.remove, *removed))
    return Rehoused([write], [upload.s3_key] if held else [held_key(upload)])


def _copy(deployment: Deployment, objects: Objects, source: str, target: str) -> bool:
    """Copy what lies there; whether anything does. What is gone cannot be held any more."""
    stored = retried(deployment, lambda: objects.find(source))
    if stored is not None:
        retried(deployment, lambda: objects.copy(source, target, stored.etag))
    return stored is not None
