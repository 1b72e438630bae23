"""The same three fields, written the usual way: Powertools' router, boto3's resource, Get, Update and Put.

It is what the tutorials of both lead to, and does less: no retry is recognised, no limit kept, and two
senders at once are in no order that a reader could rely on.
"""

import os
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import AppSyncResolver
from aws_lambda_powertools.metrics import MetricUnit
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

logger = Logger(service="chat")
metrics = Metrics(namespace="Chat", service="chat")
app = AppSyncResolver()  # type: ignore[no-untyped-call]
table = boto3.resource(
    "dynamodb", endpoint_url=os.environ.get("DYNAMODB_ENDPOINT"), region_name=os.environ["AWS_REGION"]
).Table(os.environ["CORE_TABLE"])


class SendMessage(BaseModel):
    """What a client asks to be stored."""

    room_id: str = Field(pattern=r"^[A-Za-z0-9_.:|@-]{1,128}$")
    text: str = Field(min_length=1, max_length=4_000)


class Message(BaseModel):
    """A message as it is stored and answered."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    id: str
    room_id: str
    sender_id: str
    text: str
    ts: int
    seq: int
    epoch: int = 1
    client_message_id: str | None = None

    def to_wire(self) -> dict[str, Any]:
        sent = datetime.fromtimestamp(self.ts / 1_000, UTC).isoformat(timespec="milliseconds")
        return self.model_dump(by_alias=True) | {"ts": sent}


class NotRoomMember(Exception):
    """The caller is not in the room."""


def check_member(room_id: str) -> str:
    """The caller's id. Raises `NotRoomMember`."""
    event: Any = app.current_event
    user_id: str = event["identity"]["resolverContext"]["userId"]
    key = {"PK": f"USER#{user_id}", "SK": f"IN#ROOM#{room_id}"}
    if table.get_item(Key=key, ConsistentRead=True).get("Item", {}).get("status") != "active":
        raise NotRoomMember(room_id)
    return user_id


@app.resolver(type_name="Query", field_name="messages")
def messages(roomId: str, limit: int = 50) -> dict[str, Any]:  # noqa: N803  the router passes arguments by their names
    check_member(roomId)
    page = table.query(
        KeyConditionExpression=Key("PK").eq(f"ROOM#{roomId}") & Key("SK").begins_with("MSG#"),
        ScanIndexForward=False,
        Limit=limit,
    )
    metrics.add_metric(name="PageSize", unit=MetricUnit.Count, value=len(page["Items"]))
    return {"items": [Message(**item).to_wire() for item in page["Items"]]}


@app.resolver(type_name="Mutation", field_name="sendMessage")
def send_message(roomId: str, text: str, clientMessageId: str | None = None) -> dict[str, Any]:  # noqa: N803
    wanted = SendMessage(room_id=roomId, text=text)
    user_id, now = check_member(roomId), time.time_ns() // 1_000_000
    head = table.update_item(
        Key={"PK": f"ROOM#{roomId}", "SK": "HEAD"},
        UpdateExpression="ADD seq :one SET ts = :now",
        ExpressionAttributeValues={":one": 1, ":now": now},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    message = Message(
        id=str(uuid.uuid4()),
        room_id=roomId,
        sender_id=user_id,
        text=wanted.text,
        ts=now,
        seq=int(head["seq"]),
        client_message_id=clientMessageId,
    )
    key = {"PK": f"ROOM#{roomId}", "SK": f"MSG#{now:013d}#{message.id}"}
    table.put_item(
        Item=key | message.model_dump(by_alias=True), ConditionExpression="attribute_not_exists(PK)"
    )
    metrics.add_metric(name="Sends", unit=MetricUnit.Count, value=1)
    return message.to_wire()


@app.resolver(type_name="Subscription", field_name="onMessage")
def on_message(roomId: str, epoch: int | None = None) -> None:  # noqa: N803
    check_member(roomId)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> Any:
    answer = app.resolve(event, context)
    logger.info("Answered")
    return answer
