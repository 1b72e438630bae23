"""Botocore's data of our own: what the lean client asks and answers is what a stock client asks and answers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import botocore.exceptions
import pytest

from chat.storage import aws
from lambda_package import botocore_data
from lambda_package.build import CHAT
from simulator.settings import REGION

ROOM = {"PK": {"S": "ROOM#parity"}, "SK": {"S": "HEAD"}}
ITEM = {
    **ROOM,
    "text": {"S": "¡hola! \u2028 \U0001f600"},
    "seq": {"N": "7"},
    "rate": {"N": "0.5"},
    "flag": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"M": {"b": {"N": "1"}}}]},
    "map": {"M": {"c": {"L": []}, "d": {"S": ""}}},
    "names": {"SS": ["x", "y"]},
}
PUT = {"Put": {"TableName": "gg_core", "Item": ITEM}}
UPDATE = {
    "Update": {
        "TableName": "gg_core",
        "Key": ROOM,
        "UpdateExpression": "SET seq = :seq",
        "ConditionExpression": "#seq = :old",
        "ExpressionAttributeNames": {"#seq": "seq"},
        "ExpressionAttributeValues": {":seq": {"N": "8"}, ":old": {"N": "6"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
}
TOUCH = {
    **UPDATE["Update"],
    "UpdateExpression": "SET #seq = :seq ADD rate :nothing REMOVE gone",
    "ExpressionAttributeValues": {":seq": ITEM["seq"], ":old": ITEM["seq"], ":nothing": {"N": "0"}},
}
QUERY = {
    "TableName": "gg_core",
    "KeyConditionExpression": "PK = :room AND SK BETWEEN :low AND :high",
    "ExpressionAttributeValues": {":room": ROOM["PK"], ":low": {"S": "A"}, ":high": {"S": "Z"}},
    "Limit": 1,
}
Clients = tuple[Any, Any]


@pytest.fixture(scope="module")
def clients(functions_environ: None, endpoint: str) -> Clients:
    """A lean client and a stock one."""
    lean, stock = (
        aws.client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=each)
        for each in (True, False)
    )
    stock.transact_write_items(TransactItems=[PUT])
    return lean, stock


CALLS: dict[str, Callable[[Any], Any]] = {
    "get": lambda each: each.get_item(TableName="gg_core", Key=ROOM, ConsistentRead=True),
    "get nothing": lambda each: each.get_item(TableName="gg_core", Key={**ROOM, "SK": {"S": "none"}}),
    "query": lambda each: each.query(**QUERY),
    "query on": lambda each: each.query(**QUERY, ExclusiveStartKey={**ROOM, "SK": {"S": "AA"}}),
    "batch": lambda each: each.batch_get_item(RequestItems={"gg_core": {"Keys": [ROOM]}}),
    "write": lambda each: each.transact_write_items(TransactItems=[PUT]),
    "write with capacity": lambda each: each.transact_write_items(
        TransactItems=[PUT], ReturnConsumedCapacity="TOTAL"
    ),
    "refused write": lambda each: each.transact_write_items(TransactItems=[UPDATE]),
    "write that looks and deletes": lambda each: each.transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": "gg_core",
                    "Key": ROOM,
                    "ConditionExpression": "attribute_exists(PK)",
                }
            },
            {"Delete": {"TableName": "gg_core", "Key": {**ROOM, "SK": {"S": "none"}}}},
        ]
    ),
    "update": lambda each: each.update_item(**TOUCH, ReturnValues="ALL_OLD"),
    "refused update": lambda each: each.update_item(**UPDATE["Update"]),
    "count": lambda each: each.query(**QUERY | {"Select": "COUNT"}),
    "no such table": lambda each: each.query(**QUERY | {"TableName": "none"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_requests_answers_and_exceptions_are_those_of_the_stock_model(clients: Clients, name: str) -> None:
    (lean_asked, lean_said), (stock_asked, stock_said) = (_observed(each, CALLS[name]) for each in clients)
    assert stock_asked == lean_asked
    assert stock_said == lean_said
    assert ("exception" in lean_said) == (name.startswith("refused") or name == "no such table")


NEW_EACH_TIME = frozenset({"Authorization", "X-Amz-Date", "amz-sdk-invocation-id", "Content-Length"})
"""Headers that no two requests share. The length is that of the body, whose token is as long each time."""


def _observed(client: Any, call: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """The requests as they were sent, and what came of the call."""
    asked: list[Any] = []

    def sent(request: Any, **_: Any) -> None:
        body = json.loads(request.body)
        if "ClientRequestToken" in body:
            body["ClientRequestToken"] = ANY  # a new one for each request
        headers = {name: value for name, value in request.headers.items() if name not in NEW_EACH_TIME}
        asked.append((request.method, request.url, body, headers))

    client.meta.events.register("before-send.dynamodb", sent)
    try:
        said = call(client)
    except botocore.exceptions.ClientError as error:
        said = {"exception": type(error).__name__, "text": str(error), **error.response}
    finally:
        client.meta.events.unregister("before-send.dynamodb", sent)
    return asked, {**said, "ResponseMetadata": ANY}


@pytest.mark.parametrize("service", botocore_data.OPERATIONS)
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "xx-new-9"])
def test_a_service_is_found_where_stock_botocore_finds_it(service: str, region: str) -> None:
    lean, stock = (aws.client(service, region=region, lean=each) for each in (True, False))
    assert stock.meta.endpoint_url == lean.meta.endpoint_url
    assert stock.meta.partition == lean.meta.partition


def test_without_the_data_the_client_is_made_from_the_stock_data(tmp_path: Path) -> None:
    data = botocore_data.TARGET
    ignored = shutil.ignore_patterns(data.name, "__pycache__")
    shutil.copytree(CHAT / "chat", tmp_path / "chat", ignore=ignored)
    code = """if True:
        from chat.storage.aws import OWN_DATA, client
        print(OWN_DATA.exists(), client("dynamodb", region="us-east-1", lean=True).can_paginate("scan"))
    """
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert said == "False True\n"


def test_what_is_committed_is_what_the_pinned_botocore_gives(tmp_path: Path) -> None:
    botocore_data.write(tmp_path / "data")
    assert _files(botocore_data.TARGET) == _files(tmp_path / "data")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
