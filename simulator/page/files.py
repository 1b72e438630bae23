"""How files of pages are answered: to this machine alone, by the kinds of file that pages are made of."""

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from simulator.page.guard import check_host
from simulator.page.headers import PAGE_HEADERS

HERE = Path(__file__).parent
"""Where the plain pages lie: what is served where nothing is built."""
NAME = "{name:[A-Za-z0-9_.-]+}"
"""A file's name in a route. It has no separators, so that none leads out of the folder."""
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served; nothing else of a folder is."""
PACKED = frozenset({"image/png", "font/woff2"})
"""What compressing makes no smaller."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose names have a hash of what is in them."""

Policy = Callable[[str], str]
"""The Content-Security-Policy of a page at a host, as the Host header names it."""


def answer_file(
    request: web.Request, path: Path, policy: Policy | None = None, *, is_immutable: bool = False
) -> web.Response:
    """`policy`: of a page. Raises `HTTPNotFound` where there is no such file."""
    check_host(request)
    if path.suffix not in TYPES or not path.is_file():
        raise web.HTTPNotFound
    headers = dict(PAGE_HEADERS)
    if is_immutable:
        headers["Cache-Control"] = IMMUTABLE
    if policy:
        headers["Content-Security-Policy"] = policy(request.headers["Host"])
    kind = TYPES[path.suffix]
    charset = "utf-8" if kind.startswith("text/") else None
    answer = web.Response(body=path.read_bytes(), content_type=kind, charset=charset, headers=headers)
    if kind not in PACKED:
        answer.enable_compression()
    return answer
