"""A DynamoDB that answers with the same words always, so that only its caller is measured.

`python -m bench.stub` prints its port and serves until its standard input ends.
"""

import asyncio
import json
import sys
import time
import zlib
from typing import Any

LATENCY_S = 0.004
"""About what DynamoDB takes. Answers that come at once would make two threads quarrel about the interpreter,
which they do not do while they wait."""

PAGE = 50
TEXT = "Shall we meet at the harbour tomorrow at eight? Bring the maps, and tell the others that the boat is fixed."
FAST = {name: {"N": "1000"} for name in ("personPerSecond", "personBurst", "roomPerSecond", "roomBurst")}


def answers(now: int) -> dict[str, Any]:
    """The answers by operation: a room with `PAGE` messages, the newest a minute before `now` (epoch ms)."""
    numbers = {"rev": PAGE, "seq": PAGE, "ts": now - 60_000, "epoch": 1, "tat": 0}
    head = {"PK": {"S": "ROOM#lobby"}, "SK": {"S": "HEAD"}, "type": {"S": "Room"}, **FAST}
    head |= {name: {"N": str(number)} for name, number in numbers.items()}
    member = {
        "PK": {"S": "USER#alice"},
        "SK": {"S": "IN#ROOM#lobby"},
        "role": {"S": "member"},
        "tat": {"N": "0"},
    }
    member |= {"status": {"S": "active"}, "joinedSeq": {"N": "0"}, "type": {"S": "Membership"}}
    page = [_message(seq, now - 60_000 - (PAGE - seq) * 1_000) for seq in range(PAGE, 0, -1)]
    return {
        "BatchGetItem": {"Responses": {"gg_core": [head, member]}, "UnprocessedKeys": {}},
        "GetItem": {"Item": member},
        "PutItem": {},
        "Query": {"Items": page, "Count": PAGE, "ScannedCount": PAGE},
        "TransactWriteItems": {},
        "UpdateItem": {"Attributes": head},
    }


def _message(seq: int, ts: int) -> dict[str, Any]:
    message_id = f"019a0000-0000-7000-8000-{seq:012d}"
    strings = {
        "PK": "ROOM#lobby",
        "SK": f"MSG#{ts:013d}#{message_id}",
        "id": message_id,
        "roomId": "lobby",
        "senderId": "bob",
        "text": TEXT,
        "type": "Message",
        "roomType": "general",
        "clientMessageId": f"c-{seq}",
    }
    numbers = {"ts": ts, "seq": seq, "epoch": 1, "expiresAt": ts // 1_000 + 31_536_000}
    return {name: {"S": text} for name, text in strings.items()} | {
        name: {"N": str(number)} for name, number in numbers.items()
    }


def _response(answer: Any) -> bytes:
    body = json.dumps(answer, separators=(",", ":")).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
        b"x-amzn-RequestId: BENCH\r\nx-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n%b"
    ) % (zlib.crc32(body), len(body), body)


async def serve() -> None:
    responses = {name: _response(answer) for name, answer in answers(time.time_ns() // 1_000_000).items()}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
                await reader.readexactly(int(fields.get("content-length", "0")))
                target = next(line for line in head.split("\r\n") if line.lower().startswith("x-amz-target"))
                await asyncio.sleep(LATENCY_S)
                writer.write(responses[target.rsplit(".", 1)[1]])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
