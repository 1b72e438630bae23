"""What a call did, for X-Ray: one subsegment for the call, with one in it for each request to AWS, as a UDP document to
Lambda's daemon. That is all there is to it, so no SDK is imported.

Nothing is sent of calls that X-Ray does not sample, and a document that is lost is lost.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from chat_lambda.init import in_lambda, xray_daemon, xray_header

MOST_REQUESTS = 100
"""Of one call: a datagram holds 64 kB, and a request takes some 250 bytes."""
HEADER = b'{"format": "json", "version": 1}\n'


class Subsegments:
    """Those of the call under way. Requests may be noted by several threads."""

    def __init__(
        self,
        send: Callable[[bytes], object],
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: os.urandom(8).hex(),
    ) -> None:
        """`now` gives epoch seconds, `new_id` 16 hexadecimal digits."""
        self._send, self._now, self._new_id = send, now, new_id
        self._parent: Mapping[str, str] | None = None
        self._began = 0.0
        self._requests: list[dict[str, Any]] = []

    def begin(self, header: str | None) -> None:
        """`header`: Lambda's `_X_AMZN_TRACE_ID` of this call, `Root=…;Parent=…;Sampled=1`."""
        parts = dict(part.split("=", 1) for part in (header or "").split(";") if "=" in part)
        is_sampled = parts.get("Sampled") == "1" and {"Root", "Parent"} <= parts.keys()
        self._parent = parts if is_sampled else None
        self._began = self._now()
        self._requests = []

    def request(self, service: str, operation: str, began: float, status: int | None) -> None:
        """A request has ended, with an HTTP status or without one."""
        if self._parent is None or len(self._requests) >= MOST_REQUESTS:
            return
        self._requests.append(
            {
                "name": service,
                "id": self._new_id(),
                "start_time": began,
                "end_time": self._now(),
                "namespace": "aws",
                "aws": {"operation": operation},
                **({"http": {"response": {"status": status}}} if status else {}),
                **({"fault": True} if status is None or status >= 500 else {}),
                **({"error": True} if status and 400 <= status < 500 else {}),
            }
        )

    def end(self, name: str, *, is_fault: bool, **annotations: str | None) -> None:
        """The call has ended. `annotations`: what traces are looked for by; those that are `None` are left out."""
        if self._parent is None:
            return
        document = {
            "name": name,
            "id": self._new_id(),
            "trace_id": self._parent["Root"],
            "parent_id": self._parent["Parent"],
            "type": "subsegment",
            "start_time": self._began,
            "end_time": self._now(),
            "annotations": {key: value for key, value in annotations.items() if value is not None},
            "subsegments": self._requests,
            **({"fault": True} if is_fault else {}),
        }
        self._parent = None
        self._send(HEADER + json.dumps(document, separators=(",", ":")).encode())


@cache
def subsegments() -> Subsegments | None:
    """This process's; `None` where there is no daemon of X-Ray."""
    address = xray_daemon()
    if not in_lambda() or address is None:
        return None
    host, _, port = address.rpartition(":")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)

    def send(datagram: bytes) -> None:
        try:
            sock.sendto(datagram, (host, int(port)))
        except OSError:  # no call fails for want of a trace
            return

    return Subsegments(send)


def begin() -> None:
    """A call begins."""
    if found := subsegments():
        found.begin(xray_header())
