"""What proving found of each release: records in docs/results/, a file a version, and what they may say."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "results"
UNRELEASED = "unreleased"
VERSION = rf"^(\d+\.\d+\.\d+|{UNRELEASED})$"
FILE_BYTES = 1024 * 1024

Status = Literal["pass", "fail", "skip"]
Program = Literal["conformance", "chaos", "load"]
PROGRAMS: tuple[Program, ...] = ("conformance", "chaos", "load")
EndpointName = Literal["simulator", "emulator"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
CheckId = Annotated[str, StringConstraints(pattern=r"^(appsync|chat|chaos)(\.[a-z][a-z-]*){1,2}$")]
Fault = Literal["drop", "cut", "double", "late", "delay", "reorder", "slow"]
Channel = Literal["send", "call", "live"]
Kind = Literal["send", "read", "join", "live", "repaired", "storm"]
Count = Literal["live", "repaired", "overtaken", "lost", "twice", "disorder"]
Milliseconds = Annotated[float, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Line(_Model):
    """One promise. `reason`: what was seen, or why it was not asked; empty where it passed."""

    id: CheckId
    title: Text
    source: Text
    status: Status
    reason: Annotated[str, StringConstraints(max_length=1_000)] = ""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.status == "pass") is bool(self.reason):
            raise ValueError("a line has a reason where it did not pass, and there alone")
        return self


class Checked(_Model):
    """A run of conformance. `left_behind`: how many rooms could not be taken away."""

    checks: Annotated[tuple[Line, ...], Field(min_length=1)]
    left_behind: NonNegativeInt

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.id for each in self.checks}) != len(self.checks):
            raise ValueError("a check stands twice")
        return self


class Chaos(Checked):
    """A run of chaos. `seed`: of its first round; each of the others has one more. `faults`: how many were met, by kind; `on`:
    by what they hit; `seconds`: that the rounds took. `failed_seed`, `schedule`: of the round that failed, where one did, and the
    smallest schedule of it that was seen to fail, as `--schedule` takes it."""

    seed: NonNegativeInt
    rounds: PositiveInt
    faults: Mapping[Fault, NonNegativeInt]
    on: Mapping[Channel, NonNegativeInt] = {}
    sends: NonNegativeInt
    seconds: Annotated[float, Field(ge=0)] | None = None
    failed_seed: NonNegativeInt | None = None
    schedule: str = ""


class Load(_Model):
    """A run of load. `milliseconds`: of each kind, how long it took, by names such as `p50`."""

    people: NonNegativeInt
    rooms: NonNegativeInt
    rate: Annotated[float, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0)]
    seed: NonNegativeInt
    acknowledged: NonNegativeInt
    counts: Mapping[Count, NonNegativeInt]
    milliseconds: Mapping[Kind, Mapping[str, Milliseconds]]


class Endpoint(_Model):
    """What was run at one endpoint. `commit`, `day`: of the checkout that ran it. `not_run`: why the others were not."""

    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    day: date
    conformance: Checked | None = None
    chaos: Chaos | None = None
    load: Load | None = None
    not_run: Mapping[Program, Text] = {}

    @model_validator(mode="after")
    def _each_ran_or_says_why(self) -> Self:
        for each in PROGRAMS:
            if (getattr(self, each) is None) is not (each in self.not_run):
                raise ValueError(f"{each} is either there, or in notRun with a reason")
        return self


class Record(_Model):
    version: Annotated[str, StringConstraints(pattern=VERSION)]
    endpoints: Annotated[Mapping[EndpointName, Endpoint], Field(min_length=1)]


def read(path: Path) -> Record:
    """Raises `ValueError` with what is wrong."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise ValueError(f"{path.name} has more than {FILE_BYTES} bytes")
    found = Record.model_validate_json(content)
    if path.stem != found.version:
        raise ValueError(f"{path.name} is of {found.version}")
    return found


def records(folder: Path = RESULTS) -> list[Record]:
    """All of them, the newest version first, before all what is not released yet. Raises `ValueError`."""
    found = [read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda each: _order(each.version), reverse=True)


def _order(version: str) -> tuple[bool, list[int]]:
    return version == UNRELEASED, [int(each) for each in re.findall(r"\d+", version)]


def as_text(record: Record) -> str:
    """As it is committed."""
    return record.model_dump_json(indent=1, by_alias=True, exclude_none=True) + "\n"
