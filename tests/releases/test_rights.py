"""What roles may do from one release to the next."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.record import Grant, Published, Refused, Rights
from releases.rights import applied, how_to_keep, known, lacking, named, planned, wired
from simulator.settings import WIRING
from tests.releases.doubles import published

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


BUCKET, KEY = "arn:aws:s3:::uploads/pending/*", "arn:aws:kms:eu-central-1:123456789012:key/1"


def plan(*granted: Any) -> str:
    """As `terraform show -json` has it."""
    return json.dumps({"output_changes": {"release": {"after": {"granted": {"messages": granted}}}}})


def test_a_plan_says_what_is_granted_and_what_it_does_not_know_yet() -> None:
    text = plan(
        {"actions": ["s3:PutObject"], "places": [BUCKET, None], "retired": False},
        {"actions": ["kms:Decrypt"], "places": None, "retired": True},
        {"actions": ["kms:Encrypt"], "retired": False},
    )
    assert planned(text) == {
        "messages": Rights(
            needed=("kms:Encrypt *", "s3:PutObject *", f"s3:PutObject {BUCKET}"), retired=("kms:Decrypt *",)
        )
    }
    assert known(planned(text)) == {"messages": Rights(needed=(f"s3:PutObject {BUCKET}",))}


@pytest.mark.parametrize("text", ["", "{}", '{"output_changes": {"release": {"after": null}}}', plan("x")])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="stdin is not `terraform show -json` of a plan"):
        planned(text)


def test_code_whose_rights_are_not_applied_yet_is_no_release() -> None:
    def of(*grants: Grant) -> Published:
        return Published(**published(1).model_dump(), granted={"messages": grants})

    query = Grant(actions=("dynamodb:Query",), places=("ROOM#*",))
    with pytest.raises(Refused, match=r"not applied yet: messages: dynamodb:Query GUILD#\*"):
        applied(of(query), wired(wiring(QUERY)))
    key = Grant(actions=("kms:Decrypt",), places=(KEY,))
    old = Grant(actions=("dynamodb:Query",), places=("GUILD#*",), retired=True)
    rights = applied(of(query, key, old), wired(wiring(QUERY)))
    assert rights == {
        "messages": Rights(
            needed=("dynamodb:Query ROOM#*", f"kms:Decrypt {KEY}"), retired=("dynamodb:Query GUILD#*",)
        )
    }


def test_functions_that_lack_the_same_are_named_together_with_how_it_is_kept() -> None:
    key = (f"kms:Decrypt {KEY}", f"kms:Encrypt {KEY}")
    lacked = {"messages": key, "rooms": key, "send": (f"s3:PutObject {BUCKET}",)}
    assert named(lacked) == f"messages, rooms: {', '.join(key)}; send: s3:PutObject {BUCKET}"
    said = how_to_keep(lacked)
    assert json.loads(said.partition("retired_rights = ")[2]) == [
        {"functions": ["messages", "rooms"], "actions": ["kms:Decrypt", "kms:Encrypt"], "resources": [KEY]},
        {"functions": ["send"], "actions": ["s3:PutObject"], "resources": [BUCKET]},
    ]
    assert "wiring" not in said
    assert '"retired": true' in how_to_keep({"messages": ("dynamodb:Query ROOM#*",)})
    table = how_to_keep({"messages": ("dynamodb:* arn:aws:dynamodb:eu-central-1:123456789012:table/a",)})
    assert (table.startswith("Those of a table cannot be kept"), "retired_rights" in table) == (True, False)


PAIRS = st.sets(st.sampled_from([f"dynamodb:{action} {key}" for action in "AB" for key in ("X#*", "X#Y#*")]))


@given(PAIRS, PAIRS, PAIRS)
def test_nothing_is_lacking_exactly_where_all_that_is_needed_is_held(
    needed: set[str], kept: set[str], retired: set[str]
) -> None:
    granted = Rights(needed=tuple(kept), retired=tuple(retired))
    found = lacking({"field": Rights(needed=tuple(sorted(needed)))}, {"field": granted}).get("field", ())
    held = kept | retired
    assert set(found) == {each for each in needed - held if each.replace("X#Y#*", "X#*") not in held}
