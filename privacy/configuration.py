"""What a deployment is configured with of how long things are kept: the code's and Terraform's defaults, and what the
deployment says instead."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from chat_lambda.settings import Settings as Functions

TERRAFORM = Path(__file__).parent.parent / "terraform"


class BadDeployment(ValueError):
    """A file is not what the module's output `retention` gives."""


@dataclass(frozen=True, slots=True)
class Configured:
    """Numbers of days and hours. The first six are settings of functions, the others variables of Terraform's."""

    retention_days: int
    file_days: int
    draft_days: int
    presence_days: int
    export_wait_hours: int
    erasure_wait_days: int
    log_retention_days: int
    audit_retention_days: int
    recovery_period_in_days: int


def defaults() -> Configured:
    """What holds where a deployment says nothing."""
    own = Functions()
    return Configured(
        own.retention_days,
        own.file_days,
        own.draft_days,
        own.presence_days,
        own.export_wait_hours,
        own.erasure_wait_days,
        *(
            _default(name)
            for name in ("log_retention_days", "audit_retention_days", "recovery_period_in_days")
        ),
    )


def _default(variable: str) -> int:
    """A variable's default, as the module declares it."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(TERRAFORM.glob("variables*.tf")))
    block = rf'^variable "{variable}" \{{\n.*?^  default +=\s+(\d+)$.*?^\}}$'
    (found,) = (each for text in texts for each in re.findall(block, text, re.MULTILINE | re.DOTALL))
    return int(found)


def configured(deployment: Path | None) -> Configured:
    """The defaults, with what the file says of a deployment in their place: a JSON object such as `terraform output -json
    retention` prints, in which null is the default. Raises `BadDeployment` and `OSError`."""
    known = defaults()
    if deployment is None:
        return known
    try:
        said = json.loads(deployment.read_text(encoding="utf-8"))
    except ValueError:
        raise BadDeployment(f"{deployment}: is not JSON") from None
    names = [each.name for each in fields(Configured)]
    if not isinstance(said, dict) or not set(said) <= set(names):
        raise BadDeployment(f"{deployment}: must be an object with no other names than {', '.join(names)}")
    return Configured(**{name: _number(deployment, said, name, getattr(known, name)) for name in names})


def _number(deployment: Path, said: Mapping[str, Any], name: str, default: int) -> int:
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadDeployment(f"{deployment}: {name} must be a whole number")
    return value
