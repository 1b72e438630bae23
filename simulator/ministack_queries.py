"""
Mends MiniStack's queries: they read a range of a partition, not the whole of it.

MiniStack keeps a partition as a dict, and to answer a query it sorts all of its items and evaluates the key
condition on each: 20 messages of a room of 10,000 took 350 ms. Here the sort keys of a partition are kept in
order once it has been queried, and a query is given the items between its bounds, from its start key on, as
many as its limit lets through. MiniStack judges these as it did all of them, so what is given may be too
much, and never too little.

This replaces one line of one function in the running copy. It is done for the version in ministack.lock, and
only where the functions have the form that was read. Only the standard library is imported: this runs in
MiniStack's own Python.
"""

import inspect
import sys
import threading
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

TESTED = "1.5.33"
LINE = 'candidates = list(table["items"].get(pk_val, {}).values())'
CALL = "candidates = _narrowed(table, pk_val, sk_name, data)"
SMALL = 64
"""Partitions of up to so many items are given whole: to keep their order costs more than to make it."""

MOST_ORDERED = 4_096

Item = Mapping[str, Any]
Partition = dict[str, Item]
Bounds = tuple[str, str | None]
"""The lowest sort key, and the first one that is too high; `None` where none is."""


def mend(dynamodb: Any, version: str) -> str | None:
    """Mend the module `dynamodb` of a MiniStack of this version; why not, where that was not done."""
    if version != TESTED:
        return f"this is MiniStack {version}, and its queries were read in {TESTED}"
    source = inspect.getsource(dynamodb._query)  # noqa: SLF001  there is no public way in
    if source.count(LINE) != 1:
        return "its query does not take a partition's items as it did"
    order = Order()
    dynamodb._set_item = order.following(dynamodb._set_item)  # noqa: SLF001
    dynamodb._remove_item = order.following(dynamodb._remove_item)  # noqa: SLF001
    dynamodb._narrowed = Narrowing(order, dynamodb)  # noqa: SLF001
    exec(source.replace(LINE, CALL), vars(dynamodb))  # noqa: S102  its own source, but for one line
    return None


class Order:
    """The sort keys of partitions in their order: made when one is queried, kept as it is written."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # MiniStack deletes expired items in a thread of its own
        # By the partition's identity. The partition is held, too, so that no other can come to have it.
        self._orders: OrderedDict[int, tuple[Partition, list[str]]] = OrderedDict()

    def of(self, partition: Partition) -> list[str]:
        """Its sort keys, ascending. To be called, and its answer to be read, under `lock`."""
        found = self._orders.get(id(partition))
        if found is None or len(found[1]) != len(partition):  # written by other ways than the two followed
            found = self._orders[id(partition)] = partition, sorted(partition)
        self._orders.move_to_end(id(partition))
        if len(self._orders) > MOST_ORDERED:
            self._orders.popitem(last=False)
        return found[1]

    def following(self, write: Any) -> Any:
        """MiniStack's `write` of one item, after which the order of its partition is what it is then."""

        def written(table: Any, partition_key: str, sort_key: str, *item: Any) -> Any:
            with self.lock:
                partition = table["items"].get(partition_key)
                old = write(table, partition_key, sort_key, *item)
                if partition is not None and bool(item) != (old is not None):
                    self._follow(partition, sort_key)
            return old

        return written

    def _follow(self, partition: Partition, sort_key: str) -> None:
        """`sort_key` has come to the partition, or has left it."""
        if id(partition) not in self._orders:
            return
        order = self._orders[id(partition)][1]
        if sort_key in partition:
            insort(order, sort_key)
        else:
            del order[bisect_left(order, sort_key)]
        if not partition:
            del self._orders[id(partition)]


class Narrowing:
    """What MiniStack's query is given in place of a whole partition."""

    def __init__(self, order: Order, dynamodb: Any) -> None:
        self._order = order
        self._dynamodb = dynamodb

    def __call__(self, table: Any, partition_key: str, sort_name: str | None, query: Item) -> list[Item]:
        """The items that a query may look at, in any order, or more of them."""
        partition: Partition = table["items"].get(partition_key, {})
        order = self._order
        if len(partition) <= SMALL or sort_name is None:
            return list(partition.values())
        bounds = self._bounds(sort_name, query)
        first = (query.get("ExclusiveStartKey") or {sort_name: {"S": ""}})[sort_name].get("S")
        if bounds is None or first is None or self._dynamodb._get_attr_type(table, sort_name) != "S":  # noqa: SLF001
            return list(partition.values())
        with order.lock:
            keys = order.of(partition)
            low, high = _positions(keys, bounds)
            forward, limit = query.get("ScanIndexForward", True), query.get("Limit")
            if first and forward:
                low = max(low, bisect_left(keys, first))
            elif first:
                high = min(high, bisect_right(keys, first))
            if limit is not None:  # one more may be the start key's item, and one shows that there are more
                most = int(limit) + 2
                low, high = (low, min(high, low + most)) if forward else (max(low, high - most), high)
            return [partition[key] for key in keys[low:high]]

    def _bounds(self, sort_name: str, query: Item) -> Bounds | None:
        """Between which sort keys the condition can hold; `None` where its form is not one of those read."""
        if not query.get("KeyConditionExpression"):
            return None
        names, values = query.get("ExpressionAttributeNames", {}), query.get("ExpressionAttributeValues", {})
        tokens = self._dynamodb._tokenize(query["KeyConditionExpression"])  # noqa: SLF001
        for clause in self._dynamodb._key_condition_clauses(tokens):  # noqa: SLF001
            words = [names.get(word, word) if kind == "NAME_REF" else word for kind, word in clause]
            if sort_name in words:
                operands = [values[word] for kind, word in clause if kind == "VALUE_REF"]
                texts = [operand["S"] for operand in operands if "S" in operand]
                return _bounds(sort_name, words, texts) if len(texts) == len(operands) else None
        return "", None


def _bounds(sort_name: str, words: Sequence[str], operands: Sequence[str]) -> Bounds | None:
    match [sort_name if word == sort_name else word.upper() for word in words]:
        case [name, "BETWEEN", _, "AND", _] if name == sort_name:
            return operands[0], _after(operands[1])
        case ["BEGINS_WITH", "(", name, ",", _, ")"] if name == sort_name:
            return operands[0], _after_prefix(operands[0])
        case [name, "=", _] if name == sort_name:
            return operands[0], _after(operands[0])
        case [name, "<" | "<=", _] if name == sort_name:
            return "", _after(operands[0])
        case [name, ">" | ">=", _] if name == sort_name:
            return operands[0], None
    return None


def _after(key: str) -> str:
    """The first key that sorts after `key`."""
    return key + "\0"


def _after_prefix(prefix: str) -> str | None:
    """The first key that sorts after every one that begins so; `None` where there is none."""
    last = ord(prefix[-1])
    return None if last == sys.maxunicode else prefix[:-1] + chr(last + 1)


def _positions(keys: list[str], bounds: Bounds) -> tuple[int, int]:
    low, high = bounds
    return bisect_left(keys, low), len(keys) if high is None else bisect_left(keys, high)
