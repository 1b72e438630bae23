"""Pictures of the architecture, drawn from what is in them. They follow the reader's light or dark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from reference.markup import page

FILE = "pictures.html"
WIDTH, HEIGHT = 168, 56
"""Of a box."""

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #131a26 }
  .name { font-weight: 600; text-anchor: middle }
  .note { font-size: 11px; text-anchor: middle; fill: #515c70 }
  .step { font-size: 12px }
  rect { fill: #f4f6fa; stroke: #6c778c }
  .ground { fill: #ffffff; stroke: none }
  .ours { fill: #dbe6ff; stroke: #1d4ed8 }
  .line { fill: none; stroke: #6c778c; stroke-width: 1.5 }
  .life { stroke: #c3cad8; stroke-dasharray: 4 4 }
  .head { fill: #6c778c }
  @media (prefers-color-scheme: dark) {
    text { fill: #eef2f8 }
    .note { fill: #a9b4c6 }
    rect { fill: #171e2b; stroke: #8592a8 }
    .ground { fill: #10151f }
    .ours { fill: #1e335f; stroke: #8cb0ff }
    .line { stroke: #8592a8 }
    .life { stroke: #35425a }
    .head { fill: #8592a8 }
  }
"""
MARKER = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
    '<path class="head" d="M0 0L8 4L0 8z"/></marker>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """`column`, `row`: where it stands, in boxes. `is_ours`: whether this repository has it."""

    name: str
    note: str
    column: float
    row: float
    is_ours: bool = True

    @property
    def x(self) -> float:
        return 24 + self.column * (WIDTH + 72)

    @property
    def y(self) -> float:
        return 24 + self.row * (HEIGHT + 48)


BOXES: Mapping[str, Box] = {
    "people": Box("AppSync's clients", "Apollo, Amplify, web/", 0, 0.5, is_ours=False),
    "sockets": Box("WebSocket's clients", "clients/typescript", 0, 2, is_ours=False),
    "gateway": Box("gateway/", "a subscription a room", 1, 2),
    "api": Box("AppSync", "here: simulator/", 2, 1, is_ours=False),
    "authorizer": Box("authorizer", "resolvers/: who calls", 3, 0),
    "fields": Box("resolvers/", "a function a field", 3, 1),
    "services": Box("services/", "guilds, jobs, streams", 3, 2),
    "tables": Box("DynamoDB", "gg_core, gg_guild", 4, 1, is_ours=False),
    "files": Box("S3", "attachments", 4, 0, is_ours=False),
    "events": Box("EventBridge, SQS", "one event a change", 4, 2, is_ours=False),
}
ARROWS: Sequence[tuple[str, str]] = (
    ("people", "api"),
    ("sockets", "gateway"),
    ("gateway", "api"),
    ("api", "authorizer"),
    ("api", "fields"),
    ("services", "api"),
    ("fields", "tables"),
    ("fields", "files"),
    ("tables", "services"),
    ("services", "events"),
)

LIVES = ("sender", "AppSync", "authorizer", "sendMessage", "DynamoDB", "subscribers")
STEPS: Sequence[tuple[str, str, str]] = (
    ("sender", "AppSync", "sendMessage"),
    ("AppSync", "authorizer", "token"),
    ("authorizer", "AppSync", "identity"),
    ("AppSync", "sendMessage", "event"),
    ("sendMessage", "DynamoDB", "one transaction"),
    ("DynamoDB", "sendMessage", "stored, or refused"),
    ("sendMessage", "AppSync", "message with seq, ts, rev"),
    ("AppSync", "sender", "the answer"),
    ("AppSync", "subscribers", "onMessage"),
)


def pictures() -> dict[str, str]:
    """Their text, by their files."""
    return {"programs.svg": _programs(), "message.svg": _message()}


TITLES = {
    "programs.svg": "The programs: what is blue is in this repository",
    "message.svg": "One message, from its sender to its subscribers",
}


def pictures_page() -> str:
    shown = (
        f'<figure id="{file}"><img src="{file}" alt="{title}"><figcaption>{title}.</figcaption></figure>'
        for file, title in TITLES.items()
    )
    return page(FILE, "\n".join(shown))


def _svg(file: str, width: float, height: float, parts: Sequence[str]) -> str:
    title = TITLES[file]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{title}">',
            f"<title>{title}</title><style>{STYLE}</style><defs>{MARKER}</defs>",
            f'<rect class="ground" width="{width:g}" height="{height:g}"/>',
            *parts,
            "</svg>\n",
        )
    )


def _programs() -> str:
    parts = [_arrow(BOXES[one], BOXES[other]) for one, other in ARROWS]
    parts += [_box(each) for each in BOXES.values()]
    width = max(each.x for each in BOXES.values()) + WIDTH + 24
    height = max(each.y for each in BOXES.values()) + HEIGHT + 24
    return _svg("programs.svg", width, height, parts)


def _box(box: Box) -> str:
    middle = box.x + WIDTH / 2
    ours = ' class="ours"' if box.is_ours else ""
    return (
        f'<rect{ours} x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text class="name" x="{middle:g}" y="{box.y + 24:g}">{escape(box.name)}</text>'
        f'<text class="note" x="{middle:g}" y="{box.y + 42:g}">{escape(box.note)}</text>'
    )


def _arrow(one: Box, other: Box) -> str:
    """From side to side, bent where rows differ. What goes back does so a little lower."""
    forwards = other.column > one.column
    start = one.x + (WIDTH if forwards else 0)
    end = other.x + (0 if forwards else WIDTH)
    lower = 0 if forwards else HEIGHT / 4
    above, below = one.y + HEIGHT / 2 + lower, other.y + HEIGHT / 2 + lower
    middle = (start + end) / 2
    return _line(f"M{start:g} {above:g}C{middle:g} {above:g} {middle:g} {below:g} {end:g} {below:g}")


def _line(path: str) -> str:
    return f'<path class="line" d="{path}" marker-end="url(#head)"/>'


def _message() -> str:
    gap, top, step = 176, 76, 44
    at = {name: 90 + index * gap for index, name in enumerate(LIVES)}
    bottom = top + step * (len(STEPS) + 0.5)
    parts = []
    for name, x in at.items():
        ours = ' class="ours"' if name in ("authorizer", "sendMessage") else ""
        parts.append(f'<path class="line life" d="M{x} 56V{bottom:g}"/>')
        parts.append(f'<rect{ours} x="{x - 66}" y="24" width="132" height="32" rx="8"/>')
        parts.append(f'<text class="name" x="{x}" y="45">{name}</text>')
    for index, (one, other, words) in enumerate(STEPS):
        y = top + step * (index + 0.75)
        left = min(at[one], at[other])
        parts.append(_line(f"M{at[one]} {y:g}H{at[other]}"))
        parts.append(f'<text class="step" x="{left + 10}" y="{y - 7:g}">{escape(words)}</text>')
    return _svg("message.svg", at[LIVES[-1]] + 90, bottom + 24, parts)
