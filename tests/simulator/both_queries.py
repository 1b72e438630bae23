"""Answers queries twice, as MiniStack does and as `simulator/ministack_queries.py` mends it, on one table.

    <Python with MiniStack> tests/simulator/both_queries.py

Reads a line of JSON for each run, a list of steps on an empty table, and writes a line with both answers of
each query in it. Without a line it ends. Only the standard library and MiniStack are imported.
"""
# ruff: noqa: SLF001  there is no public way in

import asyncio
import json
import sys
from collections import defaultdict
from importlib import import_module
from importlib.metadata import version
from typing import Any

from simulator.ministack_queries import mend

dynamodb = import_module("ministack.services.dynamodb")
plain = dynamodb._query
TABLE = {
    "TableName": "table",
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    "BillingMode": "PAY_PER_REQUEST",
}


def ask(operation: str, **body: Any) -> Any:
    """Any request but a query, as a client makes it."""
    target = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    answer = asyncio.run(dynamodb.handle_request("POST", "/", target, json.dumps(body).encode(), {}))
    assert answer[0] == 200, answer
    return answer


def key(name: str) -> dict[str, Any]:
    return {"PK": {"S": "p"}, "SK": {"S": name}}


def swap() -> None:
    """Put other dicts in the place of the table's own, as a restored backup does."""
    table = dynamodb._tables.get("table")
    table["items"] = defaultdict(dict, {name: dict(items) for name, items in table["items"].items()})
    dynamodb._items_replaced(table)


def expire(name: str) -> None:
    """Delete an item as MiniStack does when its time has come."""
    dynamodb._remove_item(dynamodb._tables.get("table"), "p", name)


def run(steps: list[tuple[str, Any]]) -> list[Any]:
    """Both answers of each query."""
    dynamodb.reset()
    ask("CreateTable", **TABLE)
    answers = []
    for kind, what in steps:
        match kind:
            case "put":
                ask("PutItem", TableName="table", Item=key(what) | {"n": {"N": str(len(what))}})
            case "load":
                for name in what:
                    dynamodb._set_item(
                        dynamodb._tables.get("table"), "p", name, key(name) | {"n": {"N": str(len(name))}}
                    )
            case "delete":
                ask("DeleteItem", TableName="table", Key=key(what))
            case "transact":
                puts = [{"Put": {"TableName": "table", "Item": key(name)}} for name in what]
                ask("TransactWriteItems", TransactItems=puts)
            case "expire":
                expire(what)
            case "swap":
                swap()
            case "query":
                answers.append([answer(query, what) for query in (plain, dynamodb._query)])
    return answers


def answer(query: Any, body: dict[str, Any]) -> Any:
    status, _, text = query({"TableName": "table", **body})
    return [status, json.loads(text)]


if __name__ == "__main__":
    print(json.dumps(mend(dynamodb, version("ministack"))), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
