"""What tests share: one DynamoDB in memory for the whole run, and the functions' environment on it.

With workers (`-n`, pytest-xdist) each has all of this for itself: a session is a worker's.
"""

import gc
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, overload

import hypothesis
import pytest

from chat.storage import keys
from chat.storage.aws import client as aws_client
from simulator import demo, dynamodb_local
from simulator.engine import PROJECT, Kind, embedded
from simulator.engine_host import became_ready, end, start
from simulator.keys import SigningKey, local_secrets, signing_key
from simulator.ports import free_port
from simulator.settings import REGION, TABLES, become, functions_environment
from tests.engine_client import empty_tables, engine_client
from tests.guarantees.support.fixtures import partition

Engine = Kind | Literal["moto"]
LONG_RUN_S = 300
ENGINE = pytest.StashKey[Engine]()
ENGINE_SENTENCE = pytest.StashKey[str]()
CLIENT = pytest.StashKey[Any]()

# Every run looks at other examples. A failure prints how to repeat it: the seed, and the example as a blob.
hypothesis.settings.register_profile("developer", print_blob=True, derandomize=False, deadline=None)
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("developer"), max_examples=200)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=["auto", "ministack", "dynamodb-local", "moto"], default="auto")
    parser.addoption(
        "--publish",
        choices=["sender", "stream"],
        default="sender",
        help="what subscribers are given: what senders select, or what the stream's reader publishes",
    )
    parser.addoption("--endpoint", help="a DynamoDB that runs already, instead of one for this run")


def pytest_configure(config: pytest.Config) -> None:
    # Of this process coverage is measured by now. Programs that tests start would be slower by it, and warn on their stderr.
    if hasattr(config, "workerinput"):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    if running := config.getoption("--endpoint"):
        if config.getoption("numprocesses", None):
            raise pytest.UsageError("--endpoint: one DynamoDB is for one worker. Add -n 0.")
        config.stash[ENGINE_SENTENCE] = f"DynamoDB: at {running}, as --endpoint says"
        return
    kind, why = choose_engine(config.getoption("--engine"))
    config.stash[ENGINE] = kind
    config.stash[ENGINE_SENTENCE] = f"DynamoDB: {kind}, {why}"


def pytest_report_header(config: pytest.Config) -> str:
    return config.stash[ENGINE_SENTENCE]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the minutes of a long run go: the files that took most, all workers' seconds together."""
    spent: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for each in reports:
            if isinstance(each, pytest.TestReport):
                spent[each.nodeid.partition("::")[0]] += each.duration
    if sum(spent.values()) > LONG_RUN_S:
        terminalreporter.section("seconds by file")
        for name, seconds in sorted(spent.items(), key=lambda each: -each[1])[:20]:
            terminalreporter.line(f"{seconds:7.0f}  {name}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Terraform's tests take longest, and come first: at the end a worker would wait for the other."""
    items.sort(key=lambda item: "terraform" not in item.path.parts[-2:])
    for item in items if config.stash.get(ENGINE, None) == "moto" else ():
        if mark := item.get_closest_marker("real_engine"):
            item.add_marker(pytest.mark.skip(reason=f"needs a real engine: {mark.args[0]}"))


def pytest_collection_finish() -> None:
    """What was collected stays: no later collection of garbage has to look through it."""
    gc.collect()
    gc.freeze()


@overload
def choose_engine(wish: Kind | Literal["auto"]) -> tuple[Kind, str]: ...
@overload
def choose_engine(wish: Engine | Literal["auto"]) -> tuple[Engine, str]: ...
def choose_engine(wish: Engine | Literal["auto"]) -> tuple[Engine, str]:
    if wish != "auto":
        return wish, "as --engine says"
    if absent := dynamodb_local.missing():
        return "ministack", f"because {' and '.join(absent)} is not on PATH"
    try:
        dynamodb_local.fetch(PROJECT / ".cache")
    except dynamodb_local.CannotFetch as error:
        return "ministack", f"because AWS's own engine cannot be had: {error}"
    return "dynamodb-local", "AWS's own engine, because java and npm are here (it listens on every interface)"


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a DynamoDB with both tables, empty at first."""
    with _engine(request.config, tmp_path_factory) as url:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ACCESS_KEY_ID", "local")
            environment.setenv("AWS_SECRET_ACCESS_KEY", "local")
            demo.create_tables(aws_client("dynamodb", region=REGION, endpoint=url, timeout=20))
        yield url


def _engine(config: pytest.Config, folders: pytest.TempPathFactory) -> AbstractContextManager[str]:
    if running := config.getoption("--endpoint"):
        return nullcontext(running)
    engine = config.stash[ENGINE]
    if engine == "moto":
        from tests.moto_engine import in_process  # it changes botocore, so only where it is asked for

        return in_process()
    return embedded(engine, folders.mktemp("dynamodb"), in_memory=True)


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """The key pair that the functions trust."""
    return signing_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def objects_address(request: pytest.FixtureRequest, endpoint: str) -> str:
    """Where attachments lie, once a test asks for `objects`: in the engine if that has an S3, else in one of its own."""
    engine = request.config.stash.get(ENGINE, None)
    if engine == "moto":
        from tests.moto_engine import S3

        return S3
    return endpoint if engine == "ministack" else f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def objects(
    request: pytest.FixtureRequest,
    functions_environ: None,
    objects_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """An S3 client of botocore, without retries, on the functions' bucket, which is there from now on."""
    there = request.config.stash.get(ENGINE, None) in ("ministack", "moto")
    with nullcontext() if there else _ministack(objects_address, tmp_path_factory):
        demo.make_bucket(objects_address)
        yield aws_client("s3", region=REGION, endpoint=objects_address, timeout=20)


@contextmanager
def _ministack(address: str, folders: pytest.TempPathFactory) -> Iterator[None]:
    port = int(address.rpartition(":")[2])
    engine = start("ministack", folders.mktemp("objects"), port, in_memory=True)
    try:
        assert became_ready(engine, address)
        yield
    finally:
        end(engine)


@pytest.fixture(scope="session")
def publishing(request: pytest.FixtureRequest) -> str:
    """The way in which the deployment under test publishes."""
    way: str = request.config.getoption("--publish")
    return way


@pytest.fixture(scope="session")
def functions_environ(
    request: pytest.FixtureRequest,
    endpoint: str,
    objects_address: str,
    key: SigningKey,
    publishing: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """
    This process's environment is the functions': handlers may be called. The demo rooms are in the tables, but on moto.
    For the whole run, because a function reads its environment once.
    """
    before = dict(os.environ)
    secrets = local_secrets(tmp_path_factory.mktemp("secrets"))
    jwks = {"JWT_JWKS": key.jwks.decode()}
    environment = functions_environment(
        endpoint=endpoint, secrets=secrets, jwks=jwks, objects=objects_address
    )
    become(environment | {"PUBLISH": publishing})
    if request.config.stash.get(ENGINE, None) != "moto":  # every item there makes it slower
        demo.seed(endpoint)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest, functions_environ: None, endpoint: str) -> Iterator[Any]:
    """A DynamoDB client of botocore, without retries, on the functions' tables."""
    made = request.config.stash[CLIENT] = engine_client(endpoint)
    yield made
    del request.config.stash[CLIENT]


@pytest.fixture(scope="module")
def few_items(
    request: pytest.FixtureRequest, functions_environ: None, endpoint: str, publishing: str
) -> None:
    """A module that reads whole tables does not read what the modules before it left. On moto they leave nothing, and
    with `--publish=stream` a program reads the streams of these very tables."""
    if request.config.stash.get(ENGINE, None) in get_args(Kind) and publishing != "stream":
        empty_tables(endpoint)


@pytest.fixture(scope="session")
def leaving_nothing(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[None]]:
    """A context at whose end the tables have no more items than before, if the engine is moto: each makes it slower."""
    if request.config.stash.get(ENGINE, None) != "moto":
        return nullcontext
    from tests.moto_engine import leaving_nothing

    return leaving_nothing


@pytest.fixture(scope="module", autouse=True)
def _a_module_leaves_nothing(leaving_nothing: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    with leaving_nothing():
        yield


@pytest.fixture(scope="module", autouse=True)
def _a_module_leaves_no_work(request: pytest.FixtureRequest) -> Iterator[None]:
    """Jobs, and requests that become jobs, would be worked on in another module: its clock may be weeks ahead, and
    its deployment without what they need."""
    yield
    if client := request.config.stash.get(CLIENT, None):
        for table, name in itertools.product(TABLES.values(), (keys.DUE, keys.JOBS)):
            for item in partition(client, table, name):
                client.delete_item(TableName=table, Key={"PK": item["PK"], "SK": item["SK"]})


class Eventually(Protocol):
    def __call__(self, condition: Callable[[], object], seconds: float = 30) -> None: ...


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds, and fails when it does not in time."""

    def wait(condition: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} seconds"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder that holds the Makefile."""
    return PROJECT
