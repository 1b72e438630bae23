"""What a refresh found changed by hand, but for what aliases point to: `terraform show -json PLAN | python terraform/drift.py`.

Exit status 2 where there is any. https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

MOVED = ("function_version", "routing_config")
"""Of an alias, by releases/."""


def drifted(plan: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of what was changed or deleted."""
    for each in plan.get("resource_drift", ()):
        before, after = each["change"]["before"] or {}, each["change"]["after"] or {}
        names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        if not after or each["type"] != "aws_lambda_alias" or names - set(MOVED):
            yield each["address"]


def main() -> int:
    found = sorted(drifted(json.load(sys.stdin)))
    for address in found:
        print(f"Changed by hand: {address}")
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
