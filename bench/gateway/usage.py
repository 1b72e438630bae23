"""What a process and its children use, from /proc."""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, and resident memory (KiB) now."""

    cpu_s: float
    rss_kb: int


def usage(pid: int) -> Usage:
    cpu, rss = 0.0, 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / TICK
        rss += int(fields[21]) * PAGE_KB
    return Usage(cpu, rss)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [pid, *(each for child in children for each in family(int(child)))]


@dataclass
class Watch:
    """What happened while somebody watched. Shares are of one core: at 1 it is full, and whoever fills it
    sets the limit."""

    server_cpu_s: float = 0.0
    server_share: float = 0.0
    client_share: float = 0.0
    others_share: float = 0.0
    """Of all other processes on the machine: what is more than a few hundredths spoils latencies and
    limits."""
    rss_kb: int = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing of ours waits for the garbage collector."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextmanager
def watched(pid: int) -> Iterator[Watch]:
    """The server's use and our own, complete after the block."""
    watch = Watch()
    before, own, all_before, start = usage(pid), time.process_time(), _machine_s(), time.monotonic()
    with uncollected():
        yield watch
    after, seconds = usage(pid), time.monotonic() - start
    watch.server_cpu_s, watch.rss_kb = after.cpu_s - before.cpu_s, after.rss_kb
    watch.server_share = watch.server_cpu_s / seconds
    watch.client_share = (time.process_time() - own) / seconds
    everybody = (_machine_s() - all_before) / seconds
    watch.others_share = max(0.0, everybody - watch.server_share - watch.client_share)


def _machine_s() -> float:
    """CPU seconds of all processes: user, nice and system (proc(5)); interrupts are nobody's."""
    user, nice, system = Path("/proc/stat").read_text(encoding="utf-8").split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) / TICK
