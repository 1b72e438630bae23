"""Ask a deployment whether it serves: `PYTHONPATH=. .venv/bin/python terraform/smoke.py https://…/graphql`.

It asks the checks of `make conformance` that are marked `smoke=True` (proving/checks/), a line for each. Without a token: a call
without a good one is refused. With SMOKE_TOKEN (and SMOKE_ROOM, a room that its owner is in): a message is sent, sent again under the
same name, and read back. With SMOKE_REALTIME, the WebSocket's address: a subscription is opened, and hears what is sent. With SMOKE_API,
the API's id (the AWS CLI is asked for its schema): no subscription may be linked to a mutation that would let its caller write into
another room. SMOKE_PUBLISH is what the functions are told (`sender` unless it says `stream`), and SMOKE_PREFIX the schema's prefix.
Exit status 1 and what was seen, where a check fails; 2 where an argument is wrong. The checks need aiohttp and this repository on
PYTHONPATH; the schema is read before that, by the standard library.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from check_links import dangers


def deployed_schema(environment: Mapping[str, str]) -> str:
    """The schema that is to be read; empty: none. Raises `AssertionError` with what the AWS CLI says."""
    if not (api := environment.get("SMOKE_API")):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.graphql"
        command = [
            "aws",
            "appsync",
            "get-introspection-schema",
            "--api-id",
            api,
            "--format",
            "SDL",
            "--include-directives",
        ]
        done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)  # noqa: S603  no shell
        if done.returncode:
            raise AssertionError(f"The schema of {api} cannot be read: {done.stderr.strip()}")
        return file.read_text(encoding="utf-8")


def read_schema(environment: Mapping[str, str]) -> str:
    """A sentence about the deployed schema. Raises `AssertionError` with what is wrong with it."""
    publish = environment.get("SMOKE_PUBLISH") or "sender"
    if publish not in ("sender", "stream"):
        raise AssertionError("SMOKE_PUBLISH is sender or stream.")
    if not (sdl := deployed_schema(environment)):
        return "The deployed schema was not read: SMOKE_API would say which it is."
    if found := list(dangers(sdl, publish, environment.get("SMOKE_PREFIX", ""))):
        raise AssertionError("\n".join(["The deployed schema is dangerous:", *found]))
    return f"No link of the deployed schema is dangerous with publish = {publish}."


def ask(url: str, environment: Mapping[str, str]) -> int:
    """The exit status of the checks."""
    from proving.conformance import TOLD  # noqa: PLC0415  these need aiohttp, and reading a schema does not
    from proving.endpoint import BadAddress  # noqa: PLC0415  the same
    from proving.report import line, summary  # noqa: PLC0415  the same
    from proving.run import Result  # noqa: PLC0415  the same
    from proving.smoke import smoke  # noqa: PLC0415  the same

    def tell(result: Result) -> None:
        out = sys.stderr if result.status == "fail" else sys.stdout
        print(TOLD[result.status], line(result), file=out, flush=True)

    token, room = environment.get("SMOKE_TOKEN", "").strip(), environment.get("SMOKE_ROOM", "smoke")
    try:
        results = asyncio.run(smoke(url, environment.get("SMOKE_REALTIME", ""), token, room, tell))
    except BadAddress as wrong:
        print(wrong, file=sys.stderr)
        return 2
    print(summary(results))
    return int(any(each.status == "fail" for each in results))


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("https://", "http://127.0.0.1")):
        print("python terraform/smoke.py https://…/graphql", file=sys.stderr)
        return 2
    try:
        print(read_schema(os.environ))
    except (AssertionError, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return ask(sys.argv[1], os.environ)


if __name__ == "__main__":
    sys.exit(main())
