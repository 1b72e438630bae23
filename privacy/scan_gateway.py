"""The memory of a running gateway: asked through its administration socket (`gateway/administration.py`)."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chat.rules.traces import Traces
from privacy.places import Finding, Looked

TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class GatewayMemory:
    """`path` is of the socket, on this machine; `user_id` is whom it is asked about."""

    path: Path
    user_id: str
    kind = "gateway"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        where = f"gateway {self.path}"
        asked = json.dumps({"scan": {"userId": self.user_id, "texts": list(traces.texts)}})
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(self.path))
            connection.sendall(asked.encode() + b"\n")
            for line in connection.makefile("r", encoding="utf-8"):
                said = json.loads(line)
                if "objects" in said:
                    yield Looked(where, {"objects": said["objects"]})
                    return
                if "error" in said:
                    raise OSError(said["error"])
                yield Finding(where, said["holder"], f"{said['count']} times", tuple(said["what"]))
        raise OSError(f"{where}: it ended before the scan did")
