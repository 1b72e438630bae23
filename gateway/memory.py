"""Look through what this process holds for somebody's id and texts. What is found is told by its holder, never by its text.

It goes from the gateway through everything that it refers to, not through a list of buffers: what is kept in a place that nobody
thought of is found, too. Not seen are bytes that wait in the event loop's or the kernel's own buffers.
"""

from asyncio import AbstractEventLoop
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from gc import get_referents
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from chat.rules.rooms import Room
from chat.rules.traces import Traces, What

SLICE = 2_000
"""After so many objects the event loop has its turn."""

MOST_NAMES = 4
"""How many holders are named of each finding, the innermost last."""

NUMBERS = (int, float, complex, bool, type(None))
CODE = (type, ModuleType, CodeType, BuiltinFunctionType, AbstractEventLoop, Traces)
"""What leads to all of the program, and to the scan itself."""


@dataclass
class MemoryScan:
    """`found`: how often, by holder and by what it was. `objects`: how many were looked at."""

    traces: Traces
    found: Counter[tuple[str, tuple[What, ...]]] = field(default_factory=Counter)
    objects: int = 0

    def walk(self, root: object) -> Iterator[None]:
        """Look through `root`, and yield now and then. It remembers some 80 bytes for each container."""
        seen = {id(root)}
        stack: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
        while stack:
            holder, names = stack.pop()
            names = _named(holder, names)
            for each in _referents(holder):
                self.objects += 1
                if self.objects % SLICE == 0:
                    yield
                if isinstance(each, str):
                    self._judge(self.traces.found_in(each), names)
                elif isinstance(each, bytes | bytearray):
                    self._judge(self.traces.found_in_bytes(bytes(each)), names)
                elif not isinstance(each, NUMBERS + CODE) and id(each) not in seen:
                    seen.add(id(each))
                    stack.append((each, names))

    def _judge(self, what: list[What], names: tuple[str, ...]) -> None:
        if what:
            self.found[".".join(names), tuple(what)] += 1


def _referents(holder: object) -> list[Any]:
    if isinstance(holder, FunctionType):  # its globals are the program
        return [holder.__closure__, holder.__defaults__, holder.__kwdefaults__]
    return get_referents(holder)


def _named(holder: object, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the gateway's own objects on the way to it."""
    kind = type(holder)
    if not kind.__module__.startswith("gateway."):
        return names
    room = getattr(holder, "room", None)
    own = f"{kind.__name__}({room.id})" if isinstance(room, Room) else kind.__name__
    return (*names[1 - MOST_NAMES :], own)
