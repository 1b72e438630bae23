"""The composition root of the fields' functions: settings become parts, once for a process."""

from dataclasses import fields
from functools import cache

from chat.aws import client
from chat.cursor import CursorKeys
from chat.deployment import Deployment
from chat.models import RoomSettings
from chat.store import Store
from chat.text import TextLimits
from chat_lambda.secrets import read_cursor_keys
from chat_lambda.settings import settings


@cache
def deployment() -> Deployment:
    """The chat over this process's DynamoDB."""
    own = settings()
    dynamodb = client("dynamodb", region=own.aws_region, endpoint=own.dynamodb_endpoint, connections=50)
    return Deployment(
        store=Store(dynamodb, {"core": own.core_table, "guild": own.guild_table}),
        defaults=RoomSettings(*(getattr(own, each.name) for each in fields(RoomSettings))),
        text_limits=TextLimits(own.max_code_points, own.max_bytes),
    )


@cache
def cursor_keys() -> CursorKeys:
    """The keys that cursors are sealed with. Raises `BadSecret`."""
    return read_cursor_keys(settings().cursor_keys, settings().aws_region)
