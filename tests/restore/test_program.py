"""The program as it is started: without --apply it writes nothing, with it all stands, and it says what to switch."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from chat.storage.aws import client as aws_client
from chat.storage.items import values
from restore.run import Run
from restore.settings import Settings, read
from restore.tables import Unfit
from simulator.demo import create_tables
from simulator.settings import REGION, TABLES
from tests.conftest import ENGINE
from tests.restore.rehearsal import KEY, Restored, World, scanned
from tests.restore.test_rehearsal import SECRET, Told

GIVEN = [
    "--instant",
    "2026-01-31T12:00:00Z",
    "--generation",
    "2",
    "--log-bucket",
    "log",
    "--log-key",
    "file:k",
]


@pytest.fixture
def address(request: pytest.FixtureRequest, endpoint: str, objects: Any, objects_address: str) -> str:
    """Where a DynamoDB is that knows of backups, which AWS's own for one machine does not: MiniStack's or moto's."""
    if request.config.stash.get(ENGINE, None) != "dynamodb-local":
        return endpoint
    create_tables(aws_client("dynamodb", region=REGION, endpoint=objects_address, timeout=20))
    return objects_address


@pytest.fixture
def world(functions_environ: None, address: str, objects: Any, objects_address: str) -> World:
    dynamodb = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20)
    return World(dynamodb, objects, objects_address)


@pytest.fixture
def told(world: World) -> Told:
    return Told(world)


def settings(world: World, restored: Restored, folder: Path, address: str, **more: Any) -> Settings:
    key = folder / "key"
    key.write_text(base64.urlsafe_b64encode(KEY).decode(), encoding="utf-8")
    return Settings(
        instant=datetime(2026, 1, 1, tzinfo=UTC),  # long before: what the snapshot has already stands
        generation=2,
        suffix=restored.tables["core"].removeprefix("gg_core"),
        log_bucket=world.log_bucket,
        log_key=f"file:{key}",
        uploads_bucket=restored.bucket,
        endpoint=AnyHttpUrl(address),
        s3_endpoint=AnyHttpUrl(world.s3_address),
        **more,
    )


def test_a_dry_run_and_then_the_restore(
    told: Told, tmp_path: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told.world.wanted()
    restored = told.world.restored()
    before = [list(scanned(told.world.client, name)) for name in restored.tables.values()]
    assert not Run(settings(told.world, restored, tmp_path, address), lambda _: None).go()
    assert before == [list(scanned(told.world.client, name)) for name in restored.tables.values()]
    said: list[str] = []
    assert Run(settings(told.world, restored, tmp_path, address, apply=True, count=True), said.append).go()
    shown = capsys.readouterr().out
    assert f'core = {{ name = "{restored.tables["core"]}"' in shown
    assert "generation = 2" in shown
    assert restored.find(f"{SECRET} {told.room}") == []
    assert told.world.prefix not in "".join(said)  # nobody's id


def test_erasures_since_take_the_key_of_pseudonyms(world: World, tmp_path: Path, address: str) -> None:
    world.snapshot()
    tombstone = {
        "PK": f"USER#{world.prefix}",
        "SK": "ERASED",
        "type": "Tombstone",
        "at": 7,
        "state": "erased",
    }
    world.stream.client.put_item(TableName=TABLES["CORE_TABLE"], Item=values(tombstone))
    world.wanted()
    with pytest.raises(Unfit, match="--audit-key"):
        Run(settings(world, world.restored(), tmp_path, address, apply=True), lambda _: None).go()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--generation": "1"}, "--generation"),
        ({"--instant": "2999-01-01T00:00:00Z"}, "still to come"),
        ({"--instant": "2026-01-31T12:00:00"}, "--instant"),
        ({"--log-key": "secret"}, "--log-key"),
        ({"--audit-key": "secret"}, "--audit-key"),
    ],
)
def test_bad_options_are_named(
    changed: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = dict(zip(GIVEN[::2], GIVEN[1::2], strict=True)) | changed
    with pytest.raises(SystemExit):
        read([word for pair in options.items() for word in pair])
    assert said in capsys.readouterr().err


def test_the_same_instant_gives_the_same_names() -> None:
    own = read(GIVEN)
    assert own.targets == {"core": "gg_core-20260131T120000", "guild": "gg_guild-20260131T120000"}
    assert not own.apply
