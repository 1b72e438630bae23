"""One room's clients in this process, and the writing to them."""

import asyncio
from collections.abc import Sequence

from gateway.client_transport import ClientTransport


class Broadcaster:
    """Writes each frame to all. The first frame after a pause goes at once; those that come within
    `tick_s` of it go together, in one write for each client: at 50 messages a second that is half the
    system calls.

    A client may be limited to messages from a number on: in a room that shows its history from joining on only."""

    def __init__(self, tick_s: float) -> None:
        self._subscribers: dict[int, ClientTransport] = {}
        self._firsts: dict[int, int] = {}
        """The least number that each client may be sent that may not be sent everything."""
        self._tick_s = tick_s
        self._waiting: list[tuple[int | None, bytes]] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, subscriber: ClientTransport) -> bool:
        return id(subscriber) in self._subscribers

    def add(self, subscriber: ClientTransport, first: int = 1) -> None:
        """From now on, messages from the number `first` on. What waits is written first, to those that were there: the
        new one has it from the replay buffer."""
        self.flush()
        self._subscribers[id(subscriber)] = subscriber
        self.limit(subscriber, first)

    def limit(self, subscriber: ClientTransport, first: int) -> None:
        """What this one may be sent from now on."""
        self._firsts.pop(id(subscriber), None)
        if first > 1 and id(subscriber) in self._subscribers:
            self._firsts[id(subscriber)] = first

    def remove(self, subscriber: ClientTransport) -> None:
        self._subscribers.pop(id(subscriber), None)
        self._firsts.pop(id(subscriber), None)

    def publish(self, frame: bytes, seq: int | None = None) -> None:
        """Write a frame to everybody, now or at the end of the tick; one about the message of this number to those who may
        see that."""
        if self._timer is not None:
            self._waiting.append((seq, frame))
            return
        self._begin_tick()
        self._write([(seq, frame)])

    def flush(self) -> None:
        if self._waiting:
            frames, self._waiting = self._waiting, []
            self._write(frames)

    def _end_tick(self) -> None:
        self._timer = None
        if self._waiting:
            self._begin_tick()
            self.flush()

    def _begin_tick(self) -> None:
        """Before writing, which takes milliseconds where there are thousands: else ticks would be longer
        than they are said to be, and messages that come just slower than a tick would all wait for one."""
        if self._tick_s:
            self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._end_tick)

    def _write(self, frames: Sequence[tuple[int | None, bytes]]) -> None:
        everything = b"".join(frame for _, frame in frames)
        for key, subscriber in list(self._subscribers.items()):
            first = self._firsts.get(key) if self._firsts else None
            if first is None:
                subscriber.write(everything)
            elif seen := b"".join(frame for seq, frame in frames if seq is None or seq >= first):
                subscriber.write(seen)
