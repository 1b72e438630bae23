"""One room's clients in this process, and the writing to them."""

import asyncio

from gateway.client_transport import ClientTransport


class Broadcaster:
    """Writes each frame to all. The first frame after a pause goes at once; those that come within
    `tick_s` of it go together, in one write for each client: at 50 messages a second that is half the
    system calls."""

    def __init__(self, tick_s: float) -> None:
        self._subscribers: dict[int, ClientTransport] = {}
        self._tick_s = tick_s
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, subscriber: ClientTransport) -> bool:
        return id(subscriber) in self._subscribers

    def add(self, subscriber: ClientTransport) -> None:
        """From now on. What waits is written first, to those that were there: the new one has it from the
        replay buffer."""
        self.flush()
        self._subscribers[id(subscriber)] = subscriber

    def remove(self, subscriber: ClientTransport) -> None:
        self._subscribers.pop(id(subscriber), None)

    def publish(self, frame: bytes) -> None:
        """Write a frame to everybody, now or at the end of the tick."""
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
