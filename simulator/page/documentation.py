"""The reference at `/docs/`: the schema as this run serves it, the gateway's frames, pictures. No script is on its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

from aiohttp import web

from reference.pages import pages
from schema.source import Publish
from simulator.page.files import NAME, TYPES
from simulator.page.guard import check_host
from simulator.page.headers import PAGE_HEADERS, documentation_policy

PATH = "/docs"


@dataclass(frozen=True, slots=True)
class Documentation:
    """Made at the first request, of an API that publishes like this."""

    publish: Publish

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.redirect)
        app.router.add_get(f"{PATH}/", self.answer)
        app.router.add_get(f"{PATH}/{NAME}", self.answer)

    async def redirect(self, request: web.Request) -> web.StreamResponse:
        """So that links between pages lead on."""
        check_host(request)
        raise web.HTTPPermanentRedirect(f"{PATH}/", headers={"Cache-Control": "no-cache"})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        check_host(request)
        name = request.match_info.get("name", "index.html")
        body = _pages(self.publish).get(name)
        if body is None:
            raise web.HTTPNotFound
        kind = TYPES[PurePath(name).suffix]
        charset = "utf-8" if kind.startswith("text/") else None
        headers = PAGE_HEADERS | {"Content-Security-Policy": documentation_policy()}
        return web.Response(body=body, content_type=kind, charset=charset, headers=headers)


@lru_cache(maxsize=2)
def _pages(publish: Publish) -> Mapping[str, bytes]:
    return pages(publish)
