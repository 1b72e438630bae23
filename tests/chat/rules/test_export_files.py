"""The files of an export: what is known of each, its hash chain, its page and the archive of all, for any texts."""

import io
import json
import random
import re
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.export_archive import Entry, central_header, end_of_archive, local_header
from chat.rules.export_files import (
    FileRecord,
    attachment_name,
    chain_of,
    folder_of,
    lines_file,
    skipped,
    to_line,
    whole_file,
)
from chat.rules.export_lines import ITEM_KINDS, plain, schema
from chat.rules.export_pages import IndexPage, index_page, message_page
from chat.rules.export_words import WORDS

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TAGS = {
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "p",
    "a",
    "time",
    "table",
    "article",
    "tr",
    "th",
    "td",
    "ul",
    "li",
}
"""The elements that pages are made of."""


@given(TEXT, st.lists(TEXT))
def test_a_line_is_one_line_whatever_is_in_it(name: str, texts: list[str]) -> None:
    file = lines_file("a.jsonl", "messages", (to_line({"text": each}) for each in texts))
    lines = file.content.decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts
    assert file.record.lines == len(texts)
    assert lines_file(name, "messages", [to_line(name)]).record.chain == chain_of(
        name, [f"{to_line(name)}\n".encode()]
    )


@given(st.lists(TEXT, min_size=1), st.randoms(use_true_random=False))
def test_any_other_lines_have_another_chain(texts: list[str], chance: random.Random) -> None:
    lines = [f"{to_line(each)}\n".encode() for each in texts]
    at = chance.randrange(len(lines))
    others = [
        [*lines[:at], *lines[at + 1 :]],
        [*lines[:at], b'"x"\n', *lines[at:]],
        [*lines[:at], lines[at] + b" ", *lines[at + 1 :]],
    ]
    chains = [chain_of("a.jsonl", each) for each in [lines, *others]]
    assert len(set(chains)) == len(chains)
    assert chain_of("b.jsonl", lines) != chains[0]


def test_what_is_known_of_a_file_fits_beside_an_object() -> None:
    longest = to_line(
        ["attachment", 9_999_999, 9_999, "guild", f"SENT#GUILD#{'g' * 128}#{'c' * 128}", 999_999]
    )
    record = FileRecord(
        name=f"{folder_of('GUILD#' + 'g' * 128)}/messages-000001.jsonl",
        kind="messages",
        size=4 * 1_048_576,
        sha256="0123456789abcdef" * 4,
        crc32=4_294_967_295,
        lines=1_000,
        chain="fedcba9876543210" * 4,
        files=10_000,
        counts={kind.name: 10**9 for kind in ITEM_KINDS},
        following=longest,
    )
    assert FileRecord.of_note(record.to_note()) == record
    assert len(record.to_note()) < 1_900
    assert record.to_note().isascii()


@given(st.text(min_size=1), st.text(min_size=1))
def test_rooms_have_folders_of_their_own_and_no_name_leads_out(one: str, other: str) -> None:
    first, second = (folder_of(each.encode("utf-8", "replace").decode()) for each in (one, other))
    assert re.fullmatch(r"rooms/[A-Za-z0-9_-]+", first)
    if one.encode("utf-8", "replace") != other.encode("utf-8", "replace"):
        assert first.lower() != second.lower()
    assert attachment_name("0199", "text/html") == "files/0199.bin"


@given(TEXT, TEXT, TEXT)
def test_a_page_has_no_element_that_a_text_or_a_name_brings(room: str, text: str, name: str) -> None:
    attachment = {"id": "0199", "name": name, "contentType": "image/png", "size": 1}
    message = {"seq": 1, "ts": "2026", "text": text, "attachments": [attachment]}
    for hostile in (room, f"<script>{room}", f'"><img src=x onerror=1>{room}'):
        page = message_page(hostile, [message, {**message, "text": f"</p><svg onload=1>{text}"}]).decode()
        assert {each.lower() for each in re.findall(r"<([A-Za-z!][^\s>/]*)", page)} <= TAGS
        assert re.findall(r"<[^>]*\son\w+=", page) == []


@pytest.mark.parametrize("language", WORDS)
def test_the_index_is_in_each_language_with_the_same_words(language: str) -> None:
    assert WORDS[language].keys() == WORDS["en"].keys()  # type: ignore[index]
    assert {f"kind.{kind.name}" for kind in ITEM_KINDS} <= WORDS["en"].keys()
    file = lines_file("person/drafts-core-000001.jsonl", "drafts", ["{}"])
    page = IndexPage(
        language=language,  # type: ignore[arg-type]
        number=1,
        is_last=False,
        user_id="<script>alert(1)</script>",
        request_id="0199",
        begun="2026-01-01T00:00:00.000Z",
        files=[file.record],
    )
    shown = index_page(page).decode()
    assert f"<html lang={language}>" in shown
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert f"index-2.{language}.html" in shown


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_the_archive_is_a_zip_as_others_read_it(contents: list[bytes]) -> None:
    entries = [Entry(f"a/é{index}", len(each), zlib.crc32(each)) for index, each in enumerate(contents)]
    body, directory, offset = b"", b"", 0
    for entry, each in zip(entries, contents, strict=True):
        body += local_header(entry) + each
        directory += central_header(entry, offset)
        offset += entry.length
    assert offset == len(body)
    archive = body + directory + end_of_archive(len(entries), offset, len(directory))
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert found.testzip() is None
        assert [(name, found.read(name)) for name in found.namelist()] == [
            (entry.name, each) for entry, each in zip(entries, contents, strict=True)
        ]


def test_beyond_four_gigabytes_a_header_says_where_in_64_bits() -> None:
    """Python's own reader finds the offset that was given."""
    offset, entry = 5_000_000_000, Entry("a", 0, 0)
    line = central_header(entry, offset)
    end = end_of_archive(1, 0, len(line))
    with zipfile.ZipFile(io.BytesIO(line + end)) as found:
        assert found.infolist()[0].header_offset == offset


def test_pieces_that_found_nothing_say_how_to_go_on() -> None:
    assert skipped("next").record.following == "next"
    assert whole_file("a", "schema", b"x", "text/plain").record.lines is None


def test_a_value_of_the_tables_is_one_of_json() -> None:
    stored = {"M": {"a": {"L": [{"N": "1"}, {"N": "1.5"}, {"BOOL": True}, {"NULL": True}, {"S": "x"}]}}}
    assert plain(stored) == {"a": [1, 1.5, True, None, "x"]}
    assert {each["properties"]["kind"].get("const") for each in schema()["oneOf"]} == {"message", None}
