"""A mapping file says what a chat calls what; one that cannot be used says where it is wrong."""

import copy
import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from proving.conformance import MAPPINGS, OWN
from proving.limits import FILE_BYTES
from proving.mapping import BadMapping, load, read, read_gaps, selection
from simulator.schema import appsync_schema

SAMPLE = tomllib.loads((MAPPINGS / "sample.toml").read_text(encoding="utf-8"))
SERVERS = MAPPINGS.parent / "servers"


def test_a_chat_that_is_not_ours_is_mapped_in_less_than_sixty_lines() -> None:
    assert len((MAPPINGS / "sample.toml").read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize("file", sorted(MAPPINGS.iterdir()), ids=lambda path: path.name)
def test_the_documents_fit_the_schema_that_they_are_for(file: Path, project: Path) -> None:
    if file == OWN:
        schema = appsync_schema((project / "resolvers" / "schema.graphql").read_text(encoding="utf-8"))
    else:
        schema = build_schema((SERVERS / "schema.graphql").read_text(encoding="utf-8"))
    for name, operation in load(file).operations.items():
        assert validate(schema, parse(operation.document)) == [], name


def test_message_stands_for_every_field_that_is_named() -> None:
    mapping = read(SAMPLE)
    assert mapping.selected == "id conversationId sender content createdAt"
    assert f"{{ {mapping.selected} }}" in mapping.operations["send"].document
    assert mapping.operations["send"].variables == {"room", "text", "key", "clock"}


def test_paths_are_selected_as_graphql_does() -> None:
    assert selection(["id", "author.id", "author.name", "id"]) == "id author { id name }"


def changed(change: Callable[[Any], object]) -> Any:
    table = copy.deepcopy(SAMPLE)
    change(table)
    return table


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("name"), "name is no text"),
        (lambda t: t.update(nmae="x"), "unknown nmae"),
        (lambda t: t["message"].pop("text"), "message lacks text"),
        (lambda t: t["message"].update(colour="x"), "unknown colour"),
        (lambda t: t["message"].update(text="x } y {"), "no path of field names"),
        (lambda t: t.update(order="sideways"), "order is"),
        (lambda t: t.update(after_field="number"), "message has no number"),
        (lambda t: t["operations"].pop("send"), "operations lacks send"),
        (lambda t: t["operations"].update(sned={"document": "x"}), "no such operation"),
        (lambda t: t["operations"]["send"].pop("message"), "send lacks message"),
        (lambda t: t["operations"]["send"].update(items="x"), "unknown items"),
        (lambda t: t["operations"]["send"].update(document="query ($who: ID) { x }"), "nothing gives who"),
        (lambda t: t["refusals"].update(stranger="NotAMember"), "is no list"),
        (lambda t: t["refusals"].update(weird=["x"]), "unknown weird"),
        (lambda t: t.update(not_promised={"chat.unread.*": 1}), "is no text"),
        (lambda t: t.update(operations=[]), "operations is no table"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[Any], object], said: str) -> None:
    with pytest.raises(BadMapping, match=said):
        read(changed(change))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(sorted(SAMPLE)), json_values))
def test_whatever_a_file_says_it_is_used_or_refused_by_name(parts: dict[str, Any]) -> None:
    with suppress(BadMapping):
        assert read(SAMPLE | parts).message["id"]


def test_a_file_is_toml_or_json_and_not_too_long(tmp_path: Path) -> None:
    as_json = tmp_path / "theirs.json"
    as_json.write_text(json.dumps(SAMPLE), encoding="utf-8")
    assert load(as_json) == read(SAMPLE)
    for name, text in (
        ("long.toml", "#" * (FILE_BYTES + 1)),
        ("bad.toml", "name ="),
        ("deep.json", "[" * 60_000),
    ):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadMapping):
            load(path)


def test_gaps_are_one_table_of_reasons(tmp_path: Path) -> None:
    path = tmp_path / "gaps.toml"
    path.write_text('[gaps]\n"appsync.realtime.*" = "no subscriptions"\n', encoding="utf-8")
    assert read_gaps(path) == {"appsync.realtime.*": "no subscriptions"}
    for wrong in ('gap = "x"', "gaps = []", "[gaps]\nx = 1"):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(BadMapping):
            read_gaps(path)
