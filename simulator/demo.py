"""The demo data: three people and three rooms, made where they are absent. Tools outside this project rely on it."""

from collections.abc import Mapping
from typing import Any

import botocore.exceptions

from chat.aws import client
from chat.found_room import found_room
from chat.models import Role
from chat.rooms import Room
from chat.store import Store
from simulator.settings import BUCKET, REGION, TABLES

# So that tools can hammer these rooms; `slow` keeps the limits of the deployment.
FAST = {"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1000, "roomBurst": 1000}
ROOMS: Mapping[str, tuple[Mapping[str, Role], Mapping[str, int]]] = {
    "lobby": ({"alice": "owner", "bob": "member"}, FAST),
    "GUILD#dragons": ({"alice": "owner", "carol": "member"}, FAST),
    "slow": ({"alice": "owner", "bob": "member"}, {}),
}


def seed(endpoint: str) -> None:
    """Makes both tables and the demo rooms at `endpoint`, where they are absent; what is there stays as it is."""
    dynamodb = client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    create_tables(dynamodb)
    store = Store(dynamodb, {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]})
    for room_id, (members, settings) in ROOMS.items():
        found_room(store, Room.parse(room_id), members, settings)


def make_bucket(endpoint: str) -> None:
    """Makes the bucket of attachments in the S3 at `endpoint`, where it is absent."""
    s3 = client("s3", region=REGION, endpoint=endpoint, timeout=20)
    try:
        s3.create_bucket(Bucket=BUCKET)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            raise


def create_tables(dynamodb: Any) -> None:
    """Makes both tables as Terraform makes them in the cloud: string keys, on demand, TTL on `expiresAt`."""
    for table in TABLES.values():
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
