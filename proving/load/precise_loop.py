"""An event loop whose timers are exact to some microseconds.

epoll waits for whole milliseconds, rounded up (https://man7.org/linux/man-pages/man2/epoll_wait.2.html), which would be
added to every latency; select(2) on epoll's own descriptor waits for microseconds. Elsewhere the usual loop is exact enough.
"""

import asyncio
import select
import selectors
import sys


def precise_loop() -> asyncio.AbstractEventLoop:
    if sys.platform != "linux":
        return asyncio.new_event_loop()

    class Exact(selectors.EpollSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is not None and timeout > 0:
                select.select([self.fileno()], [], [], timeout)
                timeout = 0
            return super().select(timeout)

    return asyncio.SelectorEventLoop(Exact())
