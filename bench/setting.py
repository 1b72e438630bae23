"""Where the functions are measured: their environment, their packages and the interpreter that all share."""

import json
import os
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lambda_package.build import build
from simulator.keys import local_secrets, signing_key
from simulator.settings import functions_environment

PROJECT = Path(__file__).parent.parent
PACKAGES = sysconfig.get_path("purelib")
"""Where pip put botocore, boto3 and the rest, with their stock data and pip's own bytecode."""

INTERPRETER = (sys.executable, "-S")
"""No site-packages but those that a measured process is told of: ours must be complete without them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`environment` is what every measured process gets; `package` is where layers and functions are
    unpacked."""

    environment: Mapping[str, str]
    package: Path

    def of_package(self, package: Path | None = None) -> dict[str, str]:
        """The environment of our functions, run from nothing but their package."""
        root = package or self.package
        return {**self.environment, "PYTHONPATH": f"{root}:{root / 'python'}"}

    def of_peer(self) -> dict[str, str]:
        """The environment of botocore alone and of the peer, run from where pip installed their packages."""
        return {**self.environment, "PYTHONPATH": f"{PROJECT}:{PACKAGES}"}


@contextmanager
def setting(scratch: Path) -> Iterator[Setting]:
    """Packages built for this machine in `scratch`, and a stub of DynamoDB that runs meanwhile."""
    key = signing_key(scratch / "keys")
    with stub() as endpoint:
        environment = functions_environment(
            endpoint=endpoint,
            secrets=local_secrets(scratch / "secrets"),
            jwks={"JWT_JWKS": key.jwks.decode()},
        )
        environment |= {
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "JWKS_SECRET": "arn:aws:secretsmanager:us-east-1:000000000000:secret:jwks",
            "PATH": os.environ["PATH"],
            "TOKEN": key.mint("alice", now=int(time.time()), ttl=3_600),
        }
        yield Setting(environment, unpacked(scratch))


def unpacked(scratch: Path) -> Path:
    """The package as Lambda unpacks it; all functions in one place, since each module is its own."""
    return _extracted(build(scratch / "dist", [None]), scratch / "package")


def baseline(checkout: Path, scratch: Path) -> Path:
    """The package of another checkout of this project, built by its own code."""
    code = "import sys; from pathlib import Path; from lambda_package.build import build; build(Path(sys.argv[1]), [None])"
    target = scratch / "baseline-dist"
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, "-c", code, str(target)], cwd=checkout, env=environment, check=True)
    return _extracted(sorted(target.rglob("*.zip")), scratch / "baseline")


def _extracted(archives: Iterable[Path], package: Path) -> Path:
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(package)
    return package


@contextmanager
def stub() -> Iterator[str]:
    """The address of a running stub."""
    command = [sys.executable, "-m", "bench.stub"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def event(field: str, arguments: Mapping[str, object]) -> dict[str, object]:
    """The event of a field's function, such as AppSync sends; `field` is `Query.messages` and the like."""
    found = json.loads((PROJECT / "events" / f"{field}.json").read_text(encoding="utf-8"))
    return {**found, "arguments": {**found["arguments"], **arguments}}
