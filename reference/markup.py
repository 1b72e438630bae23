"""HTML of the pages: what stands around them, and the texts of descriptions."""

import re
from collections.abc import Iterable, Mapping
from html import escape

PAGES: Mapping[str, str] = {
    "index.html": "The API",
    "gateway.html": "The gateway",
    "pictures.html": "Pictures",
    "results.html": "Results",
}
"""The pages by their files, with what leads to them."""

Links = Mapping[str, str]
"""Anchors by the names that lead to them."""

_PIECES = re.compile(r"`([^`]+)`|\*([A-Za-z][^*\n]*)\*")


def page(file: str, contents: str, navigation: str = "") -> str:
    """A whole page. Nothing of it is inline that a content security policy would refuse."""
    title = PAGES[file]
    others = " ".join(
        f'<a href="{each}"{" aria-current=page" if each == file else ""}>{name}</a>'
        for each, name in PAGES.items()
    )
    aside = f'<nav class="contents" aria-label="Contents">{navigation}</nav>' if navigation else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><nav aria-label="Pages">{others}</nav></header>
<div{' class="columns"' if aside else ""}>{aside}
<main>
<h1>{title}</h1>
{contents}
</main></div>
</body>
</html>
"""


def prose(text: str | None, links: Links) -> str:
    """A description as paragraphs, with what stands between backticks as code that leads to what it names."""
    paragraphs = re.split(r"\n\s*\n|\n\s*(?=Refusals: )", (text or "").strip())
    return "".join(f"<p>{inline(each, links)}</p>" for each in paragraphs if each)


def inline(text: str, links: Links) -> str:
    """A text without paragraphs."""
    parts, end = [], 0
    for found in _PIECES.finditer(text):
        parts.append(escape(text[end : found.start()], quote=False))
        parts.append(code(found[1], links) if found[1] else f"<em>{escape(found[2], quote=False)}</em>")
        end = found.end()
    return "".join([*parts, escape(text[end:], quote=False)])


def code(text: str, links: Links) -> str:
    shown = f"<code>{escape(text, quote=False)}</code>"
    anchor = links.get(text)
    return f'<a href="{anchor}">{shown}</a>' if anchor else shown


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], ids: Iterable[str] = ()) -> str:
    """Cells are HTML. `ids`: the anchors of the rows, if they have any."""
    body, anchors = list(rows), list(ids)
    if not body:
        return ""
    marks = [f' id="{each}"' for each in anchors] or [""] * len(body)
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    lines = (
        f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
        for mark, row in zip(marks, body, strict=True)
    )
    return (
        f'<div class="table" tabindex="0"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{chr(10).join(lines)}</tbody></table></div>"
    )


def contents(groups: Mapping[str, Mapping[str, str]]) -> str:
    """What leads to the sections of a page, in groups that can be closed: anchors by the names that are shown."""
    return "".join(
        f"<details open><summary>{escape(group)}</summary><ul>"
        + "".join(f'<li><a href="#{anchor}">{escape(name)}</a></li>' for name, anchor in named.items())
        + "</ul></details>"
        for group, named in groups.items()
    )
