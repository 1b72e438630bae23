"""A room in which members write and lose access at the same time, and what every
subscription that was ever accepted gets.

The operations are the real ones, each call in one of a few processes that remember an old head; execution and
fan-out are the simulator's. Commit and publication are steps of their own, and so are a subscription's
acceptance and going live.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.changes import changes
from chat.operations.messages import messages
from chat.operations.on_message import on_message
from chat.operations.room import room
from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from resolvers.publish_message import handler as publisher
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions, Handler
from simulator.readings import Readings
from simulator.refusals import SubscriptionRefused
from tests.guarantees.catch_up import follower_events as events
from tests.guarantees.rooms.requests import VERBS
from tests.guarantees.support.backend import MESSAGE, NOTICE, ON_MESSAGE, Backend, Denied
from tests.guarantees.support.fixtures import CURSOR_KEYS, FAST, Clock, process, store_of
from tests.guarantees.support.publishing import Reader, api_of
from tests.guarantees.support.scheduler import Commit, ScheduledClient, Scheduler

REVOCATIONS = ("removeMember", "leaveRoom", "banMember")
MESSAGE_MUTATIONS = ("sendMessage", "editMessage", "removeMessage")
MUTATIONS = (
    *MESSAGE_MUTATIONS,
    *REVOCATIONS,
    "addMember",
    "joinRoom",
    "unbanMember",
    "muteMember",
    "setRole",
)


@dataclass(slots=True, eq=False)
class Subscription:
    """A subscription that was accepted, and is kept open whatever happens. The resolver decided after
    `commits` commits, by the head that there was after `commits_at_head_read` of them."""

    user: str
    epoch: int
    commits: int
    commits_at_head_read: int
    received: list[events.Message] = field(default_factory=list)
    is_live: bool = False


@dataclass(slots=True, eq=False)
class Mutation:
    """A mutation: the caller, the user whom it is about, and its outcome, once it is published."""

    call: str
    verb: str
    user: str
    target: str
    answer: events.Message | None = None
    refused: str | None = None
    audience: list[Subscription] = field(default_factory=list)
    """The subscriptions that were live under the epoch of the answer when it was published."""


@dataclass(slots=True, eq=False)
class InterleavedRoom:
    """The room `room_id`, its processes, and everything that happened."""

    room_id: str
    api: Api
    backend: Backend
    scheduler: Scheduler
    clients: list[ScheduledClient]
    start: events.Head
    commits: list[Commit]
    mutations: list[Mutation] = field(default_factory=list)
    audiences: dict[str, list[Subscription]] = field(default_factory=dict)
    """Who was live, and in its epoch, when a message or notice was published last, by its id."""
    subscriptions: list[Subscription] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def begin(self, mutation: Mutation, **arguments: Any) -> None:
        """In a process that does nothing else now; there must be one."""
        self.mutations.append(mutation)
        await self._in_a_process(lambda number: self._do(mutation, arguments, number))

    async def begin_subscription(self, user: str, epoch: int) -> None:
        await self._in_a_process(lambda number: self._listen(user, epoch, number))

    async def _in_a_process(self, work: Callable[[int], Any]) -> None:
        number = self.idle.pop(self.scheduler.rng.randrange(len(self.idle)))
        task = await self.scheduler.start(work(number))
        task.add_done_callback(lambda _: self.idle.append(number))
        self.tasks.append(task)

    async def _do(self, mutation: Mutation, arguments: Mapping[str, Any], number: int) -> None:
        selection = MESSAGE if mutation.verb in MESSAGE_MUTATIONS else NOTICE
        headers = {"process": str(number), "call": mutation.call}
        try:
            mutation.answer = await self.backend.mutate(
                mutation.user, mutation.verb, selection, headers, roomId=self.room_id, **arguments
            )
        except Denied as denied:
            mutation.refused = denied.name
            return
        if self.backend.reader:
            await self.scheduler.wait_in_coroutine()  # the stream is read some time
            await self.read_stream()
        else:
            self._note_audience(mutation.answer or {})
        mutation.audience = self.audiences.get((mutation.answer or {})["id"], [])

    async def read_stream(self) -> None:
        """All that is stored and not published yet is published, whoever stored it, and whether or not that was
        answered."""
        if self.backend.reader:
            await self.backend.reader.publish(self.room_id, self._note_audience)

    def _note_audience(self, message: Mapping[str, Any]) -> None:
        self.audiences[message["id"]] = [
            subscription
            for subscription in self.subscriptions
            if subscription.is_live and subscription.epoch == message["epoch"]
        ]

    async def _listen(self, user: str, epoch: int, number: int) -> None:
        variables = {"roomId": self.room_id, "epoch": epoch}
        call = Call(
            {"process": str(number), "call": "listen"}, Grant.by_authorizer({"userId": user}), variables
        )
        try:
            selection = await self.api.subscribe(GraphqlRequest(ON_MESSAGE, variables), call)
        except SubscriptionRefused:
            return
        subscription = Subscription(
            user, epoch, self.clients[number].commits_at_read, self.clients[number].commits_at_head_read
        )
        self.subscriptions.append(subscription)
        await self.scheduler.wait_in_coroutine()
        self.backend.listen(selection, subscription.received.append)
        subscription.is_live = True

    def heads(self) -> list[events.Head]:
        """The head at first, and after each commit."""
        return [self.start, *(commit.head for commit in self.commits)]


@contextmanager
def interleaved_room(
    client: Any, seed: str, members: Mapping[str, Role], readings: Readings, publish: str
) -> Iterator[InterleavedRoom]:
    """A new room with three processes. Within a running event loop."""
    rng, clock = Random(seed), Clock()  # noqa: S311  repeatable
    room_id = f"p-{uuid.uuid4()}"
    visibility = rng.choice(["public", "private"])
    place = Room.parse(room_id)
    assert add_room(store_of(client), place, members, {**FAST, "visibility": visibility})
    scheduler, commits = Scheduler(rng, asyncio.get_running_loop()), list[Commit]()
    clients = [ScheduledClient(client, scheduler, place, commits, lost=0.1, conflicts=0.05) for _ in range(3)]
    functions = _functions(process(client, clock), [process(each, clock) for each in clients], clients)
    api = api_of(publish, functions, readings)
    try:
        yield InterleavedRoom(
            room_id,
            api,
            Backend(api, Reader(api, client) if publish == "stream" else None),
            scheduler,
            clients,
            clients[0].head(),
            commits,
            idle=[0, 1, 2],
        )
    finally:
        scheduler.release_all()
        functions.close()


def _functions(free: Deployment, processes: list[Deployment], clients: list[ScheduledClient]) -> Functions:
    """The operations as functions. A request with a header `process` is for
    that process; any other is not scheduled."""

    def run(event: Any, verb: Callable[[Deployment, Caller], Any]) -> Any:
        headers = event["request"]["headers"]
        caller = Caller(event["identity"]["resolverContext"]["userId"])
        if "process" not in headers:
            return verb(free, caller)
        number = int(headers["process"])
        clients[number].call = headers["call"]
        answer = verb(processes[number], caller)
        if answer is not None:
            clients[number].scheduler.wait()  # publishing is a step of its own
        return answer

    def mutation(verb: Callable[..., Any]) -> Handler:
        return lambda event, _: run(
            event, lambda deployment, caller: verb(deployment, caller, event["arguments"], Tally()).to_wire()
        )

    def accept(event: Any, _: Any) -> Any:
        return run(event, lambda deployment, caller: on_message(deployment, caller, event["arguments"]))

    handlers: dict[str, Handler] = {f"Mutation.{name}": mutation(VERBS[name]) for name in MUTATIONS}
    more: dict[str, Handler] = {"Subscription.onMessage": accept, "Mutation.publishMessage": publisher}
    return Functions(handlers | more | _reads(free), workers=8)


def _reads(free: Deployment) -> dict[str, Handler]:
    """What clients read meanwhile, not scheduled."""

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
