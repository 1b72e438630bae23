"""The legal holds that there are, and those that were lifted in the last 90 days."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.holds import may_hold
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.holds import read_holds

MOST_ANSWERED = 1_000


def holds(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `LegalHoldList`: the newest thousand holds, of the room (`roomId`) or the person (`userId`) that
    `arguments` name, or all, the newest first.

    Raises `InvalidInput`, `NotAllowed` and `ServiceUnavailable`.
    """
    may_hold(caller)
    room_id = None if arguments.get("roomId") is None else Room.parse(arguments["roomId"]).id
    user_id = None if arguments.get("userId") is None else check_user(arguments)
    with tally.timing("StoreMs"):
        every = read_holds(deployment).every
    found = [each for each in every if room_id in (None, each.room_id) and user_id in (None, each.user_id)]
    newest = sorted(found, key=lambda hold: (hold.created_at, hold.id), reverse=True)
    return {"items": [hold.to_wire() for hold in newest[:MOST_ANSWERED]]}
