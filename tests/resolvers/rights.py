"""What the functions request of DynamoDB, held to the rights that the wiring gives
each of them: the local engines grant all."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chat.storage.store import Store
from simulator.settings import WIRING

Right = tuple[str, str]
"""An action as IAM names it, and the partition key that it is for."""

ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"""


class Rights:
    """Watches the requests of the functions' client, from one call of a function to its end."""

    def __init__(self, store: Store) -> None:
        wiring = json.loads(WIRING.read_text(encoding="utf-8"))
        self._wired = {"authorizer": wiring["authorizer"], **wiring["fields"], **wiring["services"]}
        self._requested: set[Right] = set()
        client = store.tables._client  # noqa: SLF001  the one that the functions use
        client.meta.events.register("provide-client-params.dynamodb", self._note)

    def begin(self) -> None:
        self._requested.clear()

    def lacking(self, name: str) -> set[Right]:
        """What the function with this name has requested without a right to it."""
        return {
            requested
            for requested in self._requested
            if not any(allowed(requested, each) for each in self._rights(name))
        }

    def _rights(self, name: str) -> Any:
        """What a release's own code may use: `retired` ones are for the release before."""
        return [each for each in self._wired[name]["rights"] if not each.get("retired")]

    def _note(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        self._requested.update(needed(model.name, params))


def allowed(requested: Right, right: Mapping[str, Any]) -> bool:
    action, partition_key = requested
    return action in right["actions"] and any(
        fnmatchcase(partition_key, each) for each in right["leadingKeys"]
    )


def needed(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    """The rights that a request needs."""
    if operation == "TransactWriteItems":
        for action in params["TransactItems"]:
            ((kind, request),) = action.items()
            yield f"dynamodb:{ACTIONS[kind]}", (request.get("Key") or request["Item"])["PK"]["S"]
    elif operation == "TransactGetItems":
        for action in params["TransactItems"]:
            yield "dynamodb:GetItem", action["Get"]["Key"]["PK"]["S"]
    elif operation == "BatchGetItem":
        for requested in params["RequestItems"].values():
            yield from ((f"dynamodb:{operation}", key["PK"]["S"]) for key in requested["Keys"])
    elif operation == "BatchWriteItem":
        yield from ((f"dynamodb:{operation}", key) for key in _written(params))
    elif operation == "Query":
        yield f"dynamodb:{operation}", params["ExpressionAttributeValues"][":pk"]["S"]
    else:
        yield f"dynamodb:{operation}", (params.get("Key") or params["Item"])["PK"]["S"]


def _written(params: Mapping[str, Any]) -> Iterator[str]:
    """The partition keys of a batch of writes."""
    for written in params["RequestItems"].values():
        for request in (request for each in written for request in each.values()):
            yield (request.get("Key") or request["Item"])["PK"]["S"]
