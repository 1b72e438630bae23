"""`storm`: all are cut off, miss some, and come back at once from where they were, to the same process or to a new one."""

import time
from dataclasses import dataclass

from bench.gateway.gateway_server import gateway
from bench.gateway.publishing import joined, publish
from bench.gateway.servers import end
from bench.gateway.tally import Tally
from bench.gateway.usage import uncollected, usage

RATE = 50.0


@dataclass(frozen=True)
class Return:
    """How it went. `due`: missed messages, over all; `given`: how many of them arrived."""

    took_s: float
    cpu_s: float
    subscriptions: int
    reads: int
    looks: int
    given: int
    due: int
    tally: Tally

    def __str__(self) -> str:
        return (
            f"all resumed in {self.took_s:.2f} s, {self.cpu_s:.2f} s CPU; upstream: {self.subscriptions} subscriptions,"
            f" {self.reads} history reads, {self.looks} looks at the room; missed messages given {self.given} of {self.due},"
            f" lost {self.due - self.given}, twice {self.tally.twice}, disordered {self.tally.disordered},"
            f" resets {self.tally.resets}"
        )


async def storm(people: int, seconds: float) -> None:
    print(f"\n{people} come back at once")
    for name, is_new in (("the same process", False), ("a new process", True)):
        print(f"{name}: {await come_back(people, seconds, is_new=is_new)}", flush=True)


async def come_back(people: int, seconds: float, *, is_new: bool) -> Return:
    """Messages for so many seconds before they are cut off, and half as many while they are away."""
    async with gateway() as running:
        stub = running.stub
        crowd = await joined(running, people)
        await publish(running, crowd, RATE, seconds)
        await crowd.received(running.sent * people)
        before = crowd.tally.received
        await crowd.cut()
        missed = await publish(running, crowd, RATE, seconds / 2)
        if is_new:
            end(await running.start(on_new_port=True))
            crowd.address = running.address
        stub.asked.clear()
        starts, cpu = stub.starts, usage(running.process.pid).cpu_s
        began = time.monotonic()
        with uncollected():
            await crowd.connect(crowd.members)
            await crowd.received(running.sent * people)
        took, cpu = time.monotonic() - began, usage(running.process.pid).cpu_s - cpu
        given = crowd.tally.received - before
        looks = stub.asked["room"]
        await crowd.leave()
        return Return(
            took, cpu, stub.starts - starts, stub.history_reads, looks, given, missed * people, crowd.tally
        )
