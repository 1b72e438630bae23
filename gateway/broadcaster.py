"""One room's clients in this process, and the writing to them."""

import asyncio

from gateway.client_transport import ClientTransport


class Broadcaster:
    """Writes each frame to all. The first frame after a pause goes at once; those that come within
    `tick_s` of it go together, in one write for each client: at 50 messages a second that is half the
    system calls."""

    def __init__(self, tick_s: float) -> None:
        self._subscribers: dict[int, ClientTransport] = {}
        self._hidden: dict[int, int] = {}
        """By subscriber, up to which number the room's messages are hidden from them, if any are."""
        self._most_hidden = 0
        self._tick_s = tick_s
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, subscriber: ClientTransport) -> bool:
        return id(subscriber) in self._subscribers

    def add(self, subscriber: ClientTransport, hidden: int = 0) -> None:
        """From now on. What waits is written first, to those that were there: the new one has it from the
        replay buffer. Messages up to number `hidden` are not for them."""
        self.flush()
        self._subscribers[id(subscriber)] = subscriber
        self.hide(subscriber, hidden)

    def remove(self, subscriber: ClientTransport) -> None:
        self._subscribers.pop(id(subscriber), None)
        self._hide(id(subscriber), 0)

    def hide(self, subscriber: ClientTransport, hidden: int) -> None:
        """From now on messages up to this number are hidden from a subscriber."""
        if subscriber in self:
            self.flush()
            self._hide(id(subscriber), hidden)

    def _hide(self, name: int, hidden: int) -> None:
        self._hidden.pop(name, None)
        if hidden:
            self._hidden[name] = hidden
        self._most_hidden = max(self._hidden.values(), default=0)

    def publish(self, frame: bytes, seq: int = 0) -> None:
        """Write a frame to everybody, now or at the end of the tick; one about message `seq` only to those from whom that is not
        hidden."""
        if 0 < seq <= self._most_hidden:
            self.flush()
            for name, subscriber in list(self._subscribers.items()):
                if seq > self._hidden.get(name, 0):
                    subscriber.write(frame)
            return
        if self._timer is not None:
            self._waiting.append(frame)
            return
        self._begin_tick()
        self._write(frame)

    def flush(self) -> None:
        if self._waiting:
            frames, self._waiting = b"".join(self._waiting), []
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

    def _write(self, frame: bytes) -> None:
        for subscriber in list(self._subscribers.values()):
            subscriber.write(frame)
