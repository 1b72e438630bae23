"""The chat's page at `/`, from the folder into which it is built, and what it asks this server for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.page.code_flow import CodeFlow
from simulator.page.demo_tokens import PATH as DEMO_PATH
from simulator.page.demo_tokens import DemoTokens
from simulator.page.guard import check_host
from simulator.page.headers import PAGE_HEADERS, content_security_policy

HERE = Path(__file__).parent
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served; nothing else of the folder is."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose names have a hash of what is in them."""


@dataclass(frozen=True, slots=True)
class Site:
    """`built`: the folder of the built page; while it is not there a plain page says so. `config`: what the page reads as
    `/config.json`. `objects`: where attachments lie. `demo`, `flows`: the ways to sign in, as far as there are any."""

    built: Path
    config: Mapping[str, Any]
    objects: str | None = None
    demo: DemoTokens | None = None
    flows: tuple[CodeFlow, ...] = field(default=())

    def add_routes(self, app: web.Application) -> None:
        router = app.router
        for path in ("/", "/signed-in"):
            router.add_get(path, self.index)
        router.add_get("/config.json", self.configuration)
        router.add_get("/plain.css", self.plain_style)
        router.add_get("/plain.js", self.plain_script)
        router.add_get("/{name:[A-Za-z0-9_.-]+}", self.file)
        router.add_get("/assets/{name:[A-Za-z0-9_.-]+}", self.file)
        if self.demo:
            router.add_post(DEMO_PATH, self.demo.post)
        for flow in self.flows:
            router.add_get(f"{flow.path}/authorize", flow.ask)
            router.add_post(f"{flow.path}/authorize", flow.grant)
            router.add_post(f"{flow.path}/token", flow.token)

    @staticmethod
    def has(path: str) -> bool:
        """Whether a path is the page's, and not the API's: it gets no CORS."""
        return not path.startswith(("/graphql", "/healthz", "/.well-known/")) and ".well-known" not in path

    async def index(self, request: web.Request) -> web.StreamResponse:
        check_host(request)
        page = self.built / "index.html"
        is_built = page.is_file()
        answer = self._answer(request, page if is_built else HERE / "plain.html")
        answer.headers["X-Page"] = "built" if is_built else "plain"
        return answer

    async def configuration(self, request: web.Request) -> web.StreamResponse:
        check_host(request)
        return web.Response(
            text=json.dumps(self.config), content_type="application/json", headers=PAGE_HEADERS
        )

    async def plain_style(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, HERE / "plain.css")

    async def plain_script(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, HERE / "plain.js")

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of the built page. Names have no separators, so that none leads out of the folder."""
        path = self.built / request.path.removeprefix("/")
        if path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound
        return self._answer(request, path)

    def _answer(self, request: web.Request, path: Path) -> web.Response:
        check_host(request)
        headers = dict(PAGE_HEADERS)
        if request.path.startswith("/assets/"):
            headers["Cache-Control"] = IMMUTABLE
        if path.suffix == ".html":
            headers["Content-Security-Policy"] = content_security_policy(
                request.headers["Host"], self.objects
            )
        kind = TYPES[path.suffix]
        charset = "utf-8" if kind.startswith("text/") else None
        return web.Response(body=path.read_bytes(), content_type=kind, charset=charset, headers=headers)
