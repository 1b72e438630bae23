"""MiniStack's queries answer the same as before they were narrowed, and look at no more than they answer."""

import json
import subprocess
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine import MINISTACK, PROJECT
from simulator.ministack_queries import SMALL, TESTED, Narrowing, Order, mend

Steps = list[tuple[str, Any]]
Both = Callable[[Steps], list[tuple[Any, Any]]]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """Runs steps in MiniStack's own Python: both answers of each query."""
    with subprocess.Popen(
        [MINISTACK, "-m", "tests.simulator.both_queries"],
        cwd=PROJECT, env={"PYTHONPATH": str(PROJECT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        steps_to, answers_from = program.stdin, program.stdout
        assert steps_to
        assert answers_from
        assert json.loads(answers_from.readline()) is None, "MiniStack's queries are not mended"

        def run(steps: Steps) -> list[tuple[Any, Any]]:
            print(json.dumps(steps), file=steps_to, flush=True)
            answer = answers_from.readline()
            assert answer, "the program ended; its error is above"
            return [(plain, mended) for plain, mended in json.loads(answer)]

        yield run


# Few characters, so that keys are each other's beginnings and neighbours; the last code point has none after it.
TEXTS = st.text(alphabet="ab#~é\U0010ffff", min_size=1, max_size=4)
MANY = [f"{kind}#{number:03d}" for kind in ("CHG", "MSG") for number in range(60)]
KEYS = st.one_of(
    TEXTS, st.sampled_from(MANY), st.sampled_from(["CHG#", "MSG#", "MSG#03", "MSG#~", "N", "HEAD"])
)
WRITES = st.one_of(
    st.tuples(st.sampled_from(["put", "delete", "expire"]), KEYS),
    st.tuples(st.just("transact"), st.lists(KEYS, min_size=1, max_size=3, unique=True)),
    st.just(("swap", None)),
)
CONDITIONS: dict[str, int] = {
    "": 0, " AND SK = :a": 1, " AND SK < :a": 1, " AND #s <= :a": 1, " AND SK > :a": 1, " AND #s >= :a": 1,
    " AND SK BETWEEN :a AND :b": 2, " and #s between :a and :b": 2, " AND begins_with(SK, :a)": 1,
    " AND BEGINS_WITH ( #s , :a )": 1, " AND :a < SK": 1, " AND :a = SK": 1, " AND (SK = :a)": 1, " AND SK <> :a": 1,
}  # fmt: skip


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    condition = draw(st.sampled_from([*CONDITIONS]))
    bounds = sorted(draw(st.tuples(KEYS, KEYS)))[: CONDITIONS[condition]]
    if draw(st.integers(0, 20)) == 0:
        bounds.reverse()
    body: dict[str, Any] = {
        "KeyConditionExpression": "PK = :p" + condition,
        "ExpressionAttributeValues": {":p": {"S": "p"}}
        | {name: {"S": bound} for name, bound in zip((":a", ":b"), bounds, strict=False)},
    }
    if "#s" in condition:
        body["ExpressionAttributeNames"] = {"#s": "SK"}
    if draw(st.booleans()):
        body["ScanIndexForward"] = draw(st.booleans())
    if draw(st.booleans()):
        body["Limit"] = draw(st.sampled_from([1, 2, 7, 59, 1_000]))
    if draw(st.booleans()):
        start = draw(st.one_of(KEYS, st.sampled_from(bounds or ["HEAD"])))
        body["ExclusiveStartKey"] = {"PK": {"S": "p"}, "SK": {"S": start}}
        if draw(st.integers(0, 20)) == 0:
            body["ExclusiveStartKey"]["SK"] = {"N": "1"}
    if draw(st.booleans()):
        body["FilterExpression"] = "n > :n"
        body["ExpressionAttributeValues"][":n"] = {"N": draw(st.sampled_from(["1", "6"]))}
    if draw(st.booleans()):
        body["Select"] = "COUNT"
    return "query", body


def test_the_partitions_of_these_tests_are_narrowed() -> None:
    assert len(MANY) > SMALL + 40


@settings(max_examples=60)
@given(steps=st.lists(st.one_of(WRITES, queries(), queries()), max_size=40))
def test_a_narrowed_query_answers_as_the_plain_one(both: Both, steps: Steps) -> None:
    answers = both([("load", MANY), *steps])
    assert [mended for _, mended in answers] == [plain for plain, _ in answers]


@pytest.mark.parametrize("going", ["delete", "expire"])
def test_what_came_and_went_since_the_last_query_is_seen(both: Both, going: str) -> None:
    """As many come as go, so that their number tells nothing."""
    query = ("query", {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}})
    steps = [
        query,
        ("put", "new"),
        (going, "MSG#007"),
        query,
        (going, "new"),
        ("transact", ["MSG#007"]),
        query,
    ]
    answers = both([("load", MANY), *steps])
    assert [mended for _, mended in answers] == [plain for plain, _ in answers]
    names = [[item["SK"]["S"] for item in mended[1]["Items"]] for _, mended in answers]
    assert names == [MANY, [*(name for name in MANY if name != "MSG#007"), "new"], MANY]


@settings(max_examples=20)
@given(
    limit=st.integers(1, 130),
    forward=st.booleans(),
    condition=st.sampled_from(["", " AND begins_with(SK, :a)"]),
)
def test_pages_that_follow_each_other_bring_everything_once(
    both: Both, limit: int, forward: bool, condition: str
) -> None:
    values = {":p": {"S": "p"}} | ({":a": {"S": "MSG#"}} if condition else {})
    body: dict[str, Any] = {
        "KeyConditionExpression": "PK = :p" + condition, "ExpressionAttributeValues": values,
        "Limit": limit, "ScanIndexForward": forward,
    }  # fmt: skip
    found: list[str] = []
    while True:
        [(plain, mended)] = both([("load", MANY), ("query", body)])
        assert plain == mended
        found += [item["SK"]["S"] for item in mended[1]["Items"]]
        if "LastEvaluatedKey" not in mended[1]:
            break
        body["ExclusiveStartKey"] = mended[1]["LastEvaluatedKey"]
    wanted = [name for name in MANY if not condition or name.startswith("MSG#")]
    assert found == (wanted if forward else wanted[::-1])


class TooMany(dict[str, Any]):
    """A partition that may be asked for its items one by one, but not for all."""

    def values(self) -> Any:
        raise AssertionError("it looks at the whole partition")


@pytest.mark.parametrize("count", [1_000, 10_000])
@pytest.mark.parametrize("forward", [True, False])
def test_what_a_query_looks_at_does_not_grow_with_the_partition(count: int, forward: bool) -> None:
    partition = TooMany({f"MSG#{number:06d}": {} for number in range(count)})
    tokens = [
        ("IDENT", "PK"), ("EQ", "="), ("VALUE_REF", ":p"), ("IDENT", "AND"),
        ("IDENT", "SK"), ("IDENT", "BETWEEN"), ("VALUE_REF", ":a"), ("IDENT", "AND"), ("VALUE_REF", ":b"),
    ]  # fmt: skip
    ministack = SimpleNamespace(
        _get_attr_type=lambda *_: "S",
        _tokenize=lambda _: tokens,
        _key_condition_clauses=lambda tokens: [tokens[:3], tokens[4:]],
    )
    values = {":p": {"S": "p"}, ":a": {"S": "MSG#000100"}, ":b": {"S": "MSG#~"}}
    start = {"SK": {"S": "MSG#000500"}}
    query = {
        "KeyConditionExpression": "its text", "ExpressionAttributeValues": values, "ScanIndexForward": forward,
        "Limit": 20, "ExclusiveStartKey": start,
    }  # fmt: skip
    given = Narrowing(Order(), ministack)({"items": {"p": partition}}, "p", "SK", query)
    assert len(given) == 22


def test_another_ministack_is_left_as_it_is() -> None:
    why = mend(SimpleNamespace(), "1.5.34")
    assert why == f"this is MiniStack 1.5.34, and its queries were read in {TESTED}"


def test_another_form_of_the_query_is_left_as_it_is() -> None:
    def _query(data: object) -> None:
        """Takes its items elsewhere."""

    ministack = SimpleNamespace(_query=_query)
    assert mend(ministack, TESTED) == "its query does not take a partition's items as it did"
    assert vars(ministack) == {"_query": _query}
