"""What a run is told: its command line, and where the environment keeps its state."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError, model_validator

from releases.canary import Canary, Weights

ENVIRONMENTS = Path("terraform/environments")
COMMANDS = {
    "record": "records what Terraform has published: its output `release` on stdin",
    "rights": "whether a plan leaves the live release the rights that it needs: `terraform show -json` of it on stdin",
    "go": "moves all aliases to the newest release, or goes on with that",
    "back": "moves all aliases to the release before, or goes on with that",
    "prove": "notes that the live release has passed its smoke test",
    "status": "what is live, and whether all aliases are there: exit status 2 where not",
    "commit": "the commit of the live release, if it may be promoted, alone on stdout",
    "fetch": "brings the bytes of the live release, if it may be promoted, to the folder of packages",
}


WHICH = {
    "environment": "Which deployment? Say {name}=dev: one of terraform/environments/, by its name.",
    "to": "To which deployment? Say TO=staging: one of terraform/environments/, by its name.",
}
"""What is said where a deployment's name is missing or is none."""


class Bucket(BaseModel):
    """Of Terraform's state, as `*.s3.tfbackend` names it."""

    bucket: str = Field(min_length=3)
    key: str = Field(min_length=1)
    region: str = Field(min_length=1)

    @property
    def prefix(self) -> str:
        """Where releases are, beside the state."""
        return f"{self.key.removesuffix('.tfstate')}/releases/"


class Settings(BaseModel):
    """One run. Each field is an argument or an option (`--came-from`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    environment: str = Field(pattern=r"^[a-z][a-z0-9-]{0,11}$")
    store: Path | None = None
    """A folder that holds a folder for each environment, in place of the buckets."""
    commit: str = Field("", pattern=r"^([0-9a-f]{40})?$")
    dirty: bool = False
    packages: Path | None = None
    wiring: Path = Path("resolvers/wiring.json")
    came_from: str | None = Field(None, pattern=r"^[a-z][a-z0-9-]{0,11}$")
    to: str | None = Field(None, pattern=r"^[a-z][a-z0-9-]{0,11}$")
    lose_rights: bool = False
    canary: float = Field(0.0, ge=0, le=24 * 60)
    """Minutes; 0: all calls at once."""
    weights: Weights = (0.1, 0.5)
    endpoint: AnyHttpUrl | None = None

    @model_validator(mode="after")
    def _goes_elsewhere(self) -> "Settings":
        if self.environment in (self.to, self.came_from):
            raise ValueError(f"{self.environment} cannot be promoted to itself.")
        return self

    @property
    def canary_plan(self) -> Canary | None:
        return Canary(minutes=self.canary, weights=self.weights) if self.canary else None


def read(arguments: Sequence[str]) -> Settings:
    """The settings in `arguments`. Bad ones end the program with status 2 and a sentence."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        which = WHICH.get(name, "").format(name="FROM" if given["command"] == "fetch" else "ENV")
        said = first["msg"].removeprefix("Value error, ")
        parser.exit(2, f"{which or (f'{name}: {said}' if name else said)}\n")


def bucket(environment: str) -> Bucket:
    """Raises `ValueError` with a sentence where the environment is not described."""
    path = ENVIRONMENTS / f"{environment}.s3.tfbackend"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"{path} is absent: copy {path}.example and fill it in.") from None
    found = dict(re.findall(r'^\s*(bucket|key|region)\s*=\s*"([^"]*)"', text, re.MULTILINE))
    try:
        return Bucket(**found)
    except ValidationError:
        raise ValueError(f"{path} does not say bucket, key and region.") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m releases",
        description="Moves a deployment from release to release: docs/deployment.md.",
        epilog="; ".join(f"{name}: {does}" for name, does in COMMANDS.items()),
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("environment", help="a deployment of terraform/environments/, such as dev")
    parser.add_argument("--store", metavar="FOLDER", help="a folder in place of the buckets of the states")
    parser.add_argument("--commit", metavar="SHA", help="record, fetch: the commit that is checked out")
    parser.add_argument("--dirty", action="store_true", help="record, fetch: there are changes beside it")
    parser.add_argument("--packages", metavar="FOLDER", help="record, fetch: of the zips, such as dist")
    parser.add_argument("--wiring", metavar="FILE", help="record: of the rights that the code needs")
    parser.add_argument("--came-from", metavar="ENV", help="record: whose live release these bytes are")
    parser.add_argument("--to", metavar="ENV", help="fetch: which deployment gets them")
    parser.add_argument(
        "--lose-rights",
        action="store_true",
        help="rights, back: goes on where rights are lost, and names them",
    )
    parser.add_argument(
        "--canary", metavar="MINUTES", help="go: how long it is watched before it gets all calls"
    )
    parser.add_argument(
        "--weights",
        type=lambda text: tuple(text.split(",")),
        metavar="0.1,0.5",
        help="go: shares of the calls",
    )
    parser.add_argument("--endpoint", metavar="URL", help="another AWS than AWS's")
    return parser
