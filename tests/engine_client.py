"""The client that tests look into the tables with, and tables with nothing in them but the demo rooms."""

from typing import Any

from chat.storage.aws import client as aws_client
from lambda_package.botocore_data import TREES
from simulator import demo
from simulator.settings import REGION, TABLES


def engine_client(endpoint: str, *, connections: int = 10) -> Any:
    """A client of DynamoDB with every operation. As the functions' own, it passes items through as JSON has them, where
    botocore would walk through each value: a third of what the tests' requests cost. `B` values are not decoded."""
    made = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, connections=connections)
    shapes = made.meta.service_model._service_description["shapes"]  # noqa: SLF001  of this client alone
    shapes |= {name: {"type": "structure", "members": {}, "document": True} for name in TREES}
    return made


def empty_tables(endpoint: str) -> None:
    """Makes both tables anew, with the demo rooms: whoever reads all of them pays for what other tests left there."""
    dynamodb = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    for table in TABLES.values():
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    demo.seed(endpoint)
