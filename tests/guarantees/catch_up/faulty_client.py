"""A follower behind a network that loses, repeats, reorders, delays and cuts; and the view that it fills.

Nothing here waits or performs a request: a test does, in the order of its own
random numbers. So a seed repeats a run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from tests.guarantees.catch_up.follower import Follower
from tests.guarantees.catch_up.follower_events import (
    Accepted,
    Action,
    Change,
    Compare,
    Disconnected,
    Event,
    Failed,
    Forget,
    Message,
    Notify,
    ReadChanges,
    ReadMessages,
    Received,
    Refused,
    Show,
    Stale,
    Stop,
    Subscribe,
)

Request: TypeAlias = Subscribe | ReadMessages | ReadChanges | Compare


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each is: of a frame, to be lost, to come twice, to be
    overtaken; of an answer, to be lost."""

    lost: float = 0.0
    twice: float = 0.0
    overtaken: float = 0.0
    unanswered: float = 0.0


NO_FAULTS = Faults()


class WrongView(AssertionError):
    """The view shows what it may not."""


@dataclass(slots=True)
class ClientView:
    """The messages that are shown. Raises `WrongView` at a message that is there
    already or does not come after the others."""

    messages: dict[int, Message] = field(default_factory=dict)

    def show(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if message["seq"] <= max(self.messages, default=0):
                raise WrongView(f"{message['seq']} after {max(self.messages)}")
            self.messages[message["seq"]] = message

    def change(self, message: Message) -> None:
        shown = self.messages.get(message["seq"])
        if shown is None or shown["id"] != message["id"] or (shown["rev"] or 0) >= (message["rev"] or 0):
            raise WrongView(f"{message['seq']} changed from {shown} to {message}")
        self.messages[message["seq"]] = message


@dataclass(slots=True, eq=False)
class FaultyClient:
    """One person's client. `unsubscribe` ends its subscription, at once and for good."""

    user: str
    rng: Random
    faults: Faults = NO_FAULTS
    follower: Follower = field(default_factory=Follower)
    view: ClientView = field(default_factory=ClientView)
    unsubscribe: Callable[[], None] = lambda: None
    request: Request | None = None
    frames: list[Message] = field(default_factory=list)
    answers: list[Event] = field(default_factory=list)
    lost: int = 0
    notices: list[Message] = field(default_factory=list)
    now: float = 0.0

    def begin(self) -> None:
        self._do(self.follower.begin())

    def send_frame(self, message: Message) -> None:
        """The server sends a frame on this client's socket."""
        if self.rng.random() < self.faults.lost:
            self.lost += 1
            return
        self.frames += [message] * (1 + (self.rng.random() < self.faults.twice))

    def answer(self, event: Event) -> None:
        """The server answers the request."""
        number = getattr(event, "number", 0)
        if self.rng.random() < self.faults.unanswered:
            event = Failed(number)
        self.answers.append(event)

    def receive_frame(self) -> None:
        overtaken = self.rng.random() < self.faults.overtaken
        self._take(Received(self.frames.pop(self.rng.randrange(len(self.frames)) if overtaken else 0)))

    def receive_answer(self) -> None:
        self._take(self.answers.pop(0))

    def cut(self) -> None:
        """The socket closes, and what was on it is lost; answers of queries are still on their way."""
        self.unsubscribe()
        self.lost += len(self.frames)
        self.frames.clear()
        self.answers = [each for each in self.answers if not isinstance(each, Accepted | Stale | Refused)]
        if isinstance(self.request, Subscribe):
            self.request = None
        self._take(Disconnected())

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._do(self.follower.tick(self.now))

    def _take(self, event: Event) -> None:
        self._do(self.follower.take(event, self.now))

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Show(messages):
                    self.view.show(messages)
                case Change(message):
                    self.view.change(message)
                case Forget():
                    self.view.messages.clear()
                case Notify(notice):
                    self.notices.append(notice)
                case Stop():
                    self.unsubscribe()
                    self.request = None
                    self.frames.clear()
                case Subscribe() | ReadMessages() | ReadChanges() | Compare():
                    self.request = action
