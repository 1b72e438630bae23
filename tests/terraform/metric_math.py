"""As much of CloudWatch's metric math and composite rules as the alarms of objectives use.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.terraform.recorded import Timeline

OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def value_of(expression: str, numbers: Mapping[str, float]) -> float:
    """What an expression comes to for one period. Raises `KeyError` for an id or an operator that is not known."""
    return float(_value(ast.parse(expression.replace(" AND ", " and "), mode="eval").body, numbers))


def _value(node: ast.AST, numbers: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return numbers[name]
        case ast.BinOp(left=left, op=op, right=right):
            found: float = OPERATORS[type(op)](_value(left, numbers), _value(right, numbers))
            return found
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return float(OPERATORS[type(op)](_value(left, numbers), _value(right, numbers)))
        case ast.BoolOp(op=ast.And(), values=parts):
            return float(all(_value(part, numbers) for part in parts))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _value(then if _value(condition, numbers) else otherwise, numbers)
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=name), other]):
            return numbers.get(name, _value(other, numbers))
    raise KeyError(ast.dump(node))


def is_on(alarm: Mapping[str, Any], timeline: Timeline, end: int) -> bool:
    """Whether a planned alarm is on at minute `end`, where metrics are what a timeline counts."""
    assert alarm["comparison_operator"] == "GreaterThanThreshold"
    assert alarm["evaluation_periods"] == 1
    numbers: dict[str, float] = {}
    for query in alarm["metric_query"]:
        for metric in query["metric"]:
            name, stat, period = metric["metric_name"], metric["stat"], metric["period"]
            numbers[query["id"]] = timeline.counted(name, stat, end, period)
    expressions = {query["id"]: query["expression"] for query in alarm["metric_query"] if query["expression"]}
    (told,) = (query["id"] for query in alarm["metric_query"] if query["return_data"])
    for name in sorted(expressions, key=lambda name: name == told):  # it is made of the others
        numbers[name] = value_of(expressions[name], numbers)
    return numbers[told] > float(alarm["threshold"])


def rule_holds(rule: str, on: frozenset[str]) -> bool:
    """Whether a composite alarm is on, by the names of the alarms that are."""
    pairs = [re.findall(r'ALARM\("([^"]+)"\)', part) for part in rule.split(" OR ")]
    return any(set(names) <= on for names in pairs)
