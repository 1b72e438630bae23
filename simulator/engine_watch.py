"""Tells the people of a running program what becomes of its engine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.engine import address, answers, hosted, log_tail
from simulator.engine_state import note_told, unclean_stops, untold

LOOK_SECONDS = (
    0.1  # an engine takes longer to start, so what has stopped is known before the next one answers
)
LOOKS = 15  # in a row that find neither a host nor an engine


@contextmanager
def watching(
    home: Path,
    tell: Callable[[str], None],
    give_up: Callable[[], None],
    stopped: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """While the block lasts, tells in a sentence that the engine in `home` stopped and is back; `stopped` is called
    before the next one answers. If it does not come back, says so and calls `give_up`, once. All are called by
    another thread."""
    over = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(home, tell, give_up, stopped, over), name="engine-watch", daemon=True
    )
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(
    home: Path,
    tell: Callable[[str], None],
    give_up: Callable[[], None],
    stopped: Callable[[], None],
    over: threading.Event,
) -> None:
    seen, silent = unclean_stops(home), 0
    while not over.wait(LOOK_SECONDS):
        if (count := unclean_stops(home)) > seen:
            seen = count
            stopped()
            tell(
                "The engine has stopped by itself and is started again; until it answers, calls are refused."
            )
        if (stop := untold(home)) is not None:
            tell(stop.sentence())
            note_told(home, stop)
        silent = 0 if hosted(home) or _answers(home) else silent + 1
        if silent == LOOKS:
            tell(
                f"The engine has ended and does not start again, so this program ends, too.\n{log_tail(home)}"
            )
            give_up()
            return


def _answers(home: Path) -> bool:
    """An engine whose host was killed serves on."""
    endpoint = address(home)
    return endpoint is not None and answers(endpoint)
