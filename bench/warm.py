"""Warm calls: CPU of one process per invocation, over a stub of DynamoDB on loopback.

`python -m bench.warm pages|sends PAIRS FILE` measures in a process of its own and writes ratios to the file
as JSON, because handlers print.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from bench.setting import INTERPRETER, PACKAGES, PROJECT, Setting, event
from bench.stub import PAGE, answers

TABLES: Mapping[Literal["core", "guild"], str] = {"core": "gg_core", "guild": "gg_guild"}
CALLS = 20
"""Calls in one half of a pair."""


PAGES = (
    ("warm messages (50)", "stock query"),
    ("… its query and parsing alone", "stock query"),
    ("… over both its requests", "stock query and batch get"),
    ("warm messages (50), usual way", "stock query"),
)
SENDS = (
    ("warm sendMessage", "stock transaction"),
    ("warm sendMessage, usual way", "stock transaction"),
)
"""What is measured, and over what. Each field has a process of its own, as in Lambda: what one has seen of
the room would make the other look again."""


def measure(setting: Setting, pairs: int, scratch: Path) -> dict[str, list[float]]:
    """Ratios by name, one for each pair."""
    return _measured("pages", setting, pairs, scratch) | _measured("sends", setting, pairs, scratch)


def _measured(what: str, setting: Setting, pairs: int, scratch: Path) -> dict[str, list[float]]:
    found = scratch / "warm.json"
    # The peer needs Powertools' router, which the package leaves out: third-party code is pip's here, for
    # both.
    path = f"{PACKAGES}:{setting.package}:{setting.package / 'python'}:{PROJECT}"
    with (scratch / "warm.log").open("w+") as log:
        done = subprocess.run(
            [*INTERPRETER, "-m", "bench.warm", what, str(pairs), str(found)],
            env={**setting.environment, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=log,
            check=False,
        )
        log.seek(0)
        if done.returncode:
            raise RuntimeError(log.read()[-2_000:])
    ratios: dict[str, list[float]] = json.loads(found.read_text())
    return ratios


def main(what: str, pairs: int, target: Path) -> None:
    calls, wanted = _calls(), {"pages": PAGES, "sends": SENDS}[what]
    found: dict[str, list[float]] = {}
    for name in dict.fromkeys(name for pair in wanted for name in pair if name in calls):
        cpu(calls[name])  # connections, caches and lazily made parsers are there from here on
    for _ in range(pairs):
        for name, base in wanted:
            found.setdefault(f"{base}, ms", []).append(below := cpu(calls[base]))
            call = calls.get(name) or calls["warm messages (50)"]
            found.setdefault(name, []).append(cpu(call) / below)
    target.write_text(json.dumps(found))


def cpu(call: Callable[[], object]) -> float:
    """CPU of this process for one call, in milliseconds, after one that is not counted."""
    call()
    started = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - started) * 1_000 / CALLS


def _calls() -> dict[str, Callable[[], object]]:
    # Here, since the handlers boot when they are imported.
    import botocore.session  # noqa: PLC0415

    from bench import peer  # noqa: PLC0415
    from chat.rules.rooms import Room  # noqa: PLC0415
    from chat.storage.aws import client  # noqa: PLC0415
    from chat.storage.store import Store  # noqa: PLC0415
    from resolvers import messages, send_message  # noqa: PLC0415

    region, endpoint = os.environ["AWS_REGION"], os.environ["DYNAMODB_ENDPOINT"]
    lean = client("dynamodb", region=region, endpoint=endpoint, lean=True)
    room, store = Room.parse("lobby"), Store(lean, TABLES)
    stock: Any = botocore.session.get_session().create_client(
        "dynamodb", region_name=region, endpoint_url=endpoint
    )
    query, get, transaction = _requests()
    page, context = event("Query.messages", {}), _context()
    page["arguments"] = {"roomId": "lobby", "limit": PAGE}
    ours, usual = _sends(), _sends()
    return {
        "stock query": lambda: stock.query(**query),
        "stock query and batch get": lambda: (stock.query(**query), stock.batch_get_item(**get)),
        "stock transaction": lambda: stock.transact_write_items(**transaction),
        "warm messages (50)": lambda: _whole(messages.handler(page, context)),
        "… its query and parsing alone": lambda: store.slice(
            room, "MSG#0", "MSG#~", forward=False, limit=PAGE, now_s=0, consistent=False
        ),
        "warm messages (50), usual way": lambda: _whole(peer.handler(page, context)),
        "warm sendMessage": lambda: send_message.handler(next(ours), context),
        "warm sendMessage, usual way": lambda: peer.handler(next(usual), context),
    }


def _whole(page: dict[str, Any]) -> None:
    """Raises `RuntimeError` when something was measured that is not the page."""
    if len(page["items"]) != PAGE:
        raise RuntimeError("not the page")


def _sends() -> Iterator[dict[str, Any]]:
    """Events of messages that were not sent before."""
    pattern = event("Mutation.sendMessage", {"roomId": "lobby"})
    arguments: Any = pattern["arguments"]
    for number in count():
        yield {**pattern, "arguments": {**arguments, "clientMessageId": f"bench-{number}"}}


class _Recorder:
    """A client that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, Any]] = {}

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.asked[operation] = request
            name = operation.title().replace("_", "")
            return answers(time.time_ns() // 1_000_000)[name]

        return call


def _requests() -> tuple[dict[str, Any], ...]:
    """The Query, the BatchGetItem and the TransactWriteItems that our own functions send."""
    from chat.deployment import Deployment  # noqa: PLC0415
    from chat.operations.messages import messages  # noqa: PLC0415
    from chat.operations.send_message import send_message  # noqa: PLC0415
    from chat.rules.cursor import CursorKeys  # noqa: PLC0415
    from chat.rules.models import Caller  # noqa: PLC0415
    from chat.rules.tally import Tally  # noqa: PLC0415
    from chat.storage.store import Store  # noqa: PLC0415

    recorder, alice = _Recorder(), Caller("alice")
    deployment = Deployment(Store(recorder, TABLES))
    messages(deployment, CursorKeys("k", {"k": bytes(32)}), alice, {"roomId": "lobby"}, Tally())
    sent: Any = event("Mutation.sendMessage", {"roomId": "lobby"})["arguments"]
    send_message(deployment, alice, sent, Tally())
    return tuple(recorder.asked[each] for each in ("query", "batch_get_item", "transact_write_items"))


def _context() -> Any:
    return SimpleNamespace(
        function_name="bench",
        function_version="$LATEST",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:bench",
        aws_request_id="00000000-0000-4000-8000-000000000000",
        get_remaining_time_in_millis=lambda: 10_000,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
