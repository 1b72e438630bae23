"""The clients that hear one room in this process, and the writing to them."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol


class Listener(Protocol):
    """A client, as a room sees it."""

    user_id: str
    write: Callable[[bytes], None]


def nowhere(_frame: bytes) -> None:
    """Where frames for somebody go who is gone."""


class Audience:
    """Writes each frame to all. The first frame after a pause goes at once; those that come within `tick` seconds of it go
    together, in one write for each client: at 50 messages a second that is half the system calls."""

    def __init__(self, tick: float) -> None:
        self.listeners: dict[int, Listener] = {}
        self.frames = 0
        self._tick = tick
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self.listeners)

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self.listeners.values()))

    def add(self, listener: Listener) -> None:
        """From now on. What waits is written first, to those that were there: the new one has it from the tail."""
        self.flush()
        self.listeners[id(listener)] = listener

    def remove(self, listener: Listener) -> None:
        self.listeners.pop(id(listener), None)

    def tell(self, frame: bytes) -> None:
        """Write a frame to everybody, now or at the end of the tick."""
        self.frames += 1
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
        """Before writing, which takes milliseconds where there are thousands: else ticks would be longer than they are said to be,
        and messages that come just slower than a tick would all wait for one."""
        if self._tick:
            self._timer = asyncio.get_running_loop().call_later(self._tick, self._end_tick)

    def _write(self, frame: bytes) -> None:
        for listener in list(self.listeners.values()):
            listener.write(frame)
