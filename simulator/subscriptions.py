"""Who hears of which mutation: AppSync's basic filtering, and one projection for all who ask for the same.

https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html. Filters compare the
arguments of a subscription with the *result* of the mutation as its sender selected it; what was not selected
never matches. Nothing is judged again after `start_ack`, and no resolver runs for a subscriber.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLResolveInfo, GraphQLSchema, execute_sync

from simulator import strict_json
from simulator.errors import value_message
from simulator.readings import Readings

log = logging.getLogger(__name__)

Deliver = Callable[[bytes], None]
"""Takes the JSON of a data frame's payload. Must not wait."""

_ABSENT = object()
_DEFAULT = Readings()


@dataclass(frozen=True, slots=True)
class Selection:
    """What one `start` asks for. `constraints`: the values that a result's fields must equal, None being
    null."""

    field: str
    document: DocumentNode
    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    constraints: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same for every start that gets the same frames."""
        return strict_json.dumps([self.query, self.operation_name, sorted(self.variables.items())])


@dataclass(slots=True, eq=False)
class _Group:
    selection: Selection
    subscribers: dict[object, Deliver] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The groups of one subscription field that constrain the same arguments, by the values of these."""

    by_values: dict[str, dict[str, _Group]] = field(default_factory=dict)


class Registry:
    """The live subscriptions. All methods are for the event loop's thread and none waits."""

    def __init__(
        self,
        schema: GraphQLSchema,
        links: Mapping[str, tuple[str, ...]],
        max_published: int,
        readings: Readings = _DEFAULT,
    ) -> None:
        self._schema = schema
        self._links = links
        self._max_published = max_published
        self._readings = readings
        self._shelves: dict[str, dict[tuple[str, ...], _Shelf]] = {}
        self._places: dict[object, tuple[_Shelf, str, _Group]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, selection: Selection, deliver: Deliver) -> object:
        """Live from here on. Gives the handle for `remove`."""
        names = tuple(sorted(selection.constraints))
        shelf = self._shelves.setdefault(selection.field, {}).setdefault(names, _Shelf())
        values = strict_json.dumps([selection.constraints[name] for name in names])
        group = shelf.by_values.setdefault(values, {}).setdefault(selection.key, _Group(selection))
        handle = object()
        group.subscribers[handle] = deliver
        self._places[handle] = (shelf, values, group)
        return handle

    def remove(self, handle: object) -> None:
        """Delivers nothing more. A handle that is not there is ignored."""
        place = self._places.pop(handle, None)
        if place is None:
            return
        shelf, values, group = place
        del group.subscribers[handle]
        if not group.subscribers:
            groups = shelf.by_values[values]
            del groups[group.selection.key]
            if not groups:
                del shelf.by_values[values]

    def publish(self, mutation: str, payload: Any, *, partial: bool = False) -> None:
        """Delivers a mutation's result, as its sender selected it, to all whose filter it fits. Null is not
        published.

        `partial`: errors came with it.
        """
        if payload is None or (partial and not self._readings.partial_is_published):
            return
        for name in self._links.get(mutation, ()):
            groups = list(self._matching(name, payload))
            if not groups:
                continue
            if len(strict_json.dumps(payload).encode()) > self._max_published:
                log.warning("result too large for subscribers", extra={"field": name})
                continue
            for group in groups:
                data = self._project(group.selection, payload)
                for deliver in list(group.subscribers.values()):
                    deliver(data)

    def _matching(self, name: str, payload: Any) -> Iterator[_Group]:
        for names, shelf in self._shelves.get(name, {}).items():
            result = payload if isinstance(payload, dict) else {}
            values = [result.get(argument, _ABSENT) for argument in names]
            if _ABSENT not in values and (self._readings.null_equals_null or None not in values):
                yield from shelf.by_values.get(strict_json.dumps(values), {}).values()

    def _project(self, selection: Selection, payload: Any) -> bytes:
        """The payload of a data frame. A missing non-null field makes it `data: null` with errors."""
        result = execute_sync(
            self._schema,
            selection.document,
            root_value={selection.field: payload},
            variable_values=dict(selection.variables),
            operation_name=selection.operation_name,
            field_resolver=_look_up,
        )
        errors = [
            {"message": value_message(error, self._schema), "path": error.path}
            for error in result.errors or ()
        ]
        return strict_json.dumps({"data": result.data} | ({"errors": errors} if errors else {})).encode()


def _look_up(source: Any, info: GraphQLResolveInfo[None], **_arguments: Any) -> Any:
    return source.get(info.field_name) if isinstance(source, dict) else None
