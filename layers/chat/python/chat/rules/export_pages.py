"""The pages of an export, for reading: HTML without any script, and everything that people wrote escaped. Reads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from chat.rules.export_files import FileRecord, attachment_name
from chat.rules.export_words import WORDS, Language
from chat.rules.record import record

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs: https://www.w3.org/TR/CSP3/#directive-default-src"""
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}th,td{text-align:start;padding:.2rem .8rem .2rem 0;vertical-align:top}"
    "td{overflow-wrap:anywhere}p.text{white-space:pre-wrap;overflow-wrap:anywhere}"
)


@record(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """A page of the index: which one of how many, of whose export; `files` are those that it lists."""

    language: Language
    number: int
    is_last: bool
    user_id: str
    request_id: str
    begun: str
    files: Sequence[FileRecord]


def index_name(language: Language, number: int) -> str:
    """`index.en.html`, and from the second page on `index-2.en.html`."""
    return f"index{'' if number == 1 else f'-{number}'}.{language}.html"


def index_page(page: IndexPage) -> bytes:
    """A page of the index. The first says whose it is and what is in it."""
    words, language = WORDS[page.language], page.language
    parts = [f"<h1>{escape(words['title'])}</h1>"]
    if page.number == 1:
        others = " · ".join(
            f'<a href="{index_name(each, 1)}" hreflang="{each}" lang="{each}">{escape(WORDS[each]["name"])}</a>'
            for each in WORDS
            if each != language
        )
        facts = (
            (words["person"], page.user_id),
            (words["request"], page.request_id),
            (words["begun"], page.begun),
        )
        rows = "".join(
            f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts
        )
        parts += [
            f"<p>{others}</p><table>{rows}</table><p>{escape(words['about'])}</p>",
            f"<h2>{escape(words['notIncluded'])}</h2><ul>",
            *(f"<li>{escape(each)}</li>" for each in words["absent"].split("|")),
            f"</ul><h2>{escape(words['files'])}</h2>",
        ]
    head = "".join(f"<th scope=col>{escape(words[name])}</th>" for name in ("file", "kind", "lines", "bytes"))
    parts += [f"<table><tr>{head}</tr>", *(_row(each, words) for each in page.files), "</table>"]
    if page.number > 1:
        parts.append(
            f'<p><a rel=prev href="{index_name(language, page.number - 1)}">{escape(words["previous"])}</a></p>'
        )
    if not page.is_last:
        parts.append(
            f'<p><a rel=next href="{index_name(language, page.number + 1)}">{escape(words["next"])}</a></p>'
        )
    return _document(words["title"], parts, language)


def message_page(room_id: str, messages: Iterable[Mapping[str, Any]]) -> bytes:
    """One room's messages of a file, in the order of that. It has no words but those of people, and so no language."""
    parts = [f"<h1>{escape(room_id)}</h1>"]
    for each in messages:
        marks = [
            f"<time>{escape(str(each[name]))}</time> {sign}"
            for name, sign in (("ts", ""), ("editedAt", "✎"), ("removedAt", "✗"))
            if each.get(name)
        ]
        seq = f"#{escape(str(each.get('seq')))}"
        parts.append(f"<h2>{seq}</h2><p>{' · '.join(marks)}</p>")
        if each.get("text") is not None:
            parts.append(f"<p class=text>{escape(str(each['text']))}</p>")
        parts += [_attachment(file) for file in each.get("attachments") or ()]
    return _document(room_id, parts, None)


def _attachment(file: Mapping[str, Any]) -> str:
    name = attachment_name(str(file["id"]), str(file["contentType"]))
    shown = escape(str(file.get("name") or file["id"]))
    return f'<p><a href="../../{quote(name)}">{shown}</a> ({escape(str(file["contentType"]))}, {escape(str(file["size"]))} B)</p>'


def _row(file: FileRecord, words: Mapping[str, str]) -> str:
    kind = words.get(f"kind.{file.kind}", file.kind)
    name = f'<a href="{quote(file.name)}">{escape(file.name)}</a>'
    lines = "" if file.lines is None else str(file.lines)
    return f"<tr><td>{name}</td><td>{escape(kind)}</td><td>{lines}</td><td>{file.size}</td></tr>"


def _document(title: str, parts: Sequence[str], language: Language | None) -> bytes:
    lang = f" lang={language}" if language else ""
    head = (
        f'<!doctype html><html{lang}><head><meta charset=utf-8><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name=viewport content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
    )
    return "\n".join([f"{head}<body>", *parts, "</body></html>", ""]).encode()
