"""A follower behind a network that loses, repeats, reorders, delays and cuts; and the screen that it fills.

Nothing here waits or performs a request: a proof does, in the order that its own dice say. So one seed is one life.
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
    Cut,
    Event,
    Failed,
    Forget,
    Heard,
    Message,
    ReadChanges,
    ReadMessages,
    Refused,
    Show,
    Stale,
    Stop,
    Subscribe,
    Tell,
)

Request: TypeAlias = Subscribe | ReadMessages | ReadChanges | Compare


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each is: of a frame, to be lost, to come twice, to be overtaken; of an answer, to be lost."""

    lost: float = 0.0
    twice: float = 0.0
    overtaken: float = 0.0
    unanswered: float = 0.0


NO_FAULTS = Faults()


class Wrong(AssertionError):
    """The screen shows what it may not."""


@dataclass(slots=True)
class Screen:
    """What somebody sees. Raises `Wrong` at a message that is there already or does not come after the others."""

    messages: dict[int, Message] = field(default_factory=dict)

    def show(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if message["seq"] <= max(self.messages, default=0):
                raise Wrong(f"{message['seq']} after {max(self.messages)}")
            self.messages[message["seq"]] = message

    def change(self, message: Message) -> None:
        shown = self.messages.get(message["seq"])
        if shown is None or shown["id"] != message["id"] or (shown["rev"] or 0) >= (message["rev"] or 0):
            raise Wrong(f"{message['seq']} changed from {shown} to {message}")
        self.messages[message["seq"]] = message


@dataclass(slots=True, eq=False)
class FaultyClient:
    """One person's client. `hang_up` ends its subscription, at once and for good."""

    user: str
    dice: Random
    faults: Faults = NO_FAULTS
    follower: Follower = field(default_factory=Follower)
    screen: Screen = field(default_factory=Screen)
    hang_up: Callable[[], None] = lambda: None
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
        if self.dice.random() < self.faults.lost:
            self.lost += 1
            return
        self.frames += [message] * (1 + (self.dice.random() < self.faults.twice))

    def answer(self, event: Event) -> None:
        """The server answers the request."""
        number = getattr(event, "number", 0)
        if self.dice.random() < self.faults.unanswered:
            event = Failed(number)
        self.answers.append(event)

    def receive_frame(self) -> None:
        overtaken = self.dice.random() < self.faults.overtaken
        self._take(Heard(self.frames.pop(self.dice.randrange(len(self.frames)) if overtaken else 0)))

    def receive_answer(self) -> None:
        self._take(self.answers.pop(0))

    def cut(self) -> None:
        """The socket goes, and what was on it with it; answers of queries are still on their way."""
        self.hang_up()
        self.lost += len(self.frames)
        self.frames.clear()
        self.answers = [each for each in self.answers if not isinstance(each, Accepted | Stale | Refused)]
        if isinstance(self.request, Subscribe):
            self.request = None
        self._take(Cut())

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._do(self.follower.tick(self.now))

    def _take(self, event: Event) -> None:
        self._do(self.follower.take(event, self.now))

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Show(messages):
                    self.screen.show(messages)
                case Change(message):
                    self.screen.change(message)
                case Forget():
                    self.screen.messages.clear()
                case Tell(notice):
                    self.notices.append(notice)
                case Stop():
                    self.hang_up()
                    self.request = None
                    self.frames.clear()
                case Subscribe() | ReadMessages() | ReadChanges() | Compare():
                    self.request = action
