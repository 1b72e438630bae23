"""
Has MiniStack keep what it has acknowledged: by itself it saves when it ends, and only then.

Each write that DynamoDB accepted is a line in a journal before it is answered; what a process has written survives
its SIGKILL (not the machine's). The next start loads the last save and repeats the journal. Beyond a length
a forked child saves, so nothing waits, and a new journal begins.

Files, in STATE_DIR: dynamodb.json and s3.json (MiniStack's, with two keys more: `journal`, the first journal that is
not in it, and `streams`, see ministack_streams.py), journal.N, recovered.json (what the last start repeated: writes, failed, torn; last: epoch seconds).
MiniStack without it can read all but the journals.

MiniStack handles DynamoDB's requests one after the other on its event loop, each without a pause: so a line is
written before the next request begins, and a fork between two requests sees no half of one. Files of S3 it saves
as they come, buckets only when it saves: so a change of a bucket has it save at once.

Runs in MiniStack's own Python: nothing else of ours is imported but what does, too.
"""

import asyncio
import importlib
import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from simulator.ministack_streams import Streams

READS = ("Get", "Query", "Scan", "BatchGet", "TransactGet", "Describe", "List")
OK = 200
_JOURNAL = re.compile(r"journal\.([0-9]+)")
Handler = Callable[..., Coroutine[Any, Any, Any]]


class Journal:
    """The journal of one MiniStack. `number`: of the file that is written; all lower ones are older. `lines`: how many
    it has."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self.number, self.first, self.size, self.lines = 0, 0, 0, 0
        self._file = -1
        self._saver: int | None = None
        self._is_wanted = False

    def begin(self) -> None:
        """A new file, after all that are there."""
        self.number = max([self.first, self.number + 1, *(number + 1 for number, _ in self._files())])
        if self._file >= 0:
            os.close(self._file)
        path = self.folder / f"journal.{self.number}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = self.lines = 0

    def add(self, account: str, region: str, target: str, body: bytes) -> None:
        record = {"at": time.time(), "account": account, "region": region, "target": target}
        line = json.dumps({**record, "body": body.decode()}).encode() + b"\n"
        written = os.write(self._file, line)
        while written < len(line):
            written += os.write(self._file, line[written:])
        self.size += len(line)
        self.lines += 1
        if self.size > self.limit:
            self.save_soon()

    def records(self) -> Iterator[tuple[int, int, dict[str, Any] | None]]:
        """What is not in the last save, in its order, each with its file's number and its line's, from 1 on; None for a
        line that was cut off."""
        for number, path in sorted(self._files()):
            if number >= self.first:
                for place, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
                    try:
                        yield number, place, dict(json.loads(line)) if line.endswith(b"\n") else None
                    except ValueError:
                        yield number, place, None

    def forget(self, before: int) -> None:
        """Removes the files that a save made superfluous."""
        for number, path in self._files():
            if number < before:
                path.unlink(missing_ok=True)

    def save_soon(self) -> None:
        """Between two requests, and once for many."""
        if not self._is_wanted:
            self._is_wanted = True
            asyncio.get_running_loop().call_soon(self._save)

    def _save(self) -> None:
        self._is_wanted = False
        if self._saver is not None:
            self._is_wanted = True  # again, when the child that saves has ended
            return
        self.begin()
        parent, number = os.getpid(), self.number
        child = os.fork()
        if child == 0:
            self._save_in_child(parent)
        self._saver = child
        waiting = threading.Thread(
            target=self._wait, args=(asyncio.get_running_loop(), child, number), daemon=True
        )
        waiting.start()

    def _save_in_child(self, parent: int) -> None:
        """Never returns. What it writes is moved into place at last, and only if MiniStack still runs."""
        done = False
        try:
            signal.set_wakeup_fd(-1)
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            os.closerange(3, 65_536)  # the ports among them: they must not outlive MiniStack
            own = self.folder / f"saving.{os.getpid()}"
            _module("core.persistence").STATE_DIR = str(own)
            _save_all()
            saved = own / "dynamodb.json"
            if saved.exists() and os.getppid() == parent:
                for path in sorted(own.iterdir(), reverse=True):  # dynamodb.json last
                    path.replace(self.folder / path.name)
                done = True
            own.rmdir()
        finally:
            os._exit(0 if done else 1)

    def _wait(self, loop: asyncio.AbstractEventLoop, child: int, number: int) -> None:
        _, status = os.waitpid(child, 0)
        loop.call_soon_threadsafe(self._saved, number, status == 0)

    def _saved(self, number: int, succeeded: bool) -> None:
        self._saver = None
        if succeeded:
            self.forget(number)
        if self._is_wanted:
            self._save()

    def _files(self) -> list[tuple[int, Path]]:
        found = ((_JOURNAL.fullmatch(path.name), path) for path in self.folder.iterdir())
        return [(int(match[1]), path) for match, path in found if match]


def _module(name: str) -> Any:
    return importlib.import_module(f"ministack.{name}")


def _save_all() -> None:
    # MiniStack has no public name for what is to be saved.
    _module("core.persistence").save_all(_module("app")._build_persistence_save_dict())  # noqa: SLF001


def attach(folder: Path, limit: int) -> None:
    """Has MiniStack, before it starts, write a journal in `folder` (its STATE_DIR) and read it. `limit`: the length
    in bytes at which it saves. Its own functions stay as they are, each within one of ours."""
    folder.mkdir(parents=True, exist_ok=True)
    journal, streams = Journal(folder, limit), Streams(_module("services.dynamodb"))
    streams.attach()
    _attach_to_requests(journal, streams)
    _attach_to_saving(journal, streams)


def _attach_to_requests(journal: Journal, streams: Streams) -> None:
    dynamodb, s3, responses = _module("services.dynamodb"), _module("services.s3"), _module("core.responses")
    handle, handle_s3 = dynamodb.handle_request, s3.handle_request
    app = _module("app")
    load_all = app._load_persisted_state  # noqa: SLF001  called when MiniStack starts

    async def journaled(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Any:
        target = headers.get("x-amz-target", "")
        if not target.partition(".")[2].startswith(READS):
            streams.begin(journal.number, journal.lines + 1)
        answer = await handle(method, path, headers, body, query_params)
        if answer[0] == OK and not target.partition(".")[2].startswith(READS):
            journal.add(responses.get_account_id(), responses.get_region(), target, body)
        streams.end(journal.number, journal.lines)
        return answer

    async def watched(method: str, path: str, *arguments: Any, **others: Any) -> Any:
        answer = await handle_s3(method, path, *arguments, **others)
        if method in ("PUT", "POST", "DELETE") and "/" not in path.strip("/"):  # a bucket's own
            journal.save_soon()
        return answer

    def load_and_repeat() -> None:
        load_all()
        for unfinished in journal.folder.glob("saving.*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        journal.forget(journal.first)
        recovered = _repeat(journal, streams, handle, responses)
        partial = journal.folder / "recovered.json.partial"
        partial.write_text(json.dumps(recovered))
        partial.replace(journal.folder / "recovered.json")
        journal.begin()
        if recovered["writes"]:
            journal.save_soon()

    dynamodb.handle_request, s3.handle_request = journaled, watched
    app._load_persisted_state = load_and_repeat  # noqa: SLF001


def _attach_to_saving(journal: Journal, streams: Streams) -> None:
    app, dynamodb = _module("app"), _module("services.dynamodb")
    get_state, load_state, save_all = dynamodb.get_state, dynamodb.load_persisted_state, app.save_all
    ends = threading.Event()

    def state() -> dict[str, Any]:
        if ends.is_set():
            journal.begin()
        return {**get_state(), "journal": journal.number, "streams": streams.state()}

    def load(data: dict[str, Any]) -> Any:
        journal.first = int(data.pop("journal", 0))
        streams.load(data.pop("streams", []))
        return load_state(data)

    def save_at_the_end(services: dict[str, Any]) -> None:
        ends.set()
        before = _inode(journal.folder)
        save_all(services)
        if _inode(journal.folder) != before:
            journal.forget(journal.number + 1)

    dynamodb.get_state, dynamodb.load_persisted_state = state, load
    app.save_all = save_at_the_end


def _repeat(journal: Journal, streams: Streams, handle: Handler, responses: Any) -> dict[str, Any]:
    """Repeats what came after the last save. `failed`: writes that were accepted and now are not."""
    done: dict[str, Any] = {"writes": 0, "failed": 0, "torn": 0, "last": None}
    for number, line, record in journal.records():
        if record is None:
            done["torn"] += 1
            continue
        streams.begin(number, line)
        responses.set_request_account_id(record["account"])
        responses.set_request_region(record["region"])
        headers = {"x-amz-target": record["target"]}
        status = _at_once(handle("POST", "/", headers, record["body"].encode(), {}))[0]
        done["writes" if status == OK else "failed"] += 1
        done["last"] = record["at"]
    return done


def _at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never pauses."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("MiniStack's DynamoDB pauses within a request: its journal would not be in order")


def _inode(folder: Path) -> int | None:
    try:
        return (folder / "dynamodb.json").stat().st_ino
    except FileNotFoundError:
        return None
