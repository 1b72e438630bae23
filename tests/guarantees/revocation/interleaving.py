"""A room in which people write and are sent away at the same time, and what every subscription that was ever accepted hears.

The verbs are the real ones, each call in one of a few processes that remember an old head; execution and fan-out are the
simulator's. To commit and to publish are steps of their own, and so are judging a subscription and its going live.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.changes import changes
from chat.operations.edit_message import edit_message
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.messages import messages
from chat.operations.mute_member import mute_member
from chat.operations.on_message import on_message
from chat.operations.remove_member import remove_member
from chat.operations.remove_message import remove_message
from chat.operations.room import room
from chat.operations.send_message import send_message
from chat.operations.set_role import set_role
from chat.operations.unban_member import unban_member
from chat.rules.models import Caller, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions, Handler
from simulator.limits import Limits
from simulator.readings import Readings
from simulator.refusals import SubscriptionRefused
from simulator.settings import SCHEMA
from tests.guarantees.catch_up import follower_events as words
from tests.guarantees.support.backend import MESSAGE, NOTICE, ON_MESSAGE, Backend, Denied
from tests.guarantees.support.fixtures import CURSOR_KEYS, FAST, Clock, process, store_of
from tests.guarantees.support.scheduler import Commit, Gate, GatedClient

Verb = Callable[[Deployment, Caller, Mapping[str, Any], Tally], Message]

VERBS: dict[str, Verb] = {
    "sendMessage": send_message,
    "editMessage": edit_message,
    "removeMessage": remove_message,
    "addMember": add_member,
    "joinRoom": join_room,
    "removeMember": remove_member,
    "leaveRoom": leave_room,
    "banMember": ban_member,
    "unbanMember": unban_member,
    "muteMember": mute_member,
    "setRole": set_role,
}
PARTINGS = ("removeMember", "leaveRoom", "banMember")
WRITTEN = ("sendMessage", "editMessage", "removeMessage")


@dataclass(slots=True, eq=False)
class Ear:
    """A subscription that was accepted, and is kept open whatever happens. `judged`: after how many commits it was judged, by
    the head that there was after `saw_head` of them."""

    user: str
    epoch: int
    judged: int
    saw_head: int
    heard: list[words.Message] = field(default_factory=list)
    is_live: bool = False


@dataclass(slots=True, eq=False)
class Deed:
    """A mutation: who does it to whom, and what came of it, once it is published."""

    call: str
    verb: str
    user: str
    whom: str
    answer: words.Message | None = None
    refused: str | None = None
    due: list[Ear] = field(default_factory=list)
    """Whose subscriptions were live under the epoch of the answer when it was published."""


@dataclass(slots=True, eq=False)
class Crowd:
    """The room `room_id`, its processes, and everything that happened."""

    room_id: str
    api: Api
    backend: Backend
    gate: Gate
    clients: list[GatedClient]
    start: words.Head
    commits: list[Commit]
    deeds: list[Deed] = field(default_factory=list)
    ears: list[Ear] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def begin(self, deed: Deed, **arguments: Any) -> None:
        """In a process that does nothing else now; there must be one."""
        self.deeds.append(deed)
        await self._in_a_process(lambda number: self._do(deed, arguments, number))

    async def begin_to_listen(self, user: str, epoch: int) -> None:
        await self._in_a_process(lambda number: self._listen(user, epoch, number))

    async def _in_a_process(self, work: Callable[[int], Any]) -> None:
        number = self.idle.pop(self.gate.dice.randrange(len(self.idle)))
        task = await self.gate.start(work(number))
        task.add_done_callback(lambda _: self.idle.append(number))
        self.tasks.append(task)

    async def _do(self, deed: Deed, arguments: Mapping[str, Any], number: int) -> None:
        selection = MESSAGE if deed.verb in WRITTEN else NOTICE
        headers = {"process": str(number), "call": deed.call}
        try:
            deed.answer = await self.backend.change(
                deed.user, deed.verb, selection, headers, roomId=self.room_id, **arguments
            )
        except Denied as denied:
            deed.refused = denied.name
        else:
            epoch = (deed.answer or {})["epoch"]
            deed.due = [ear for ear in self.ears if ear.is_live and ear.epoch == epoch]

    async def _listen(self, user: str, epoch: int, number: int) -> None:
        variables = {"roomId": self.room_id, "epoch": epoch}
        call = Call({"process": str(number), "call": "listen"}, Grant({"userId": user}), variables)
        try:
            selection = await self.api.subscribe(GraphqlRequest(ON_MESSAGE, variables), call)
        except SubscriptionRefused:
            return
        ear = Ear(user, epoch, self.clients[number].looked, self.clients[number].saw_head)
        self.ears.append(ear)
        await self.gate.pause()
        self.backend.listen(selection, ear.heard.append)
        ear.is_live = True

    def heads(self) -> list[words.Head]:
        """The head at first, and after each commit."""
        return [self.start, *(commit.head for commit in self.commits)]


@contextmanager
def crowd(client: Any, seed: str, people: Mapping[str, Role], readings: Readings) -> Iterator[Crowd]:
    """A new room with three processes. Within a running event loop."""
    dice, clock = Random(seed), Clock()  # noqa: S311  repeatable
    room_id = f"p-{uuid.uuid4()}"
    visibility = dice.choice(["public", "private"])
    place = Room.parse(room_id)
    assert add_room(store_of(client), place, people, {**FAST, "visibility": visibility})
    gate, commits = Gate(dice, asyncio.get_running_loop()), list[Commit]()
    clients = [GatedClient(client, gate, place, commits, lost=0.1, conflicts=0.05) for _ in range(3)]
    functions = _functions(process(client, clock), [process(each, clock) for each in clients], clients)
    api = Api(SCHEMA.read_text(encoding="utf-8"), functions, Limits(), readings)
    try:
        yield Crowd(room_id, api, Backend(api), gate, clients, clients[0].head(), commits, idle=[0, 1, 2])
    finally:
        gate.open()
        functions.close()


def _functions(free: Deployment, processes: list[Deployment], clients: list[GatedClient]) -> Functions:
    """The verbs as functions. A request with a header `process` is for that process; any other waits at no gate."""

    def run(event: Any, verb: Callable[[Deployment, Caller], Any]) -> Any:
        headers = event["request"]["headers"]
        caller = Caller(event["identity"]["resolverContext"]["userId"])
        if "process" not in headers:
            return verb(free, caller)
        number = int(headers["process"])
        clients[number].call = headers["call"]
        answer = verb(processes[number], caller)
        if answer is not None:
            clients[number].gate.wait()  # publishing is a step of its own
        return answer

    def mutation(verb: Verb) -> Handler:
        return lambda event, _: run(
            event, lambda deployment, caller: verb(deployment, caller, event["arguments"], Tally()).to_wire()
        )

    def judge(event: Any, _: Any) -> Any:
        return run(event, lambda deployment, caller: on_message(deployment, caller, event["arguments"]))

    handlers: dict[str, Handler] = {f"Mutation.{name}": mutation(verb) for name, verb in VERBS.items()}
    return Functions(handlers | {"Subscription.onMessage": judge} | _reads(free), workers=8)


def _reads(free: Deployment) -> dict[str, Handler]:
    """What clients ask beside it all, at no gate."""

    def answers(verb: Callable[[Caller, Mapping[str, Any]], Any]) -> Handler:
        return lambda event, _: verb(
            Caller(event["identity"]["resolverContext"]["userId"]), event["arguments"]
        )

    return {
        "Query.messages": answers(
            lambda caller, given: messages(free, CURSOR_KEYS, caller, given, Tally()).to_wire()
        ),
        "Query.changes": answers(lambda caller, given: changes(free, CURSOR_KEYS, caller, given, Tally())),
        "Query.room": answers(lambda caller, given: room(free, caller, given, Tally())),
    }
