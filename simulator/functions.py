"""The Lambda service on one machine: calls handlers as the Python runtime calls them.

An event and an answer both travel as JSON, so nothing but plain values crosses; an exception travels as the
bare name of its class and its text (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html).
"""

import asyncio
import importlib
import json
import math
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Handler = Callable[[Any, Any], Any]
"""`handler(event, context)`: synchronous, and safe to call from several threads at once."""

APPSYNC_TIMEOUT_SECONDS = 30.0
"""AppSync gives up on any request after 30 s (https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""


class FunctionError(Exception):
    """A function failed. `error_type` is the class of what it raised, `message` its text."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The second argument of a handler (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    function_name: str
    memory_limit_in_mb: int
    invoked_function_arn: str
    log_group_name: str
    deadline: float
    function_version: str = "$LATEST"
    log_stream_name: str = "local"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `name` is as in the wiring; `timeout` in seconds; `memory` in MB."""

    name: str
    handler: Handler
    timeout: float = APPSYNC_TIMEOUT_SECONDS
    memory: int = 128

    def context(self) -> LambdaContext:
        name = self.name.replace(".", "-")
        return LambdaContext(
            function_name=name,
            memory_limit_in_mb=self.memory,
            invoked_function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
            log_group_name=f"/aws/lambda/{name}",
            deadline=time.monotonic() + self.timeout,
        )


class Functions:
    """The functions of one API, by name: "authorizer", "Type.field" for each field, and those that services
    call."""

    def __init__(self, functions: Mapping[str, Function | Handler], *, workers: int = 32) -> None:
        self._functions = {
            name: entry if isinstance(entry, Function) else Function(name, entry)
            for name, entry in functions.items()
        }
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="function")

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    async def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        """Calls a function with an event and gives its answer, both as plain JSON values.

        Raises `FunctionError`: what the handler raised, `Runtime.MarshalError` for an answer that is not
        JSON, `Sandbox.Timedout` after the function's own timeout. A timed-out handler keeps its thread until
        it returns: a thread cannot be ended from outside.
        """
        function = self._functions[name]
        call = asyncio.get_running_loop().run_in_executor(self._pool, _call, function, json.dumps(event))
        try:
            return await asyncio.wait_for(call, min(function.timeout, APPSYNC_TIMEOUT_SECONDS))
        except TimeoutError:
            message = f"Task timed out after {function.timeout:.2f} seconds"
            raise FunctionError("Sandbox.Timedout", message) from None

    def call(self, name: str, event: Mapping[str, Any]) -> Any:
        """The same in the caller's own thread, and for as long as it takes. Raises `FunctionError`."""
        return _call(self._functions[name], json.dumps(event))

    def close(self) -> None:
        """Takes no further calls. Running handlers end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def functions_from_wiring(wiring: Mapping[str, Any], authorizer: Handler | None = None) -> Functions:
    """Imports every handler that the wiring file names, of `resolvers/` and, for those of services,
    `services/`. `authorizer`: another in the place of ours."""
    entries = [
        ("authorizer", "resolvers", wiring["authorizer"]),
        *((name, "resolvers", entry) for name, entry in wiring["fields"].items()),
        *((name, "services", entry) for name, entry in wiring.get("services", {}).items()),
    ]
    functions: dict[str, Function | Handler] = {
        name: Function(
            name=name,
            handler=importlib.import_module(f"{package}.{entry['module']}").handler,
            timeout=float(entry["timeoutSeconds"]),
            memory=int(entry["memoryMb"]),
        )
        for name, package, entry in entries
    }
    return Functions(functions | ({"authorizer": authorizer} if authorizer else {}))


def _call(function: Function, event: str) -> Any:
    """Runs in a worker thread. The runtime's edge: whatever a handler raises becomes a `FunctionError`."""
    try:
        answer = function.handler(json.loads(event), function.context())
    except SystemExit as stop:
        raise FunctionError(
            "Runtime.ExitError", f"Runtime exited with error: exit status {stop.code}"
        ) from None
    except Exception as error:  # noqa: BLE001 - the edge of a function: AppSync sees the name of any class
        raise FunctionError(type(error).__name__, str(error)) from None
    try:
        text = json.dumps(answer, default=_number, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    return json.loads(text)


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        if value.is_finite() and value == value.to_integral_value():
            return int(value)
        return float(value) if value.is_finite() else math.nan
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
