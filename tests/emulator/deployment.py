"""The Terraform configuration, applied with the real provider onto an emulator of AWS on this machine.

    python tests/emulator/deployment.py deploy [--auth] [--stock] [--port 4566]
    python tests/emulator/deployment.py destroy

`deploy` starts the emulator if none runs, builds the packages, applies, puts the local secrets and the demo
rooms in, and prints the GraphQL address alone on stdout; `make token` signs for it. `destroy` takes
everything down again. The configuration is not copied: a folder of links stands beside it, with a state file
in place of the remote state.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chat.storage.aws import client
from lambda_package.release import checksums
from simulator import demo
from simulator.keys import AUDIENCE, ISSUER, local_secrets, signing_key
from simulator.ports import free_port
from simulator.settings import REGION

PROJECT = Path(__file__).parent.parent.parent
ROOT = "roots/deployment"
LINKED = [
    *(
        path
        for pattern in (
            "*.tf",
            "*.tftest.hcl",
            "*.tfmock.hcl",
            "*.graphql",
            "schema.json",
            "objectives.json",
            "flags.json",
        )
        for path in PROJECT.glob(f"terraform/**/{pattern}")
        if ".terraform" not in path.parts
    ),
    PROJECT / "resolvers",
]
"""The configurations, and what the module reads beside its own folder."""
STATE = PROJECT / ".local"  # `make token` signs with the keys in here
ACCOUNT = "123456789012"
PACKAGES_BUCKET = "packages-local"
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
START_SECONDS = 30.0


def plugin_folder() -> Path | None:
    """A folder that holds the AWS provider, where there is one; otherwise Terraform asks its registry.

    TF_PLUGIN_DIR names it. Else Terraform's own implied folders are searched, and those directly below /opt:
    https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    """
    if given := os.environ.get("TF_PLUGIN_DIR"):
        return Path(given)
    home = Path.home()
    folders = [
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*")),
    ]
    for folder in folders:
        if any(folder.glob("*/hashicorp/aws/*")):
            return folder
    return None


@dataclass(frozen=True)
class Workspace:
    """A folder in which Terraform runs on links to `terraform/` and to what that reads.

    `at` is the folder of the configuration below `terraform/`; empty: the module itself.
    """

    home: Path
    at: str = ROOT

    @property
    def folder(self) -> Path:
        return self.home / "terraform" / self.at

    def link(self) -> None:
        """Make the links anew."""
        for link in [self.home / "resolvers", *(self.home / "terraform").rglob("*")]:
            if link.is_symlink() and ".terraform" not in link.parts:
                link.unlink()
        for source in LINKED:
            link = self.home / source.relative_to(PROJECT)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source)

    def prepare(self, *, backend: bool) -> None:
        """Make the links anew, and initialise. With `backend`, state is kept in a file of this folder."""
        self.link()
        if backend:
            (self.folder / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        self.initialise(backend=backend)

    def initialise(self, *, backend: bool) -> None:
        """Have Terraform find its provider and modules."""
        mirror = plugin_folder()
        self.terraform(
            "init",
            "-input=false",
            *([] if backend else ["-backend=false"]),
            *([f"-plugin-dir={mirror}"] if mirror else []),
        )

    def terraform(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """What `terraform` prints. Raises `Failed` with its complaint."""
        outer = {
            name: value
            for name, value in os.environ.items()
            if name not in ("TF_CLI_CONFIG_FILE", "TF_DATA_DIR")
        }
        done: subprocess.CompletedProcess[str] = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=outer
            | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_ARGS": "-no-color"}
            | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"terraform {arguments[0]}:\n{done.stdout[-4000:]}{done.stderr[-6000:]}")
        return done.stdout


class Failed(Exception):
    """A step of a deployment failed; the text says which, and why."""

    @property
    def is_there_already(self) -> bool:
        """Whether the emulator holds what the state does not know. No apply mends that."""
        return (
            re.search("AlreadyExists|ResourceConflict|BucketAlreadyOwned|already exists", str(self))
            is not None
        )


@dataclass(frozen=True)
class Emulator:
    """A MiniStack of this project: where it answers, and its process."""

    pid: int
    port: int
    process: "subprocess.Popen[bytes] | None" = None  # of the program that started it

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        """What the AWS provider and SDKs take to reach it; the provider's
        own configuration stays untouched."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def alive(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def stop(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGTERM)  # its functions' processes as well
        except ProcessLookupError:
            return
        if self.process is not None:
            self.process.wait(START_SECONDS)
        deadline = time.monotonic() + START_SECONDS
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.05)


def start(home: Path, *, python: Path, port: int, auth: bool, mended: bool) -> Emulator:
    """Starts an emulator whose functions run on `python`. Its environment is
    clean: what is in it reaches functions."""
    port = port or free_port()
    temporary = home / "tmp"  # each function's process unpacks its own layers here
    temporary.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",  # every interface otherwise
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true" if auth else "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LOG_LEVEL": "WARNING",
    }
    program = [str(Path(__file__).with_name("mended_ministack.py"))] if mended else ["-m", "ministack"]
    with (home / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            [str(python), *program],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    emulator = Emulator(process.pid, port, process)
    deadline = time.monotonic() + START_SECONDS
    while not emulator.alive():
        if process.poll() is not None or time.monotonic() > deadline:
            emulator.stop()
            raise Failed(f"The emulator did not start:\n{(home / 'emulator.log').read_text()[-2000:]}")
        time.sleep(0.05)
    return emulator


@dataclass(frozen=True)
class Deployment:
    """The configuration on one emulator. `state` holds the keys and secrets; `home` everything else."""

    home: Path
    emulator: Emulator
    python: Path
    state: Path = STATE
    packages_in_s3: bool = True
    """As a release is deployed. Of packages that are files the provider makes one function after the other, 5 s each."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Variables that are other than for a deployment with everything of its own."""

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.home)

    @property
    def packages(self) -> Path:
        return self.home / "packages"

    @property
    def url(self) -> str:
        api = self.output("api_id")
        return f"{self.emulator.endpoint}/v1/apis/{api}/graphql"

    def build(self) -> None:
        """The packages, for this machine and for the Python that the emulator runs functions with."""
        code = (
            "import pathlib, sys; from lambda_package.build import build;"
            "build(pathlib.Path(sys.argv[1]), [None])"
        )
        done = subprocess.run(
            [str(self.python), "-c", code, str(self.packages)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"The packages could not be built:\n{done.stderr[-4000:]}")
        native = self.packages / "layer-dependencies-native.zip"
        shutil.move(native, self.packages / f"layer-dependencies-{ARCHITECTURE}.zip")

    def variables(self) -> dict[str, Any]:
        return {
            "environment": "local",
            "region": REGION,
            "deletion_protection": False,
            **self._where_packages_are(),
            "architecture": ARCHITECTURE,
            "jwt": {
                "issuer": ISSUER,
                "audience": AUDIENCE,
                "algorithms": ["ES256"],
                "jwks": signing_key(self.state / "keys").jwks.decode(),
            },
            "waf": {"requests_per_5_minutes": 2000, "log_blocked": False},  # the emulator's WAF cannot log
            "trace_groups": False,  # and it has no X-Ray
            "saved_queries": False,  # nor queries of logs
            **self.told,
        }

    def _where_packages_are(self) -> dict[str, Any]:
        if not self.packages_in_s3:
            return {"packages": str(self.packages)}
        sums = (self.packages / "SHA256SUMS").read_text()
        return {"packages_in_s3": {"bucket": PACKAGES_BUCKET, "prefix": "release/", "sha256sums": sums}}

    def prepare(self) -> None:
        self.build()
        self.workspace.prepare(backend=True)
        self.publish()

    def publish(self) -> None:
        """Let the next plan see the packages as they are now."""
        if self.packages_in_s3:
            self._upload()
        self.tell(self.variables())

    def tell(self, variables: dict[str, Any]) -> None:
        (self.workspace.folder / "local.auto.tfvars.json").write_text(json.dumps(variables))

    def _upload(self) -> None:
        """Put the packages into a bucket of the emulator, and their checksums beside the packages."""
        files = sorted(self.packages.rglob("*.zip"))
        with _environment(self.emulator.credentials):
            s3 = client("s3", region=REGION, endpoint=self.emulator.endpoint, timeout=20)
            if PACKAGES_BUCKET not in [each["Name"] for each in s3.list_buckets().get("Buckets", [])]:
                s3.create_bucket(Bucket=PACKAGES_BUCKET)
            for path in files:
                key = f"release/{path.relative_to(self.packages).as_posix()}"
                s3.put_object(Bucket=PACKAGES_BUCKET, Key=key, Body=path.read_bytes())
        checksums(self.packages, files)

    def run(self, *arguments: str) -> str:
        return self.workspace.terraform(*arguments, environment=self.emulator.credentials)

    def apply(self) -> None:
        """Most of the time goes into waits of the provider, which do not add up when they are begun together."""
        self.run("apply", "-auto-approve", "-input=false", "-parallelism=20")

    def release(self) -> None:
        """Move all aliases to what was applied last, as `make deploy` does; releases are kept in a folder here."""
        options = ["local", "--store", str(self.home / "releases"), "--endpoint", self.emulator.endpoint]
        published = json.dumps(self.output("release"))
        for command, given in (("record", published), ("go", "")):
            done = subprocess.run(
                [sys.executable, "-m", "releases", command, *options],
                cwd=PROJECT,
                env=os.environ | self.emulator.credentials,
                input=given,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise Failed(f"releases {command}:\n{done.stderr[-4000:]}")

    def changes(self) -> dict[str, list[str]]:
        """What a plan would do now: resource address to its actions. Empty: nothing."""
        self.run("plan", "-input=false", "-out=planned")
        plan = json.loads(self.run("show", "-json", "planned"))
        return {
            each["address"]: each["change"]["actions"]
            for each in plan.get("resource_changes", [])
            if each["change"]["actions"] not in (["no-op"], ["read"])
        }

    def output(self, name: str) -> Any:
        return json.loads(self.run("output", "-json", name))

    def fill(self) -> None:
        """Put in what Terraform leaves empty: the secrets' values, and the demo rooms."""
        with _environment(self.emulator.credentials):
            secrets = client("secretsmanager", region=REGION, endpoint=self.emulator.endpoint, timeout=20)
            local = local_secrets(self.state / "secrets")
            values = {
                "CURSOR_KEYS": local.cursor_keys,
                "AUDIT_KEY": local.audit_key,
                "DIRECT_KEY": local.direct_key,
                "EXPORT_KEY": local.export_key,
            }
            for setting, arn in self.output("secrets_to_fill").items():
                text = Path(values[setting].removeprefix("file:")).read_text()
                secrets.put_secret_value(SecretId=arn, SecretString=text)
            demo.seed(self.emulator.endpoint)

    def resources(self) -> list[str]:
        """The addresses of what the state holds, data sources not counted."""
        state = json.loads(self.run("show", "-json"))
        modules = [state.get("values", {}).get("root_module", {})]
        found = []
        while modules:
            module = modules.pop()
            modules += module.get("child_modules", [])
            found += module.get("resources", [])
        return [each["address"] for each in found if each["mode"] == "managed"]

    def destroy(self) -> None:
        self.run("destroy", "-auto-approve", "-input=false")


@contextmanager
def deployed_anew(
    home: Path, state: Path, python: Path, timed: Callable[[str, Callable[[], None]], object]
) -> Iterator[Deployment]:
    """Everything of its own on a new emulator, with secrets and demo rooms, for as long as the block lasts. `timed` runs a step
    under its name."""
    emulator = start(home, python=python, port=0, auth=False, mended=True)
    deployment = Deployment(home, emulator, python, state)
    try:
        timed("packages", deployment.prepare)
        timed("apply", deployment.apply)
        deployment.fill()
        yield deployment
    finally:
        emulator.stop()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main() -> int:
    parser = argparse.ArgumentParser(description="The configuration on an emulator of AWS.")
    parser.add_argument("command", choices=["deploy", "destroy"])
    parser.add_argument("--python", type=Path, default=PROJECT / ".venv-emulator" / "bin" / "python")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--auth", action="store_true", help="enforce the functions' IAM policies")
    parser.add_argument("--stock", action="store_true", help="MiniStack as it is, not mended")
    given = parser.parse_args()
    home = STATE / "deployment"
    home.mkdir(parents=True, exist_ok=True)
    running = home / "emulator.json"
    try:
        if given.command == "destroy":
            return _destroy(home, running, given.python)
        try:
            print(_deploy(home, running, given))
        except Failed as failure:
            if not failure.is_there_already:
                raise
            print(
                "The emulator holds what the state does not know: once more, on a new one …", file=sys.stderr
            )
            _forget(home, running)
            print(_deploy(home, running, given))
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _deploy(home: Path, running: Path, given: argparse.Namespace) -> str:
    """The address of the API, deployed on the emulator that runs, or on a new one."""
    emulator = _running(running)
    if emulator is None or not emulator.alive():
        _forget(home, running)  # what the last one held is gone with it
        emulator = start(home, python=given.python, port=given.port, auth=given.auth, mended=not given.stock)
        running.write_text(json.dumps({"pid": emulator.pid, "port": emulator.port}))
    deployment = Deployment(home, emulator, given.python)
    for sentence, step in (
        ("Building the packages …", deployment.prepare),
        (f"Applying onto the emulator at {emulator.endpoint} …", deployment.apply),
        ("Moving the aliases to it …", deployment.release),
        ("Filling in secrets and demo rooms …", deployment.fill),
    ):
        print(sentence, file=sys.stderr)
        step()
    return deployment.url


def _running(running: Path) -> Emulator | None:
    return Emulator(**json.loads(running.read_text())) if running.exists() else None


def _forget(home: Path, running: Path) -> None:
    """The emulator ends, and with it all that was deployed."""
    emulator = _running(running)
    if emulator and emulator.alive():
        emulator.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)


def _destroy(home: Path, running: Path, python: Path) -> int:
    if not running.exists():
        print("Nothing is deployed here.", file=sys.stderr)
        return 0
    emulator = _running(running)
    if emulator and emulator.alive():
        Deployment(home, emulator, python).destroy()
        emulator.stop()
    shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
