"""One page of the caller's own items of a kind, in the order of their keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.models import Caller, Item
from chat.rules.record import record
from chat.steps.retry import retried
from chat.storage import keys


@record(frozen=True, slots=True)
class Kind:
    """A kind of items: the field that lists them, and the keys before and after every one."""

    field: str
    first: str
    last: str


@record(frozen=True, slots=True)
class PersonalPage:
    """Items, and the token by which reading goes on; `None` at the end."""

    items: Sequence[Item]
    next_token: str | None


def personal_page(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    kind: Kind,
    deadline: float | None = None,
) -> PersonalPage:
    """The page that `arguments` (`limit`, `nextToken`) ask for, in one consistent request to the core table. Raises
    `InvalidInput` and `ServiceUnavailable`.
    """
    limit, token, after = check_limit(arguments), arguments.get("nextToken"), None
    purpose = f"{kind.field}/{caller.user_id}"
    if token is not None:
        (after,) = unseal_position(purpose, token, cursor_keys)
    items, further = retried(
        deployment,
        lambda: deployment.store.tables.query_page(
            "core",
            keys.user_partition(caller.user_id),
            kind.first,
            kind.last,
            forward=True,
            count=limit,
            consistent=True,
            start=after,
        ),
        deadline,
    )
    return PersonalPage(items, seal_position(purpose, [further], cursor_keys) if further else None)
