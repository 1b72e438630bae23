"""The real functions count what alarms of objectives look at. With RECORD=1 their counts are written down anew."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.heartbeat import heartbeat
from chat.operations.messages import messages
from chat.operations.send_message import send_message
from chat.rules.errors import ChatError
from chat.storage.aws import client as aws_client
from chat_lambda.function import Call, Handler, resolver
from simulator.settings import REGION
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import CURSOR_KEYS, Clock, new_room, process, store_of
from tests.guarantees.support.proxy import Proxy, proxy_to
from tests.terraform import recorded

pytestmark = pytest.mark.real_engine("moto is asked without a connection that could break")
CALLS = 8 if os.environ.get("RECORD") else 1
SETTLED_S = 15
KEPT = ("DurationMs", "InternalError", "ServiceUnavailable", "DeliveriesDue", "DeliveriesConfirmed")


@dataclass(frozen=True)
class Context:
    function_name: str = "chat-recorded"
    aws_request_id: str = "r-1"


@pytest.fixture
def proxy(functions_environ: None, endpoint: str) -> Iterator[Proxy]:
    with proxy_to(endpoint) as proxy:
        yield proxy


@dataclass
class Functions:
    """Two fields' functions behind a proxy, and one that confirms what a member has on a clock of its own."""

    proxy: Proxy
    client: Any
    has: int = 0  # up to which message the member's client has them

    def __post_init__(self) -> None:
        asked = aws_client("dynamodb", region=REGION, endpoint=self.proxy.url, timeout=0.33, lean=True)
        usual, self.clock = Deployment(store=store_of(asked)), Clock()
        clocked = process(self.client, self.clock)
        self.room = new_room(self.client, "alice", "bob")

        @resolver()
        def send(call: Call) -> Any:
            return send_message(usual, call.caller, call.arguments, call.tally).to_wire()

        @resolver()
        def read(call: Call) -> Any:
            return messages(usual, CURSOR_KEYS, call.caller, call.arguments, call.tally).to_wire()

        @resolver()
        def confirm(call: Call) -> Any:
            return heartbeat(clocked, call.caller, call.arguments, call.tally)

        @resolver()
        def say(call: Call) -> Any:
            return send_message(clocked, call.caller, call.arguments, call.tally).to_wire()

        self._send, self._read, self._confirm, self._say = send, read, confirm, say

    def _call(self, handler: Handler, user: str, **arguments: Any) -> None:
        event = {
            "arguments": arguments,
            "identity": {"resolverContext": {"userId": user}},
            "info": {"parentTypeName": "Query", "fieldName": "any"},
            "request": {"headers": {}},
        }
        with suppress(ChatError):
            handler(event, Context())

    def asked(self, *faults_of_a_call: tuple[str, faults.Fault]) -> None:
        """A send and a page, each of which meets these faults."""
        for handler, more in ((self._send, {"text": "hi"}), (self._read, {})):
            for operation, fault in faults_of_a_call:
                self.proxy.once(operation, fault)
            self._call(handler, "alice", roomId=self.room, **more)
            self.proxy.heal()

    def failing(self, fault: faults.Fault) -> None:
        """A send whose every transaction meets this fault."""
        self.proxy.always("TransactWriteItems", fault)
        self._call(self._send, "alice", roomId=self.room, text="hi")
        self.proxy.heal()

    def delivered(self, *, arrives: bool) -> None:
        """Ten messages, and two heartbeats of a member whose client has them, or not."""
        self._beat()
        for _ in range(10):
            self._call(self._say, "alice", roomId=self.room, text="hi")
        self._beat()
        self.has += 10 if arrives else 0
        self._beat()

    def _beat(self) -> None:
        self._call(self._confirm, "bob", rooms=[{"roomId": self.room, "seq": self.has}])
        self.clock.sleep(SETTLED_S)


STATES: dict[str, Callable[[Functions], None]] = {
    "sound": lambda functions: functions.asked(),
    "slow": lambda functions: functions.asked(
        *((name, faults.lost_request) for name in ("TransactWriteItems", "Query"))
    ),
    "throttled": lambda functions: functions.failing(faults.error("ThrottlingException")),
    "denied": lambda functions: functions.failing(faults.error("AccessDeniedException")),
    "delivered": lambda functions: functions.delivered(arrives=True),
    "undelivered": lambda functions: functions.delivered(arrives=False),
}
SAYS = {
    "sound": lambda sums: sums["failed"] == 0,
    "slow": lambda sums: sums["failed"] == 0 and sums["slow"] == sums["calls"],
    "throttled": lambda sums: sums["ServiceUnavailable"] == sums["calls"],
    "denied": lambda sums: sums["InternalError"] == sums["calls"],
    "delivered": lambda sums: sums["DeliveriesConfirmed"] == sums["DeliveriesDue"] > 0,
    "undelivered": lambda sums: sums["DeliveriesConfirmed"] == 0 < sums["DeliveriesDue"],
}


def sums_of(lines: list[dict[str, float]]) -> dict[str, float]:
    names = ("InternalError", "ServiceUnavailable", "DeliveriesDue", "DeliveriesConfirmed")
    sums = {name: recorded.statistic(lines, name, "Sum") for name in names}
    return {
        **sums,
        "failed": sums["InternalError"] + sums["ServiceUnavailable"],
        "calls": recorded.statistic(lines, "Invocations", "Sum"),
        "slow": recorded.statistic(lines, "Duration", "TC(200:)"),
    }


@pytest.mark.parametrize("state", STATES)
def test_functions_count_what_objectives_look_at(
    proxy: Proxy, client: Any, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    functions = Functions(proxy, client)
    if not state.endswith("delivered"):
        functions.asked()  # a process remembers nothing before its first calls
    capsys.readouterr()
    for _ in range(CALLS):
        STATES[state](functions)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = [{name: line[name] for name in KEPT if name in line} for line in lines]
    if state.endswith("delivered"):
        counted = [each for each in counted if "DeliveriesDue" in each]
    assert SAYS[state](sums_of(counted)), counted
    if os.environ.get("RECORD"):
        path = recorded.RECORDED
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        states = [
            f'  "{name}": [\n    ' + ",\n    ".join(map(json.dumps, rows)) + "\n  ]"
            for name, rows in sorted({**known, state: counted}.items())
        ]
        path.write_text("{\n" + ",\n".join(states) + "\n}\n", encoding="utf-8")


@pytest.mark.parametrize("state", STATES)
def test_what_is_recorded_is_what_its_state_says(state: str) -> None:
    assert SAYS[state](sums_of([dict(line) for line in recorded.STATES[state]]))
