"""DynamoDB and S3 by moto, within this process: no Java, no npm, no second program, no network.

moto answers in place of the wire: botocore's clients ask it before they send, and so does `requests`. It knows a request
for it by AWS's own addresses.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from threading import Lock
from typing import Any
from unittest.mock import patch

from botocore.handlers import BUILTIN_HANDLERS
from moto import mock_aws
from moto.backends import get_backend
from moto.core.config import DefaultConfig
from moto.core.model_instances import reset_model_data
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.utils import get_service_model
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from simulator.settings import REGION

DYNAMODB = f"https://dynamodb.{REGION}.amazonaws.com"
S3 = f"https://s3.{REGION}.amazonaws.com"
NOWHERE = "http://127.0.0.1:9"

_turn = Lock()
_copies: dict[int, Table] = {}
"""The copies of tables that were made for the request that is being answered, by the tables' ids."""


@contextmanager
def in_process() -> Iterator[str]:
    """The address of a DynamoDB without tables, for clients that are made from now on.

    No request leaves this machine by mistake: moto refuses other services of AWS, and another process, which does not meet
    moto, is sent to a proxy that is not there.
    """
    _pass_attribute_values_through()
    _answer_one_at_a_time()
    config: DefaultConfig = {"core": {"mock_credentials": False, "service_whitelist": ["dynamodb", "s3"]}}
    gc.freeze()  # all of moto is read by now, and no collection of garbage has to look through it
    with (
        mock_aws(config=config),
        patch.object(Table, "__deepcopy__", _copied_once, create=True),
        patch.dict(os.environ, HTTPS_PROXY=NOWHERE, https_proxy=NOWHERE),
    ):
        yield DYNAMODB


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """What is put into the tables meanwhile is deleted at the end: a transaction copies a whole table, 20 µs an item."""
    before = _places()
    yield
    for name, partition_key, sort_key in _places() - before:
        _tables()[name].delete_item(partition_key, sort_key)
    reset_model_data()  # moto keeps every item and table that it has ever made or copied


def _places() -> set[tuple[str, DynamoType, DynamoType]]:
    return {
        (name, partition_key, sort_key)
        for name, table in _tables().items()
        for partition_key, items in table.items.items()
        for sort_key in items
    }


def _tables() -> dict[str, Table]:
    """The tables as they are now: a transaction that is cancelled puts copies in their places."""
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables


def _pass_attribute_values_through() -> None:
    """As botocore's description of DynamoDB has it, moto looks for each of ten members in every attribute value that it
    reads and writes: half of its time.
    """
    model: Any = get_service_model("dynamodb")
    model._service_description["shapes"]["AttributeValue"]["document"] = True  # noqa: SLF001  there is no other way in


def _answer_one_at_a_time() -> None:
    """moto's tables are not made for threads, in which functions read: they change while they are looked through."""
    hook = BUILTIN_HANDLERS.index(("before-send", botocore_stubber))
    BUILTIN_HANDLERS[hook] = ("before-send", _answer)


def _answer(**asked: Any) -> Any:
    with _turn:
        _copies.clear()
        return botocore_stubber(**asked)


def _copied_once(table: Table, memo: dict[int, Any]) -> Table:
    """A table's copy. moto makes one for each action of a transaction before the first is done, and needs one for all."""
    if id(table) not in _copies:
        _copies[id(table)] = copy(table)
        vars(_copies[id(table)]).update(deepcopy(vars(table), memo))
    return _copies[id(table)]
