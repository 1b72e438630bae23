"""The projection that keeps a room's index of names: who comes to a room is found in it, who goes is not any more."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput, ServiceUnavailable
from chat.rules.events import RoomEvent
from chat.rules.outgoing import LATE, Outcome
from chat.rules.projections import Change
from chat.rules.rooms import Room, is_user_id
from chat.steps.name_index import index_name, index_room_write
from chat.steps.retry import retried
from chat.storage.aws import StoreFailure

_COMING_AND_GOING = ("MEMBER_ADDED", "MEMBER_JOINED", "MEMBER_REMOVED", "MEMBER_LEFT", "MEMBER_BANNED")


class NameProjection:
    """See the module. `deployment`: whose tables the changes are of."""

    metric = "NamesIndexed"

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        """What becomes of the changes: see `chat/rules/projections.py:Projection`."""
        first = True
        for index, change in enumerate(changes):
            for task in self._tasks(change.event):
                if not first and not go_on():
                    return Outcome(index, failure=LATE)
                first = False
                try:
                    task()
                except ServiceUnavailable as failure:
                    return Outcome(index, failure=failure.code)
                except StoreFailure as failure:
                    return Outcome(index, failure=str(failure))
        return Outcome(len(changes))

    def _tasks(self, event: RoomEvent | None) -> list[Callable[[], object]]:
        if event is None or event.message is not None:
            return []
        try:
            room = Room.parse(event.room_id)
        except InvalidInput:  # an item of somebody else's
            return []
        if event.kind == "ROOM_ADOPTED":  # its people came before, and no notice names them
            return [partial(self._begin, room)]
        people = dict.fromkeys(filter(None, map(_who, event.notices)))
        return [partial(index_name, self._deployment, room, user_id) for user_id in people]

    def _begin(self, room: Room) -> None:
        write = index_room_write(room, self._deployment.now())
        retried(self._deployment, lambda: self._deployment.store.tables.transact([write]))


def _who(notice: Mapping[str, object]) -> str | None:
    """Who came or went."""
    user_id = notice.get("userId")
    return user_id if notice.get("kind") in _COMING_AND_GOING and is_user_id(user_id) else None
