"""The demo data: three people and six rooms, made where they are absent. Tools outside this project rely on
it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import botocore.exceptions

from chat.deployment import Deployment
from chat.operations.mute_member import mute_member
from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from chat.storage.aws import ConditionFailed, client
from chat.storage.places import head_place
from chat.storage.store import Store
from chat.storage.tables import Write
from simulator.settings import BUCKET, REGION, TABLES, BadSettings

# So that tools can hammer these rooms; the others keep the limits of the deployment.
FAST = {"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1000, "roomBurst": 1000}
ROOMS: Mapping[str, tuple[Mapping[str, Role], Mapping[str, int | str]]] = {
    "lobby": ({"alice": "owner", "bob": "member"}, FAST),
    "GUILD#dragons": ({"alice": "owner", "carol": "member"}, FAST),
    "slow": ({"alice": "owner", "bob": "member"}, {}),
    "team": ({"alice": "owner", "bob": "moderator"}, {"name": "The team"}),
    "plaza": ({"alice": "owner"}, {"name": "The plaza", "visibility": "public"}),
    "quiet": ({"alice": "owner", "bob": "member"}, {"name": "The quiet room"}),
}
MUTED = {"quiet": "bob"}
"""Who is muted in a room from its beginning, for longer than anybody will wait."""


def fill(endpoint: str, objects: str | None) -> None:
    """Makes the demo data at `endpoint`, and the bucket of attachments at `objects` where there is to be
    one."""
    seed(endpoint)
    if objects:
        make_bucket(objects)


def seed(endpoint: str) -> None:
    """Makes both tables and the demo rooms at `endpoint`, where they are absent; what is there stays as it
    is."""
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    create_tables(dynamodb)
    deployment = Deployment(Store(dynamodb, {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}))
    for room_id, (members, settings) in ROOMS.items():
        is_new = add_room(deployment.store, Room.parse(room_id), members, settings)
        if not is_new and settings is FAST:
            _allow_limits(deployment.store, Room.parse(room_id))
        if is_new and room_id in MUTED:
            arguments = {"roomId": room_id, "userId": MUTED[room_id], "until": "2100-01-01T00:00:00Z"}
            mute_member(deployment, Caller("alice"), arguments, Tally())


def _allow_limits(store: Store, room: Room) -> None:
    """Data from before a room said who had set its limits: these would not hold any more."""
    allowed = Write(
        head_place(room),
        condition="attribute_exists(PK) AND attribute_not_exists(#adminRules)",
        set={"adminRules": ",".join(sorted(FAST))},
    )
    with suppress(ConditionFailed):
        store.tables.update(allowed)


def check_tables(endpoint: str, tables: Mapping[str, str]) -> None:
    """Raises `BadSettings` where one of them is not there."""
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    for table in tables.values():
        try:
            dynamodb.describe_table(TableName=table)
        except dynamodb.exceptions.ResourceNotFoundException:
            raise BadSettings(f"SUFFIX: there is no table {table}") from None


def make_bucket(endpoint: str, bucket: str = BUCKET) -> None:
    """Makes a bucket for attachments in the S3 at `endpoint`, where it is absent."""
    s3 = client("s3", region=REGION, endpoint=endpoint, timeout=20)
    try:
        s3.create_bucket(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            raise


def create_tables(dynamodb: Any, tables: Mapping[str, str] = TABLES) -> None:
    """Makes both tables as Terraform makes them in the cloud: string keys, on demand, TTL on `expiresAt`."""
    for table in tables.values():
        try:
            dynamodb.create_table(
                TableName=table,
                KeySchema=[
                    {"AttributeName": "PK", "KeyType": "HASH"},
                    {"AttributeName": "SK", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
                BillingMode="PAY_PER_REQUEST",
            )
        except botocore.exceptions.ClientError as error:
            if (
                error.response["Error"]["Code"] != "ResourceInUseException"
            ):  # it is there, or another start makes it
                raise
            continue
        dynamodb.get_waiter("table_exists").wait(
            TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
        )
