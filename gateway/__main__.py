"""`python -m gateway`: serves until SIGTERM or SIGINT, then drains."""

import asyncio
import gc
import sys
from collections.abc import Callable

from gateway import logs
from gateway.process import Gateway
from gateway.server import Server
from gateway.settings import BadSettings, Settings, of_this_process


def main() -> int:
    try:
        settings = of_this_process()
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(settings))
    except KeyboardInterrupt:  # uvicorn raises it again when it has drained
        return 0
    return 0


async def serve(settings: Settings) -> None:
    server = Server(Gateway(settings))
    # A room of thousands is many objects that live long; collecting them again and again delays messages.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    ready_line = asyncio.create_task(_print_ready(server))
    await server.serve()
    ready_line.cancel()


async def _print_ready(server: Server) -> None:
    """The line that other programs wait for."""
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(f"ready ws://{server.config.host}:{server.port}/ws", flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  where it cannot be, asyncio's own loop serves
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
