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
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}"
    "table{border-collapse:collapse}table.files{width:100%}th{white-space:nowrap}"
    "th,td{text-align:start;padding:.3rem .8rem .3rem 0;vertical-align:top}"
    "table.files th,table.files td{border-bottom:1px solid #8885}"
    "th.n,td.n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "article{border-top:1px solid #8885;padding:.6rem 0}article p{margin:.2rem 0}"
    "p.of{opacity:.75;font-size:.85rem}p.text{white-space:pre-wrap}"
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
            (words["begun"], _instant(page.begun)),
        )
        rows = "".join(
            f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts
        )
        parts += [
            f"<p>{others}</p><table>{rows}</table><p>{_about(words['about'])}</p>",
            f"<h2>{escape(words['notIncluded'])}</h2><ul>",
            *(f"<li>{escape(each)}</li>" for each in words["absent"].split("|")),
            f"</ul><h2>{escape(words['files'])}</h2>",
        ]
    head = "".join(f"<th scope=col>{escape(words[name])}</th>" for name in ("file", "kind"))
    head += "".join(f"<th scope=col class=n>{escape(words[name])}</th>" for name in ("lines", "bytes"))
    parts += [f"<table class=files><tr>{head}</tr>", *(_row(each, words) for each in page.files), "</table>"]
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
    indexes = " · ".join(
        f'<a href="../../{index_name(each, 1)}" hreflang="{each}" lang="{each}">{escape(WORDS[each]["title"])}</a>'
        for each in WORDS
    )
    parts = [f"<p>{indexes}</p><h1>{escape(room_id)}</h1>"]
    for each in messages:
        marks = [
            f"<time>{escape(_instant(str(each[name])))}</time>{sign}"
            for name, sign in (("ts", ""), ("editedAt", " ✎"), ("removedAt", " ✗"))
            if each.get(name)
        ]
        seq = f"#{escape(str(each.get('seq')))}"
        parts.append(f"<article><p class=of>{' · '.join([seq, *marks])}</p>")
        if each.get("text") is not None:
            parts.append(f"<p class=text dir=auto>{escape(str(each['text']))}</p>")
        parts += [_attachment(file) for file in each.get("attachments") or ()]
        parts.append("</article>")
    return _document(room_id, parts, None)


def _attachment(file: Mapping[str, Any]) -> str:
    name = attachment_name(str(file["id"]), str(file["contentType"]))
    shown = escape(str(file.get("name") or file["id"]))
    size = escape(_grouped(file["size"]))
    return f'<p><a href="../../{quote(name)}">{shown}</a> ({escape(str(file["contentType"]))}, {size} B)</p>'


def _row(file: FileRecord, words: Mapping[str, str]) -> str:
    kind = words.get(f"kind.{file.kind}", file.kind)
    name = f'<a href="{quote(file.name)}">{escape(file.name)}</a>'
    lines = "" if file.lines is None else _grouped(file.lines)
    return f"<tr><td>{name}</td><td>{escape(kind)}</td><td class=n>{lines}</td><td class=n>{_grouped(file.size)}</td></tr>"


def _about(text: str) -> str:
    """A sentence in which files of the archive are named, as one that leads to them."""
    shown = escape(text)
    for name in ("schema.json", "manifest.json"):
        shown = shown.replace(name, f'<a href="{name}">{name}</a>')
    return shown


def _grouped(number: int) -> str:
    """Digits by threes, as all three languages read them: https://www.bipm.org/en/publications/si-brochure (5.4.4)."""
    return f"{number:,}".replace(",", "\u202f")


def _instant(wire: str) -> str:
    """`2026-11-28 08:00:00 UTC` for `2026-11-28T08:00:00.000Z`; the JSON Lines have it whole."""
    return f"{wire[:10]} {wire[11:19]} UTC" if len(wire) == 24 else wire


def _document(title: str, parts: Sequence[str], language: Language | None) -> bytes:
    lang = f" lang={language}" if language else ""
    head = (
        f'<!doctype html><html{lang}><head><meta charset=utf-8><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name=viewport content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
    )
    return "\n".join([f"{head}<body>", *parts, "</body></html>", ""]).encode()
