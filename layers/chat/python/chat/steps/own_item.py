"""What there is of a person alone and of their own subscription: its epoch, and what they were told last. One item, which is
there only where something of it is not as it begins."""

from collections.abc import Iterable, Mapping

from chat.deployment import Deployment
from chat.rules.errors import RateLimited
from chat.rules.generations import epoch_in
from chat.rules.models import Item, Stored
from chat.rules.rate import Rate, to_ms
from chat.rules.record import record
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import Found, Place, personal_place
from chat.storage.tables import Write

REVOKING = Rate(10 / 3_600, 10)
"""How often somebody's own subscriptions may be ended: ten times at once, and in an hour. An epoch never gets to that of the
next generation like this."""


@record(frozen=True, slots=True, kw_only=True)
class Own(Stored):
    """`epoch` fences their own subscriptions, and was stored in `generation`; `tat` is the rate state (µs) of moving it.

    `quiet_until` (ms): when they may next be told that something has moved."""

    epoch: int = 1
    generation: int = 1
    tat: int = 0
    quiet_until: int = 0

    def epoch_now(self, generation: int) -> int:
        """The epoch in this generation of the tables: one that a restore has lost is never taken again."""
        return epoch_in(self.epoch, self.generation, generation)


NOTHING = Own()


def own_place(user_id: str) -> Place:
    return personal_place(user_id, keys.MINE)


def own_of(item: Item | None) -> Own:
    return Own.found(item) or NOTHING


def read_epoch(deployment: Deployment, user_id: str) -> int:
    """Somebody's epoch as it is now: 1 read unit."""
    tables = deployment.store.tables
    return own_of(retried(deployment, lambda: tables.get(own_place(user_id)))).epoch_now(tables.generation)


def epochs_of(found: Found, user_ids: Iterable[str], generation: int) -> Mapping[str, int]:
    """The same of what one read has found."""
    return {each: own_of(found.get(own_place(each))).epoch_now(generation) for each in user_ids}


def epoch_write(user_id: str, own: Own, generation: int, now: int) -> Write:
    """The write that ends somebody's own subscriptions, if they are as they were read. `now` is in ms. Raises `RateLimited`."""
    if wait := REVOKING.wait(own.tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "mine.revokingTooFast")
    seen = {"epoch": own.epoch if own.epoch > 1 else 0, "tat": own.tat}  # what is stored is above 1
    return Write(
        own_place(user_id),
        condition=" AND ".join(
            f"#{name} = :{name}" if was else f"attribute_not_exists(#{name})" for name, was in seen.items()
        ),
        given={f":{name}": was for name, was in seen.items() if was},
        set={
            "type": "Mine",
            "epoch": own.epoch_now(generation) + 1,
            "generation": max(generation, own.generation),
            "tat": REVOKING.taken(own.tat, now * 1_000),
        },
    )
