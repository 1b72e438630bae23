"""What roles may do from one release to the next."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.record import Refused, Rights
from releases.rights import lacking, named, wired
from simulator.settings import WIRING

QUERY = {"actions": ["dynamodb:Query"], "leadingKeys": ["ROOM#*", "GUILD#*"]}


def wiring(*rights: Any, objects: Any = ()) -> str:
    field = {"module": "messages", "rights": rights, "objects": objects}
    return json.dumps(
        {"authorizer": {"module": "authorizer", "rights": []}, "fields": {"Query.messages": field}}
    )


def lost(before: str, after: str) -> dict[str, tuple[str, ...]]:
    return lacking(wired(before), wired(after))


def test_of_the_wiring_every_function_has_its_rights() -> None:
    read = wired(WIRING.read_text(encoding="utf-8"))
    assert read["authorizer"] == Rights(needed=())
    assert "dynamodb:Query ROOM#*" in read["messages"].needed
    assert any(right.startswith("s3:") for each in read.values() for right in each.needed)


def test_what_is_taken_from_a_function_is_named() -> None:
    fewer = {**QUERY, "leadingKeys": ["ROOM#*"]}
    assert named(lost(wiring(QUERY), wiring(fewer))) == "messages: dynamodb:Query GUILD#*"
    assert lost(wiring(fewer), wiring(QUERY)) == {}
    objects = [{"actions": ["s3:GetObject"], "prefixes": ["kept/*"]}]
    assert lost(wiring(objects=objects), wiring()) == {"messages": ("s3:GetObject kept/*",)}


def test_a_right_goes_in_two_releases_and_not_in_one() -> None:
    retired = wiring({**QUERY, "retired": True})
    assert lost(wiring(QUERY), wiring()) != {}
    assert lost(wiring(QUERY), retired) == {}
    assert lost(retired, wiring()) == {}


def test_a_wider_pattern_holds_what_a_narrower_one_did() -> None:
    narrow, wide = {**QUERY, "leadingKeys": ["LIVE#ROOM#*"]}, {**QUERY, "leadingKeys": ["LIVE#*"]}
    assert lost(wiring(narrow), wiring(wide)) == {}
    assert lost(wiring(wide), wiring(narrow)) == {"messages": ("dynamodb:Query LIVE#*",)}


def test_a_function_that_was_removed_or_whose_rights_are_unknown_lacks_nothing() -> None:
    known = wired(wiring(QUERY))
    assert lacking(known, {}) == lacking({}, known) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"authorizer": {}, "fields": {}}', wiring({"actions": []})]
)
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"not of the form of resolvers/wiring\.json"):
        wired(text)


PAIRS = st.sets(st.sampled_from([f"dynamodb:{action} {key}" for action in "AB" for key in ("X#*", "X#Y#*")]))


@given(PAIRS, PAIRS, PAIRS)
def test_nothing_is_lacking_exactly_where_all_that_is_needed_is_held(
    needed: set[str], kept: set[str], retired: set[str]
) -> None:
    granted = Rights(needed=tuple(kept), retired=tuple(retired))
    found = lacking({"field": Rights(needed=tuple(sorted(needed)))}, {"field": granted}).get("field", ())
    held = kept | retired
    assert set(found) == {each for each in needed - held if each.replace("X#Y#*", "X#*") not in held}
