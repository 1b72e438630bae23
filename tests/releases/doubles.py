"""A deployment in memory: aliases that can fail, alarms that are told what to say, and what Terraform would publish."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chat.storage.aws import StoreFailure
from releases.aliases import Target
from releases.books import Books
from releases.canary import AlarmState
from releases.record import Deployed, Function, Layer, Rights
from releases.run import Operator
from releases.store import FolderStore

COMMIT = "a" * 40
OTHER_COMMIT = "b" * 40
ALARMS = ("chat-dev-slo", "chat-dev-internal-error-all")
MODULES = tuple(f"field_{number:02}" for number in range(20))


def code_sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def published(
    version: int, *, modules: Sequence[str] = MODULES, schema: str = "schema", bytes_: str = ""
) -> Deployed:
    """What Terraform says after it has published `version` of each module."""
    bytes_ = bytes_ or f"code of {version}"
    return Deployed(
        region="eu-central-1",
        alias="live",
        architecture="arm64",
        schema_sha256=schema,
        functions={
            module: Function(
                name=f"chat-dev-{module}", version=str(version), code_sha256=code_sha256(f"{bytes_} {module}")
            )
            for module in modules
        },
        layers={
            name: Layer(arn=f"arn:{name}:{version}", code_sha256=code_sha256(f"{bytes_} {name}"))
            for name in ("chat", "dependencies")
        },
        alarms=ALARMS,
    )


def write_packages(folder: Path, bytes_: str, modules: Sequence[str] = MODULES) -> None:
    """The files whose sums `published(…, bytes_=bytes_)` has."""
    (folder / "functions").mkdir(parents=True, exist_ok=True)
    for module in modules:
        (folder / "functions" / f"{module}.zip").write_text(f"{bytes_} {module}")
    (folder / "layer-chat.zip").write_text(f"{bytes_} chat")
    (folder / "layer-dependencies-arm64.zip").write_text(f"{bytes_} dependencies")


class Died(BaseException):
    """The program was killed."""


@dataclass
class Cloud:
    """`before_write` is called with the number of each write before it is done; what it raises is what comes of it."""

    places: dict[str, Target] = field(default_factory=dict)
    writes: int = 0
    before_write: Callable[[int], None] = lambda _: None

    def read(self, function: str) -> Target:
        if function not in self.places:
            raise StoreFailure("ResourceNotFoundException")
        return self.places[function]

    def write(self, function: str, target: Target) -> None:
        self.writes += 1
        self.before_write(self.writes)
        self.read(function)
        self.places[function] = target

    def code_sha256(self, function: str, version: str) -> str:
        return code_sha256(f"{function} {version}")

    def at(self, deployed: Deployed) -> bool:
        """Whether all aliases are where this has them, with no share of the calls elsewhere."""
        return all(self.places[each.name] == Target(each.version) for each in deployed.functions.values())

    def create(self, deployed: Deployed) -> None:
        """As Terraform does: an alias that is not there yet points to what is published with it."""
        for each in deployed.functions.values():
            self.places.setdefault(each.name, Target(each.version))


@dataclass
class Bells:
    """`said` is called with the number of each look and answers states by alarm."""

    said: Callable[[int], dict[str, AlarmState]] = lambda _: dict.fromkeys(ALARMS, "OK")
    looks: int = 0

    def states(self, names: Sequence[str]) -> dict[str, AlarmState]:
        self.looks += 1
        said = self.said(self.looks)
        return {name: said[name] for name in names if name in said}


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Rig:
    """One deployment, and its operator."""

    folder: Path
    cloud: Cloud = field(default_factory=Cloud)
    bells: Bells = field(default_factory=Bells)
    clock: Clock = field(default_factory=Clock)
    told: list[str] = field(default_factory=list)

    @property
    def books(self) -> Books:
        return Books(FolderStore(self.folder))

    @property
    def operator(self) -> Operator:
        """A program that has just been started."""
        return Operator(
            self.books,
            aliases=lambda _: self.cloud,
            alarms=lambda _: self.bells,
            tell=self.told.append,
            now=self.clock,
            sleep=self.clock.sleep,
        )

    def publish(
        self, deployed: Deployed, commit: str = COMMIT, rights: Mapping[str, Rights] | None = None
    ) -> int:
        """Terraform has applied, and it was recorded."""
        self.cloud.create(deployed)
        return self.operator.record(deployed, commit, clean=True, folder=None, rights=rights).number

    def deploy(
        self, deployed: Deployed, commit: str = COMMIT, rights: Mapping[str, Rights] | None = None
    ) -> int:
        number = self.publish(deployed, commit, rights)
        self.operator.go(None)
        return number
