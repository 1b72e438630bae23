"""
Starts MiniStack with what we mend in it, in MiniStack's own Python: `python -m simulator.ministack`.

Only the standard library and MiniStack are imported.
"""

import sys
from importlib import import_module
from importlib.metadata import version

from simulator import ministack_queries


def main() -> None:
    dynamodb = import_module("ministack.services.dynamodb")
    if why := ministack_queries.mend(dynamodb, version("ministack")):
        print(f"MiniStack's queries take longer the larger a room is: {why}.", file=sys.stderr, flush=True)
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
