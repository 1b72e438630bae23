"""
The host of one embedded engine: starts it, tells where it answers, and ends it when its last user is gone.

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

from simulator import dynamodb_local
from simulator.engine import MINISTACK, PROJECT, START_SECONDS, answers

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
SAVE_SECONDS = 30.0  # for an engine to write its tables down after SIGTERM


def main(kind: str, home: Path, storage: str) -> int:
    # Kept over the fork, so that a host can be seen from now on; like every lock here, only the kernel
    # drops it.
    fcntl.flock(os.open(home / "host.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    if os.fork() > 0:
        return 0
    os.setsid()  # a Ctrl-C at the terminal is for the user; the engine ends after it
    port = free_port()
    engine = start(kind, home, port, in_memory=storage == "memory")
    signal.signal(signal.SIGTERM, lambda *_: engine.terminate())
    threading.Thread(target=end_after_users, args=(home, engine), daemon=True).start()
    state = home / "engine.json"
    endpoint = f"http://127.0.0.1:{port}"
    if became_ready(engine, endpoint):
        partial = home / "engine.json.partial"
        partial.write_text(json.dumps({"host": os.getpid(), "engine": engine.pid, "endpoint": endpoint}))
        partial.replace(state)
        engine.wait()
    state.unlink(missing_ok=True)
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
        environment |= {
            "PYTHONPATH": str(PROJECT),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",  # every interface otherwise
            "SERVICES": "dynamodb,s3",
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


def end_after_users(home: Path, engine: "subprocess.Popen[bytes]") -> None:
    """Ends the engine when nobody holds the users' lock. Who comes now waits for the end of this process."""
    fcntl.flock(os.open(home / "users.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    end(engine)


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
