"""A release: which version of each function, which layers and which schema belong together, and of which commit.

Terraform publishes versions and says what it published (its output `release`); a record of it never changes.
"""

import base64
from collections.abc import Mapping
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Version = Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]
Sum = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""SHA-256 as Lambda writes it, in base64. https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""


class Document(BaseModel):
    """What is stored as JSON, under names in camel case. What is unknown is refused: it is of a later version."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def text(self) -> bytes:
        return self.model_dump_json(by_alias=True, indent=1).encode()


class Refused(Exception):
    """It is not done, and nothing was changed; the text says why, and what to do."""


class Function(Document):
    name: str
    version: Version
    code_sha256: Sum


class Layer(Document):
    arn: str
    code_sha256: Sum


class Deployed(Document):
    """What Terraform has published. Keys of `functions` are modules, such as `send_message`."""

    region: str
    alias: str
    architecture: str
    schema_sha256: str
    functions: Mapping[str, Function] = Field(min_length=1)
    layers: Mapping[str, Layer]
    alarms: tuple[str, ...]
    """Names of the alarms that have a canary reverted."""

    def files(self) -> dict[str, str]:
        """The packages, as `make package` names them below its folder, with their sums in hexadecimal digits."""
        layers = {"chat": "layer-chat.zip", "dependencies": f"layer-dependencies-{self.architecture}.zip"}
        return {layers[name]: _hexadecimal(each.code_sha256) for name, each in self.layers.items()} | {
            f"functions/{module}.zip": _hexadecimal(each.code_sha256)
            for module, each in self.functions.items()
        }


class Grant(Document):
    """Of one function's role: `places` are keys of a table, folders of a bucket, or ARNs."""

    actions: tuple[str, ...]
    places: tuple[str, ...]
    retired: bool = False


class Published(Deployed):
    """Terraform's output `release`: with what each function's role may do, by module."""

    granted: Mapping[str, tuple[Grant, ...]]

    def deployed(self) -> Deployed:
        return Deployed(**self.model_dump(exclude={"granted"}))


class Origin(Document):
    """The release of another deployment whose bytes these are."""

    environment: str
    number: int


class Rights(Document):
    """Of one function's role, each as an action and the place that it is for: `dynamodb:Query ROOM#*`, `kms:Decrypt arn:…`."""

    needed: tuple[str, ...]
    retired: tuple[str, ...] = ()
    """Granted, and not needed by this release's code: for the release before."""


class Release(Deployed):
    """`commit` is empty where it is not known: of what was live before the first release."""

    number: int = Field(ge=1)
    commit: str = Field(pattern=r"^([0-9a-f]{40})?$")
    clean: bool
    """Whether the files were the commit's, with nothing changed beside it."""
    made_at: AwareDatetime
    came_from: Origin | None = None
    rights: Mapping[str, Rights] = {}
    """By module; none where they are not known."""

    def is_made_of(self, deployed: Deployed, commit: str, rights: Mapping[str, Rights]) -> bool:
        mine = (self.functions, self.schema_sha256, self.commit, self.rights)
        return mine == (deployed.functions, deployed.schema_sha256, commit, rights)


def check_bytes(deployed: Deployed, source: Release, environment: str) -> None:
    """Raises `Refused` where Lambda holds other bytes than those of `source`, which is a release of `environment`."""
    proven = source.files()
    named = f"release {source.number} of {environment}"
    for file, sum_ in deployed.files().items():
        if file not in proven:
            raise Refused(f"{file} is no part of {named}, so nothing of it was proven there.")
        if proven[file] != sum_:
            raise Refused(f"{file} holds other bytes here than in {named}: no alias was moved.")


def _hexadecimal(sum_: str) -> str:
    return base64.b64decode(sum_).hex()
