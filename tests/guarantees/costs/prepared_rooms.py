"""Rooms for one situation: their members, and a process that prepares what an operation is to find."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.operations.attachment import attachment
from chat.operations.avatar import avatar
from chat.operations.create_upload import create_upload
from chat.operations.data_requests import data_requests
from chat.operations.delivery import delivery
from chat.operations.erase_me import erase_me
from chat.operations.export_my_data import export_my_data
from chat.operations.holds import holds
from chat.operations.lift_hold import lift_hold
from chat.operations.me import me
from chat.operations.my_reactions import my_reactions
from chat.operations.on_message import on_message
from chat.operations.on_mine import Telling, on_mine
from chat.operations.on_receipt import on_receipt
from chat.operations.on_typing import on_typing
from chat.operations.people import people
from chat.operations.presence import presence
from chat.operations.receipts import receipts
from chat.operations.request_erasure import request_erasure
from chat.operations.request_export import request_export
from chat.operations.revoke_subscriptions import revoke_subscriptions
from chat.operations.run_jobs import run_jobs
from chat.operations.search_people import search_people
from chat.operations.set_hold import set_hold
from chat.operations.typing import typing
from chat.operations.update_me import update_me
from chat.operations.withdraw_data_request import withdraw_data_request
from chat.rules.models import DAY_MS, Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from simulator.settings import BUCKET
from tests.guarantees.rooms.requests import PAGES, VERBS
from tests.guarantees.support.fixtures import CURSOR_KEYS, FAST, Clock
from tests.resolvers.files import PNG

Operation = Callable[[Deployment], Any]
FILE = {"contentType": "image/png", "size": 100}
OTHER_VERBS: dict[str, Callable[..., Any]] = {
    **VERBS, "setHold": set_hold, "liftHold": lift_hold, "holds": holds, "attachment": attachment, "avatar": avatar, "createUpload": create_upload, "delivery": delivery,
    "myReactions": my_reactions, "people": partial(people, compare=False), "people, compared": partial(people, compare=True), "presence": presence,
    "revokeSubscriptions": revoke_subscriptions, "searchPeople": partial(search_people, compare=False), "typing": typing, "updateMe": update_me,
}  # fmt: skip


def officer(caller: Caller) -> Caller:
    """The caller, with the role that asks for others."""
    return replace(caller, roles=frozenset({"privacy"}))


LONG_MS = 36_500 * DAY_MS
"""No request of these becomes due, whichever clock looks."""

OTHER_VERBS |= {
    "dataRequests": data_requests, "withdrawDataRequest": withdraw_data_request,
    "exportMyData": lambda ours, caller, _, tally: export_my_data(ours, caller, LONG_MS, tally),
    "eraseMe": lambda ours, caller, _, tally: erase_me(
        ours, replace(caller, signed_in_at=ours.now() // 1_000), LONG_MS, 900, tally
    ),
    "requestExport": lambda ours, caller, given, tally: request_export(
        replace(ours, pseudonym=str), officer(caller), given, LONG_MS, tally
    ),
    "requestErasure": lambda ours, caller, given, tally: request_erasure(
        replace(ours, pseudonym=str), officer(caller), given, LONG_MS, tally
    ),
}  # fmt: skip
OTHER_PAGES: Mapping[str, Callable[..., Any]] = {**PAGES, "receipts": receipts}
SUBSCRIPTIONS: Mapping[str, Callable[..., Any]] = {
    "onMessage": on_message,
    "onReceipt": on_receipt,
    "onTyping": on_typing,
    "onMine": lambda ours, caller, arguments: on_mine(
        ours, caller, {"userId": caller.user_id, **arguments}, Telling(live=True, projections=True)
    ),
    "me": lambda ours, caller, _: me(ours, caller, Tally()),
    "me, person": lambda ours, caller, _: me(ours, caller, Tally(), person=True),
}
"""And what takes neither a tally nor keys."""


@dataclass
class PreparedRooms:
    """Users and rooms of one situation. `other` is a process that prepares them;
    the operation is for one that knows nothing."""

    other: Deployment
    s3: Any
    clock: Clock
    suffix: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    before: Operation | None = None
    """What the process has done just before, if it is not to know nothing."""

    @property
    def users(self) -> list[str]:
        """Ten users; the first is the owner of every room."""
        return [f"p{number}-{self.suffix}" for number in range(10)]

    def room(self, number: int = 0, count: int = 10, *, guild: bool = False, **rules: Any) -> str:
        """A room with the first `count` users."""
        room_id = f"{'GUILD#' if guild else ''}r{number}-{self.suffix}"
        members: dict[str, Role] = dict.fromkeys(self.users[:count], "member")
        members[self.users[0]] = "owner"
        assert add_room(self.other.store, Room.parse(room_id), members, FAST | rules)
        return room_id

    def ten_rooms(self, count: int = 2) -> list[str]:
        """Six general rooms and four of guilds, each with a message."""
        rooms = [self.room(number, count, guild=number > 5) for number in range(10)]
        for room in rooms:
            self.send(room)
        return rooms

    def send(self, room: str, text: str = "Good morning, everybody.", user: int = 0) -> Any:
        self.clock.sleep(0.01)
        return self.perform("sendMessage", user, roomId=room, text=text, clientMessageId=uuid.uuid4().hex)

    def perform(self, field: str, user: int = 0, /, **arguments: Any) -> Any:
        """Perform an operation in preparation, and return what is on the wire."""
        answer = self.operation(field, user, **arguments)(self.other)
        return answer.to_wire() if hasattr(answer, "to_wire") else answer

    def operation(self, field: str, user: int = 0, /, **arguments: Any) -> Callable[[Deployment], Any]:
        """The operation, to be performed in any process."""
        caller = Caller(self.users[user])
        if field in SUBSCRIPTIONS:
            return lambda ours: SUBSCRIPTIONS[field](ours, caller, arguments)
        if field in OTHER_PAGES:
            return lambda ours: OTHER_PAGES[field](ours, CURSOR_KEYS, caller, arguments, Tally())
        return lambda ours: OTHER_VERBS[field](ours, caller, arguments, Tally())

    def by(self, role: str, field: str, /, **arguments: Any) -> Callable[[Deployment], Any]:
        """The operation by somebody with a role of the platform's."""
        caller = Caller(self.users[0], frozenset({role}))
        return lambda ours: OTHER_VERBS[field](ours, caller, arguments, Tally())

    def upload(self, room: str) -> str:
        made = str(self.perform("createUpload", 0, roomId=room, **FILE)["id"])
        self.s3.put_object(Bucket=BUCKET, Key=f"pending/{made}", Body=PNG[:100], ContentType="image/png")
        return made

    def picture(self, user: int = 0, room: str | None = None) -> str:
        """The id of a picture that somebody has uploaded, of themself or of a room."""
        file = {**FILE, "purpose": "AVATAR"} | ({} if room is None else {"roomId": room})
        made = str(self.perform("createUpload", user, **file)["id"])
        self.s3.put_object(Bucket=BUCKET, Key=f"pending/{made}", Body=PNG[:100], ContentType="image/png")
        return made

    def called(self) -> None:
        """All ten users have names, which are known in their rooms."""
        for user in range(10):
            self.perform("updateMe", user, name=f"Person {user} of many")
        run_jobs(self.other, 1_000.0, Tally())
