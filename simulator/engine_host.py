"""
The host of one embedded engine: starts it, tells where it answers, starts it again if it ends by itself, and ends it
when its last user is gone.

    python -m simulator.engine_host <kind> <home> memory|disk

See engine.py for who holds which lock. Only the standard library is imported: this process stays for as long
as users do.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from simulator import dynamodb_local, engine_state
from simulator.engine import MINISTACK, PROJECT, START_SECONDS, answers

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
SAVE_SECONDS = 30.0  # for an engine to write its tables down after SIGTERM
JOURNAL_BYTES = (
    16 * 1024 * 1024
)  # MiniStack saves when its journal is longer: some 5,000 messages, 3 s to repeat
PATIENCE = 3  # how often in a row an engine may fail to start
CLEAN = (0, -signal.SIGTERM, 128 + signal.SIGTERM)  # Java ends with the last


class Host:
    """Runs an engine until it is asked to end it. One that ends by itself is started again on the same port, with
    what it kept: its users know its address. (One in memory is not: it would be empty.)"""

    def __init__(self, kind: str, home: Path, *, in_memory: bool) -> None:
        self._kind, self._home, self._in_memory = kind, home, in_memory
        self._port = free_port()
        self._engine: subprocess.Popen[bytes] | None = None
        self._ends = threading.Event()
        self._turn = threading.Lock()  # of starting an engine, and of ending it

    def run(self) -> None:
        failures = 0
        while failures < PATIENCE and not self._ends.is_set():
            with self._turn:
                if self._ends.is_set():
                    return
                if not self._in_memory:
                    engine_state.note_start(self._home, self._kind)
                engine = self._engine = start(self._kind, self._home, self._port, in_memory=self._in_memory)
            failures = 0 if self._serve(engine) else failures + 1
            if self._in_memory:
                return
            if not self._ends.is_set():
                print(f"The engine ended by itself ({engine.returncode}).", file=sys.stderr, flush=True)
            elif engine.returncode in CLEAN:
                engine_state.note_clean_stop(self._home)

    def _serve(self, engine: "subprocess.Popen[bytes]") -> bool:
        """Waits for the engine's end. Whether it ever answered."""
        state = self._home / "engine.json"
        endpoint = f"http://127.0.0.1:{self._port}"
        try:
            if not became_ready(engine, endpoint):
                return False
            if not self._in_memory:
                engine_state.note_recovery(self._home)
            partial = self._home / "engine.json.partial"
            partial.write_text(json.dumps({"host": os.getpid(), "engine": engine.pid, "endpoint": endpoint}))
            partial.replace(state)
            engine.wait()
            return True
        finally:
            state.unlink(missing_ok=True)

    def end(self) -> None:
        self._ends.set()
        with self._turn:
            if self._engine is not None:
                end(self._engine)


def main(kind: str, home: Path, storage: str) -> int:
    # Kept over the fork, so that a host can be seen from now on; like every lock here, only the kernel
    # drops it.
    fcntl.flock(os.open(home / "host.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    if os.fork() > 0:
        return 0
    os.setsid()  # a Ctrl-C at the terminal is for the user; the engine ends after it
    host = Host(kind, home, in_memory=storage == "memory")
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=host.end, daemon=True).start())
    threading.Thread(target=end_after_users, args=(home, host), daemon=True).start()
    host.run()
    return 0


def start(kind: str, home: Path, port: int, *, in_memory: bool) -> "subprocess.Popen[bytes]":
    """Starts the engine in an environment that is clean: what it inherits could change what it does."""
    data = home / "data"
    temporary = home / "tmp"
    for folder in (data, temporary):
        folder.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
    }
    if kind == "dynamodb-local":
        command = dynamodb_local.command(
            dynamodb_local.fetch(PROJECT / ".cache"), port, None if in_memory else data
        )
    else:
        command = [str(MINISTACK), "-m", "simulator.ministack"]
        command += [] if in_memory else [str(JOURNAL_BYTES)]
        environment |= {
            "PYTHONPATH": str(PROJECT),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",  # every interface otherwise
            "SERVICES": "dynamodb,dynamodbstreams,s3",
            "PERSIST_STATE": "0" if in_memory else "1",
            "STATE_DIR": str(data),
            "S3_PERSIST": "0" if in_memory else "1",
            "S3_DATA_DIR": str(data / "s3"),
            **CREDENTIALS,  # with other ones the addresses that S3 is asked by would be signed wrongly
            "LOG_LEVEL": "WARNING",
        }
    return subprocess.Popen(command, cwd=home, env=environment, stdin=subprocess.DEVNULL)


def became_ready(engine: "subprocess.Popen[bytes]", endpoint: str) -> bool:
    """Waits until the engine answers. False when it ended, or took too long and was ended."""
    deadline = time.monotonic() + START_SECONDS
    while engine.poll() is None:
        if answers(endpoint):
            return True
        if time.monotonic() > deadline:
            end(engine)
        time.sleep(0.02)
    return False


def end_after_users(home: Path, host: Host) -> None:
    """Ends the engine when nobody holds the users' lock. Who comes now waits for the end of this process."""
    fcntl.flock(os.open(home / "users.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    host.end()


def end(engine: "subprocess.Popen[bytes]") -> None:
    engine.terminate()
    try:
        engine.wait(SAVE_SECONDS)
    except subprocess.TimeoutExpired:
        engine.kill()


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
