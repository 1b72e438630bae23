"""`idle`: memory of connections in a quiet room."""

from bench.gateway.gateway_server import gateway
from bench.gateway.publishing import joined
from bench.gateway.usage import usage


async def idle(connections: int) -> None:
    async with gateway(max_connections=connections + 1_000) as running:
        few = await joined(running, 100)
        before = usage(running.process.pid)
        crowd = await joined(running, connections)
        after = usage(running.process.pid)
        each = (after.rss_kb - before.rss_kb) / connections
        print(
            f"\n{connections} idle connections: {each:.1f} KiB each, {after.rss_kb / 1024:.0f} MiB in all",
            flush=True,
        )
        await few.leave()
        await crowd.leave()
