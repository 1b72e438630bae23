"""A sender who selects too little, or under other names, would leave
subscribers without it: that is refused."""

import time
from contextlib import suppress

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.errors import InvalidInput
from chat.rules.selection import (
    EDITED,
    NOTICE,
    RECEIPT,
    REMOVED,
    REQUIRED,
    TYPING,
    check_selection,
    may_select,
)

ALL = list(REQUIRED)
BODY = "\n  ".join(REQUIRED)
ALIASES = {
    "first": ("{ kind: roomType " + BODY + " }", "roomType"),
    "last": ("{ " + BODY + " kind: roomType }", "roomType"),
    "without spaces": ("{" + ",".join(REQUIRED) + ",kind:roomType}", "roomType"),
    "over lines": ("{ " + BODY + "\n kind\n :\n roomType }", "roomType"),
    "around a comment": ("{ " + BODY + " kind: # a: b\n roomType }", "roomType"),
    "with arguments": ('{ x: field(a: "b: c", d: {e: f}) ' + BODY + " }", "field"),
    "with a directive": ("{ x: field @include(if: $yes) " + BODY + " }", "field"),
    "in an inline fragment": ("{ ... on Message { x: id } " + BODY + " }", "id"),
    "in an inline fragment without type": ("{ ... @include(if: true) { x: id } " + BODY + " }", "id"),
    "after a comment that CR ends": ("{ # x: id\r x: id " + BODY + " }", "id"),
    "after a comment that CR LF ends": ("{ # x: id\r\n x: id " + BODY + " }", "id"),
    "around a comment that CR ends": ("{ " + BODY + " kind # (\r : roomType }", "roomType"),
    "after a bracket in a comment that CR ends": ("{ # (\r x: id " + BODY + " }", "id"),
    "in a nested selection": ("{ sender { x: name } " + BODY + " }", "name"),
    "of two fields": ("{ x: id y: text " + BODY + " }", "id,text"),
    "the name itself": ("{ " + BODY + " id: id }", "id"),
    "__typename": ("{ " + BODY + " t: __typename }", "__typename"),
    "after a string with a bracket": ('{ field(a: ")(") x: id ' + BODY + " }", "id"),
    "after an escaped quote": (r'{ field(a: "\"" b: "\\") x: id ' + BODY + " }", "id"),
    "after a block string": ('{ field(a: """ \\""" ) """) x: id ' + BODY + " }", "id"),
}
NO_ALIASES = {
    "plain": "{ " + BODY + " }",
    "more than is required": "{ " + BODY + " roomType guildId __typename }",
    "arguments": "{ field(a: b, c: $d) " + BODY + " }",
    "an object in arguments": "{ field(a: {b: c, d: [{e: f}]}) " + BODY + " }",
    "a directive": "{ field @include(if: $yes) @skip(if: false) " + BODY + " }",
    "a string": '{ field(a: "x: y") ' + BODY + " }",
    "a string with brackets and quotes": r'{ field(a: ")\" x: id") ' + BODY + " }",
    "a block string": '{ field(a: """x: y \\""" " z: z) """) ' + BODY + " }",
    "a comment": "{ # x: id (\n" + BODY + " # y: text\n }",
    "an inline fragment": "{ ... on Message { " + BODY + " } }",
    "an inline fragment without type": "{ ... @include(if: true) { " + BODY + " } ... { id } }",
    "a comment that CR ends": "{ # x: id (\r" + BODY + " # y: text\r }",
    "a comment with quotes": "{ # it's \"\n " + BODY + ' # "\n }',
}


LISTS = {
    "sent": REQUIRED,
    "edited": EDITED,
    "removed": REMOVED,
    "notice": NOTICE,
    "receipt": RECEIPT,
    "typing": TYPING,
}
NOTICED = "id roomId senderId ts epoch notice { kind userId nextEpoch }"
HIDDEN = {
    "a field of the notice": "{ id roomId senderId ts epoch notice { kind: role userId nextEpoch } }",
    "beside the others": "{ " + NOTICED + " notice { kind userId nextEpoch by: role } }",
    "deeper": "{ " + NOTICED + " notice { room { by: role } } }",
    "in an inline fragment": "{ " + NOTICED + " notice { ... on Notice { by: role } } }",
    "the notice itself": "{ id roomId senderId ts epoch by: role { kind userId nextEpoch } }",
}


def refused(
    fields: list[str] | None, graphql: str | None, required: tuple[str, ...] = REQUIRED
) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check_selection(fields, graphql, required)
    return caught.value


def test_what_is_required_is_frozen() -> None:
    assert REQUIRED == ("id", "roomId", "senderId", "text", "ts", "seq", "epoch", "clientMessageId")
    assert (*REQUIRED, "rev", "version", "editedAt") == EDITED
    assert (*REQUIRED, "rev", "removedAt") == REMOVED
    assert NOTICE[:6] == ("id", "roomId", "senderId", "ts", "epoch", "notice")
    assert NOTICE[6:] == ("notice/kind", "notice/userId", "notice/nextEpoch")
    assert RECEIPT == ("roomId", "epoch", "userId", "readSeq", "deliveredSeq")
    assert TYPING == ("roomId", "epoch", "userId", "expiresAt")


@pytest.mark.parametrize(
    ("required", "name"),
    [pytest.param(names, name, id=f"{kind}-{name}") for kind, names in LISTS.items() for name in names],
)
def test_whatever_an_event_needs_and_lacks_is_named(required: tuple[str, ...], name: str) -> None:
    assert check_selection(required, "{ id }", required)
    refusal = refused([field for field in required if field != name], None, required)
    assert refusal.values == {"argument": "selection", "missing": name}


def test_a_field_of_the_notice_is_none_of_the_message_nor_the_other_way_about() -> None:
    flat = [name.removeprefix("notice/") for name in NOTICE]
    assert refused(flat, None, NOTICE).values["missing"] == "notice/kind,notice/userId,notice/nextEpoch"
    deep = ["notice/id" if name == "id" else name for name in NOTICE]
    assert refused(deep, None, NOTICE).values["missing"] == "id"


@pytest.mark.parametrize("graphql", HIDDEN.values(), ids=HIDDEN.keys())
def test_an_alias_inside_a_notice_is_refused(graphql: str) -> None:
    """`kind: role` there would publish something that did not happen."""
    parse(graphql)
    assert refused(list(NOTICE), graphql, NOTICE).values == {"argument": "selection", "aliased": "role"}


def test_a_named_fragment_inside_a_notice_is_refused() -> None:
    graphql = "{ id roomId senderId ts epoch notice { ...F } }"
    parse(graphql + " fragment F on Notice { kind: role userId nextEpoch }")
    assert refused(list(NOTICE), graphql, NOTICE).values == {"argument": "selection", "fragments": "F"}


def test_all_that_is_required_is_enough_in_any_order() -> None:
    assert check_selection(ALL, "{ " + BODY + " }")
    assert check_selection([*reversed(ALL), "roomType", "sender/name"], None)


@pytest.mark.parametrize("name", REQUIRED)
def test_whatever_is_missing_is_named(name: str) -> None:
    refusal = refused([field for field in ALL if field != name], None)
    assert refusal.values == {"argument": "selection", "missing": name}


def test_all_that_is_missing_is_named_at_once() -> None:
    assert refused([], None).values["missing"] == ",".join(REQUIRED)
    assert (
        refused(["id", "text"], "{ id text }").values["missing"]
        == "roomId,senderId,ts,seq,epoch,clientMessageId"
    )


def test_a_selection_without_its_brackets_is_read_alike() -> None:
    assert check_selection(ALL, BODY)
    assert refused(ALL, BODY + " x: id").values["aliased"] == "id"


def test_a_nested_field_of_the_same_name_is_another_field() -> None:
    assert refused(["sender/id", *ALL[1:]], None).values["missing"] == "id"


@pytest.mark.parametrize(("graphql", "names"), ALIASES.values(), ids=ALIASES.keys())
def test_an_alias_is_refused_and_its_field_named(graphql: str, names: str) -> None:
    parse(graphql)
    assert refused(ALL, graphql).values == {"argument": "selection", "aliased": names}


@pytest.mark.parametrize("end", ["\u2028", "\u2029"])
def test_an_alias_is_refused_whether_or_not_the_end_of_a_line_of_unicode_ends_a_comment(end: str) -> None:
    """In GraphQL of 2016, and so in graphql-java, it does; since 2018 it does not."""
    for graphql, name in {
        "{ # " + end + " x: id " + BODY + " }": "id",
        "{ " + BODY + " kind # " + end + " : roomType }": "roomType",
        "{ # " + end + " (\n x: id " + BODY + " }": "id",
        "{ # ( " + end + " x: id " + BODY + " }": "id",
        "{ # " + end + ' "\n x: id ' + BODY + ' # "\n }': "id",
    }.items():
        assert refused(ALL, graphql).values["aliased"] == name
    for fragment in ("{ # " + end + " ...F\n " + BODY + " }", "{ # " + end + " (\n ...F " + BODY + " }"):
        assert refused(ALL, fragment).values["fragments"] == "F"


def test_what_is_only_computed_where_it_is_selected_is_found_however_lines_end() -> None:
    for end in ("\n", "\r", "\r\n", "\u2028", "\u2029"):
        assert may_select("{ roomId # " + end + " memberCount }", "memberCount")
    assert not may_select("{ roomId # memberCount\r }", "memberCount")
    assert may_select("{ roomId ...F }", "memberCount")
    assert may_select(None, "memberCount")


def spelled(data: st.DataObject, tokens: list[str]) -> str:
    """A selection of these tokens, with whatever may stand between them."""
    ignored = st.sampled_from(
        [" ", "\n", "\r", "\r\n", ",", "\ufeff", "\t"]
        + [
            f"# {text}{end}"
            for text in ("", "x: id", "(", ")", '"', '"""', "...F")
            for end in ("\n", "\r", "\r\n")
        ]
    )
    return "".join(token + data.draw(ignored) for token in tokens)


@given(st.data())
def test_comments_change_nothing_about_what_is_found(data: st.DataObject) -> None:
    tokens = ["{", "a", "(", "x", ":", '"#"', ")", "{", "b", "}", "...", "on", "Message", "{", "c", "}"]
    hidden = data.draw(st.sampled_from([[], ["y", ":", "d"], ["...", "F"]]))
    graphql = spelled(data, [*tokens, *hidden, "}"])
    parse(graphql)
    if hidden:
        assert refused(ALL, graphql).values["fragments" if hidden[0] == "..." else "aliased"] == hidden[-1]
    else:
        assert check_selection(ALL, graphql)


@pytest.mark.parametrize("graphql", NO_ALIASES.values(), ids=NO_ALIASES.keys())
def test_what_only_looks_like_an_alias_passes(graphql: str) -> None:
    parse(graphql)
    assert check_selection(ALL, graphql)


@pytest.mark.parametrize(
    "graphql",
    ["{ ...F }", "{ " + BODY + " ... F }", "{ ... on Message { ...F } " + BODY + " }", "{ ...#on\n F }"],
)
def test_a_named_fragment_is_refused_since_it_hides_aliases(graphql: str) -> None:
    parse(graphql + " fragment F on Message { roomId: clientMessageId }")
    assert refused(ALL, graphql).values == {"argument": "selection", "fragments": "F"}


def test_an_emulator_without_info_lets_pass_and_counts_that() -> None:
    assert not check_selection(None, None)
    assert not check_selection(None, "")


def test_an_alias_is_seen_even_where_the_list_is_absent() -> None:
    assert refused(None, "{ x: id }").values["aliased"] == "id"


@given(st.text(max_size=80) | st.text(st.sampled_from('{}():@"\\#\n ,$![]=|&.aé1'), max_size=80))
def test_no_text_makes_it_fail_otherwise(graphql: str) -> None:
    with suppress(InvalidInput):
        assert check_selection(ALL, graphql)


def test_a_long_document_is_read_in_proportion_to_its_length() -> None:
    for text in ('"""' * 20_000, '"' * 20_001, "{ x: id " * 10_000, '{ f(a: """' + '\\"""' * 10_000):
        start = time.thread_time()
        with suppress(InvalidInput):
            check_selection(ALL, text)
        assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    ("graphql", "may"),
    [
        (None, True),
        ("", False),
        ("{ roomId me { role } }", False),
        ("{ roomId memberCount }", True),
        ("{ head { memberCount } }", True),
        ("{ ...F }", True),
        ("{ ... on Room { roomId } }", False),
        ("{ count: memberCount }", True),
        ("{ memberCounts }", False),
        ("{ name: roomId }", False),
    ],
)
def test_what_is_asked_for_is_computed_and_what_cannot_be_seen_is_too(graphql: str | None, may: bool) -> None:
    assert may_select(graphql, "memberCount") is may


@pytest.mark.parametrize(
    ("graphql", "may"),
    [
        (None, True),
        ("{ items { id erased } }", False),
        ("{ erased { from to } items { id erased } }", True),
        ("{ items { id erased } gone: erased { from } }", True),
        ("{ items { id erased @include(if: $yes) } }", False),
        ("{ erased @include(if: $yes) @skip(if: $no) { from } }", True),
        ("{ items { erased # {\n } }", False),
        ("{ ...F items { erased } }", True),
    ],
)
def test_a_field_of_an_object_is_told_from_a_flag_of_the_same_name(graphql: str | None, may: bool) -> None:
    assert may_select(graphql, "erased", of_object=True) is may
