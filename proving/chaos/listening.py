"""People listen, take what comes, and read on after what they have."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from proving.chaos.callers import Caller, Place, Unanswered, together
from proving.chaos.history import Heard
from proving.check import Failed
from proving.client import Listener, Subscription, Unreachable
from proving.graphql_http import at

if TYPE_CHECKING:
    from proving.chaos.workload import Round

TICK_S = 0.03
"""How long news is waited for until it is seen whether rooms have changed."""


async def listen(round_: "Round", caller: Caller, *, is_first: bool) -> None:
    """On one device until the round is over. `is_first`: reads on, too, when it comes back; the others only listen."""
    while not round_.over:
        with suppress(Unreachable, Failed, Unanswered):
            if is_first:
                there = [each for each in round_.places if caller.person.user_id in each.there]
                await together(*(catch_up(round_, each, caller) for each in there))
            async with caller.calls.connection(caller.person.token) as listener:
                await hear(round_, caller, listener)
        await asyncio.sleep(TICK_S)


async def hear(round_: "Round", caller: Caller, listener: Listener) -> None:
    """Until the connection ends. Whoever was removed stops nothing: what a subscription of before brings them is a leak."""
    live: list[tuple[Place, Subscription]] = []
    begun: dict[str, int] = {}
    taken: dict[str, int] = {}
    stopped: set[str] = set()
    patience = listener.patience_s

    async def anew(place: Place) -> None:
        made = await caller.calls.try_subscribe(listener, caller.person, place.room)
        for earlier in [each for other, each in live if other is place and each.id not in stopped]:
            stopped.add(earlier.id)
            await earlier.stop()
        live.append((place, made))

    while not round_.over and not listener.heard.ended and listener.heard.ack is not None:
        changed = [
            each
            for each in round_.places
            if caller.person.user_id in each.there and begun.get(each.room.id) != each.changed
        ]
        begun |= {each.room.id: each.changed for each in changed}
        listener.patience_s = patience
        await together(*(anew(each) for each in changed))
        listener.patience_s = TICK_S
        before = sum(len(each.payloads) for _, each in live)

        def is_news(before: int = before) -> bool:
            return sum(len(each.payloads) for _, each in live) > before

        await listener.until(is_news)
        take(round_, caller, live, taken)


def take(
    round_: "Round", caller: Caller, live: list[tuple[Place, Subscription]], taken: dict[str, int]
) -> None:
    mapping = round_.direct.mapping
    path = mapping.operations["subscribe"].paths["message"]
    for place, each in live:
        payloads = each.payloads[taken.get(each.id, 0) :]
        taken[each.id] = taken.get(each.id, 0) + len(payloads)
        for payload in payloads:
            value = at(payload.get("data"), path)
            id_, text = at(value, mapping.message["id"]), at(value, mapping.message["text"])
            if isinstance(id_, str):
                round_.history.heard.append(
                    Heard(caller.person.user_id, place.room.id, id_, text, round_.now())
                )


async def catch_up(round_: "Round", place: Place, caller: Caller, limit: int = 3) -> None:
    """Reads on after the last message that this person has. Raises `Failed` and `Unreachable`."""
    if round_.has("after"):
        had = place.caught_up[caller.person.user_id]
        found = await caller.calls.after(caller.person, place.room, had[-1], limit)
        place.caught_up[caller.person.user_id] = had + found
