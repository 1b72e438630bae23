"""A room as the schema describes it, in memory: what a client without I/O is tried against."""

from dataclasses import dataclass, field
from random import Random

from tests.guarantees.catch_up.faulty_client import FaultyClient, Request
from tests.guarantees.catch_up.follower import COMPARE_S
from tests.guarantees.catch_up.follower_events import (
    Accepted,
    Compare,
    Event,
    Failed,
    Head,
    HeadAnswer,
    Message,
    Page,
    ReadChanges,
    ReadMessages,
    Stale,
    Subscribe,
)


def message(seq: int, rev: int | None = None, text: str | None = None) -> Message:
    return {"id": f"m{seq}", "seq": seq, "ts": f"t{seq}", "rev": rev, "text": text or f"text {seq}"}


def notice(next_epoch: int | None = None) -> Message:
    return {"id": "n", "notice": {"kind": "MEMBER_LEFT", "userId": "ann", "nextEpoch": next_epoch}}


def head(seq: int, epoch: int = 1, rev: int | None = None) -> Head:
    return Head(seq, f"t{seq}" if seq else None, epoch, seq + 1 if rev is None else rev)


@dataclass
class FakeRoom:
    """Its head, messages and change log. `limit` is a page's; `reset_before`
    the rev since which changes are kept."""

    limit: int
    rev: int = 1
    epoch: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    log: list[tuple[int, int]] = field(default_factory=list)
    reset_before: int = 0

    @property
    def head(self) -> Head:
        seq = len(self.messages)
        return Head(seq, f"t{seq}" if seq else None, self.epoch, self.rev)

    def send(self) -> Message:
        self.rev += 1
        seq = len(self.messages) + 1
        self.messages[seq] = message(seq)
        return self.messages[seq]

    def edit(self, place: int) -> Message:
        self.rev += 1
        seq = place % len(self.messages) + 1
        self.messages[seq] = message(seq, self.rev, f"at {self.rev}")
        self.log.append((self.rev, seq))
        return self.messages[seq]

    def end_epoch(self) -> Message:
        self.rev += 1
        self.epoch += 1
        return notice(self.epoch)

    def answer(self, request: Request) -> Event:
        match request:
            case Subscribe(number, epoch):
                return Accepted(number) if epoch == self.epoch else Stale(number, self.epoch)
            case Compare(number):
                return HeadAnswer(number, self.head)
            case ReadMessages(number, token):
                return self._page(number, "", 0, int(token or 0))
            case ReadChanges(number, since, after, token):
                if since < self.reset_before:
                    return Page(number, [], None, self.head, reset=True)
                rev, seq = (int(part) for part in (token or f"{since},{(after or 't0')[1:]}").split(","))
                return self._page(number, ",", rev, seq)

    def _page(self, number: int, comma: str, rev: int, seq: int) -> Page:
        """What changed after `rev` up to `seq`, then what came after `seq`;
        of the first reading only the latter."""
        changed = [each for each in self.log if comma and each[0] > rev and each[1] <= seq]
        chosen = changed[: self.limit]
        items = [self.messages[each] for _, each in chosen]
        more = len(changed) > self.limit
        rev = chosen[-1][0] if more else self.rev
        if not more:
            new = [each for each in self.messages if each > seq]
            more = len(new) > self.limit - len(items)
            new = new[: self.limit - len(items)]
            items += [self.messages[each] for each in new]
            seq = max([seq, *new])
        token = f"{rev}{comma}{seq}" if comma else str(seq)
        return Page(number, items, token if more else None, self.head)


MOVES = ["send", "edit", "end epoch", "frame", "frame", "answer", "answer", "request", "cut", "wait", "loses"]


class FakeRun:
    """One client of a fake room."""

    def __init__(self, limit: int) -> None:
        self.room = FakeRoom(limit)
        self.client = FaultyClient("ann", Random(0))  # noqa: S311  repeatable
        self.client.unsubscribe = self._unsubscribe
        self.epoch: int | None = None
        self.client.begin()

    def _unsubscribe(self) -> None:
        self.epoch = None

    def move(self, kind: str, number: int) -> None:
        client, room = self.client, self.room
        if kind == "send":
            self._publish(room.send(), room.epoch)
        elif kind == "edit" and room.messages:
            self._publish(room.edit(number), room.epoch)
        elif kind == "end epoch":
            self._publish(room.end_epoch(), room.epoch - 1)
        elif kind == "frame" and client.frames:
            client.frames.insert(0, client.frames.pop(number % len(client.frames)))
            client.receive_frame()
        elif kind == "answer" and client.answers:
            client.receive_answer()
        elif kind == "request":
            self.perform()
        elif kind == "cut" and number < 3:
            client.cut()
        elif kind == "wait":
            client.wait([0.1, 0.5, 1, 10, 30][number % 5])
        elif kind == "loses":
            self._lose(number)

    def _publish(self, frame: Message, epoch: int) -> None:
        if self.epoch == epoch:
            self.client.frames.append(frame)

    def _lose(self, number: int) -> None:
        if number == 0:
            self.room.reset_before = self.room.rev
        elif number < 6:
            self.client.frames = self.client.frames[:-1]
        elif number < 8:
            self.client.frames += self.client.frames[:1]
        elif self.client.answers:
            self.client.answers[0] = Failed(getattr(self.client.answers[0], "number", 0))

    def perform(self) -> None:
        request, self.client.request = self.client.request, None
        if request is not None:
            event = self.room.answer(request)
            if isinstance(event, Accepted):
                self.epoch = self.room.epoch
            self.client.answers.append(event)

    def end(self) -> None:
        """From here on nothing goes wrong, and heads have been compared since."""
        for _ in range(3):
            self.client.wait(COMPARE_S)
            for _ in range(400):
                if not (self.client.request or self.client.answers or self.client.frames):
                    break
                for kind in ("request", "answer", "frame"):
                    self.move(kind, 0)
