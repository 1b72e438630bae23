"""Writes `chat/storage/botocore_data/`: botocore's descriptions of AWS, cut down to what the functions call.

A client is made from these in a fraction of the time that the stock data take. In DynamoDB's, every tree of
attribute values is a *document* (https://smithy.io/2.0/spec/simple-types.html#document): botocore passes it
through as JSON has it, where it would otherwise walk through each value. That changes neither requests nor
answers of strings, numbers, lists and maps; `B` values would no longer be decoded, and this chat stores none.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "GetItem",
        "Query",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "events": ("PutEvents",),
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("SendMessage", "SendMessageBatch"),
    "ssm": ("GetParameter",),
}
"""The operations that the functions call, by service."""

LISTED = ("dynamodb", "secretsmanager", "ssm")
"""Services whose places stand in `endpoints.json`, which every function reads. The others are where their rules and a
region's name say, in every partition."""

TREES = frozenset({"AttributeMap", "ExpressionAttributeValueMap", "Key", "PutItemInputAttributeMap"})
"""DynamoDB's shapes from an attribute's name to its value: items, keys and the values in expressions."""

TARGET = Path(__file__).parent.parent / "layers" / "chat" / "python" / "chat" / "storage" / "botocore_data"

Model = dict[str, Any]


def write(target: Path) -> None:
    """Fill the folder `target` from the installed botocore; the same botocore gives the same bytes."""
    stock = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    shutil.rmtree(target, ignore_errors=True)
    _save(target / "endpoints.json", _endpoints(stock.load_data("endpoints")))
    _save(target / "_retry.json", _retries(stock.load_data("_retry")))
    for name in ("partitions", "sdk-default-configuration"):
        _save(target / f"{name}.json", _undocumented(stock.load_data(name)))
    for service, operations in OPERATIONS.items():
        version = stock.determine_latest_version(service, "service-2")
        model = stock.load_service_model(service, "service-2", version)
        rules = stock.load_service_model(service, "endpoint-rule-set-1", version)
        folder = target / service / version
        _save(folder / "service-2.json", _service(model, operations))
        _save(folder / "endpoint-rule-set-1.json", _undocumented(rules))


def _endpoints(stock: Model) -> Model:
    """Where our services are, in all partitions and regions."""
    partitions = [
        {**each, "services": {name: each["services"].get(name, {}) for name in LISTED}}
        for each in stock["partitions"]
    ]
    return {**stock, "partitions": partitions}


def _retries(stock: Model) -> Model:
    """How requests are tried again: the defaults, and what our services add."""
    own = {name: rules for name, rules in stock["retry"].items() if name in {"__default__", *LISTED}}
    return {**stock, "retry": own}


def _service(stock: Model, names: tuple[str, ...]) -> Model:
    """A service with the operations `names` and the shapes that these reach."""
    operations = {name: _undocumented(stock["operations"][name]) for name in names}
    for operation in operations.values():
        # No operation of ours asks DynamoDB for its endpoint first, and the one that asks is left out.
        operation.pop("endpointdiscovery", None)
        # ARNs of tables could say where a request goes. Ours have names, and with endpoints of its own a client
        # goes to the region's; yet botocore looks for them in each request: 4 % of a transaction's instructions.
        operation.pop("operationContextParams", None)
    shapes: Model = {}
    wanted = list(_references(operations))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = _shape(name, stock["shapes"][name])
            wanted += _references(shapes[name])
    return {
        "version": stock["version"],
        "metadata": stock["metadata"],
        "operations": operations,
        "shapes": dict(sorted(shapes.items())),
    }


def _shape(name: str, stock: Model) -> Model:
    if name in TREES:
        return {"type": "structure", "members": {}, "document": True}
    shape: Model = _undocumented(stock)
    return shape


def _references(model: Any) -> Iterator[str]:
    """The names of the shapes that `model` refers to."""
    if isinstance(model, Mapping):
        for name, value in model.items():
            if name == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(model, list):
        for each in model:
            yield from _references(each)


def _undocumented(model: Any) -> Any:
    """`model` without the texts that are for people."""
    if isinstance(model, Mapping):
        return {
            name: _undocumented(value)
            for name, value in model.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    if isinstance(model, list):
        return [_undocumented(each) for each in model]
    return model


def _save(path: Path, model: Model) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(TARGET)
