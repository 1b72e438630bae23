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
from simulator.page.documentation import Documentation
from simulator.page.explorer import Explorer
from simulator.page.files import HERE, NAME, answer_file
from simulator.page.guard import check_host
from simulator.page.headers import PAGE_HEADERS, content_security_policy


@dataclass(frozen=True, slots=True)
class Site:
    """`built`: the folder of the built page; while it is not there a plain page says so. `config`: what the page reads as
    `/config.json`. `objects`: where attachments lie. `demo`, `flows`: the ways to sign in, as far as there are any. `explorer`,
    `documentation`: what there is beside it."""

    built: Path
    config: Mapping[str, Any]
    objects: str | None = None
    demo: DemoTokens | None = None
    flows: tuple[CodeFlow, ...] = field(default=())
    explorer: Explorer | None = None
    documentation: Documentation | None = None

    def add_routes(self, app: web.Application) -> None:
        router = app.router
        for beside in (self.explorer, self.documentation):
            if beside:
                beside.add_routes(app)
        for path in ("/", "/signed-in"):
            router.add_get(path, self.index)
        router.add_get("/config.json", self.configuration)
        router.add_get("/plain.css", self.plain_style)
        router.add_get("/plain.js", self.plain_script)
        router.add_get(f"/{NAME}", self.file)
        router.add_get(f"/assets/{NAME}", self.asset)
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
        page = self.built / "index.html"
        is_built = page.is_file()
        answer = answer_file(request, page if is_built else HERE / "plain.html", self._policy)
        answer.headers["X-Page"] = "built" if is_built else "plain"
        return answer

    async def configuration(self, request: web.Request) -> web.StreamResponse:
        check_host(request)
        return web.Response(
            text=json.dumps(self.config), content_type="application/json", headers=PAGE_HEADERS
        )

    async def plain_style(self, request: web.Request) -> web.StreamResponse:
        return answer_file(request, HERE / "plain.css")

    async def plain_script(self, request: web.Request) -> web.StreamResponse:
        return answer_file(request, HERE / "plain.js")

    async def file(self, request: web.Request) -> web.StreamResponse:
        path = self.built / request.match_info["name"]
        return answer_file(request, path, self._policy if path.suffix == ".html" else None)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        return answer_file(request, self.built / "assets" / request.match_info["name"], is_immutable=True)

    def _policy(self, host: str) -> str:
        return content_security_policy(host, self.objects)
