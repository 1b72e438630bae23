"""
Starts MiniStack with what we mend in it, in MiniStack's own Python:

    python -m simulator.ministack [BYTES]

With BYTES it keeps what it acknowledges in a journal of about that length, in STATE_DIR. Only the standard library
and MiniStack are imported.
"""

import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from simulator import ministack_journal, ministack_queries


def main(journal_bytes: int | None) -> None:
    dynamodb = import_module("ministack.services.dynamodb")
    if why := ministack_queries.mend(dynamodb, version("ministack")):
        print(f"MiniStack's queries take longer the larger a room is: {why}.", file=sys.stderr, flush=True)
    if journal_bytes is not None:
        ministack_journal.attach(Path(os.environ["STATE_DIR"]), journal_bytes)
    sys.argv = ["ministack"]
    import_module("ministack.app").main()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
