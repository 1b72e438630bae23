"""What the module plans in its own tests."""

import json
from collections.abc import Mapping
from typing import Any

from tests.emulator.deployment import Workspace

COLLECTS_SELDOM = {"GOGC": "400"}
"""Terraform reads the provider's schema again for each run: collecting
that garbage is a quarter of the time."""

GATEWAY_TESTS = "gateway.tftest.hcl"
RIGHTS_TESTS = "rights.tftest.hcl"

Planned = Mapping[str, list[Any]]
"""By the run's name: the resources that it would make, as `{"type", "name", "index", "change": {"after"}}`.
https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""


def planned(workspace: Workspace, file: str) -> Planned:
    """Runs the tests of this file. Raises `Failed` where one of them fails."""
    said = workspace.terraform(
        "test", "-json", "-verbose", f"-filter=tests/{file}", environment=COLLECTS_SELDOM
    )
    found = {}
    for line in said.splitlines():
        if '"type":"test_plan"' in line:
            plan = json.loads(line)
            found[plan["@testrun"]] = plan["test_plan"]["resource_changes"]
    return found
