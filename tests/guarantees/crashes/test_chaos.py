"""What the chaos looks at in the end: each kind of loss is seen. `make prove-crashes` makes the chaos itself."""

from typing import Any

import pytest

from tests.guarantees.crashes.chaos import Absence, wrong_in


def message(seq: int, **changes: Any) -> dict[str, Any]:
    return {"seq": seq, "id": f"id-{seq}", "clientMessageId": f"sam-{seq}", **changes}


def test_a_room_in_order_is_right() -> None:
    assert wrong_in([message(1), message(2), message(3)]) == []


@pytest.mark.parametrize(
    ("room", "problem"),
    [
        ([message(1), message(3)], "the numbers are not 1 to 2"),
        ([message(2), message(1)], "the numbers are not 1 to 2"),
        ([message(1), message(2, id="id-1")], "there twice: ['id-1']"),
        ([message(1), message(2, clientMessageId="sam-1")], "there twice: ['sam-1']"),
    ],
    ids=["a gap", "disorder", "an id twice", "a send twice"],
)
def test_each_fault_of_a_room_is_seen(room: list[dict[str, Any]], problem: str) -> None:
    assert problem in wrong_in(room)


def test_what_was_said_before_the_removal_is_no_leak_and_what_came_after_is() -> None:
    assert Absence("art", 7, heard=[6, 7]).leaked == []
    assert Absence("art", 7, heard=[7, 8]).leaked == [8]
