"""What the functions ask of DynamoDB, held to the rights that the wiring gives each of them: the local engines grant all."""

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
        self._asked: set[Right] = set()
        client = store.tables._client  # noqa: SLF001  the one that the functions ask with
        client.meta.events.register("provide-client-params.dynamodb", self._note)

    def begin(self) -> None:
        self._asked.clear()

    def lacking(self, name: str) -> set[Right]:
        """What the function with this name has asked for without a right to it."""
        return {
            asked for asked in self._asked if not any(allowed(asked, each) for each in self._rights(name))
        }

    def _rights(self, name: str) -> Any:
        return self._wired[name]["rights"]

    def _note(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        self._asked.update(needed(model.name, params))


def allowed(asked: Right, right: Mapping[str, Any]) -> bool:
    action, partition_key = asked
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
        for asked in params["RequestItems"].values():
            yield from ((f"dynamodb:{operation}", key["PK"]["S"]) for key in asked["Keys"])
    elif operation == "Query":
        yield f"dynamodb:{operation}", params["ExpressionAttributeValues"][":pk"]["S"]
    else:
        yield f"dynamodb:{operation}", (params.get("Key") or params["Item"])["PK"]["S"]
