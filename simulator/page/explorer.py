"""GraphiQL at `/graphiql`, from the folder into which it is built: people sign in there as on the page, or paste a token."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from simulator.page.files import HERE, NAME, answer_file
from simulator.page.headers import explorer_policy

PATH = "/graphiql"


@dataclass(frozen=True, slots=True)
class Explorer:
    """`built`: its folder; while it is not there a page says what is missing."""

    built: Path

    def add_routes(self, app: web.Application) -> None:
        for path in (PATH, f"{PATH}/"):
            app.router.add_get(path, self.index)
        app.router.add_get(f"{PATH}/assets/{NAME}", self.asset)

    async def index(self, request: web.Request) -> web.StreamResponse:
        page = self.built / "index.html"
        is_built = page.is_file()
        answer = answer_file(request, page if is_built else HERE / "plain-explorer.html", explorer_policy)
        answer.headers["X-Page"] = "built" if is_built else "plain"
        return answer

    async def asset(self, request: web.Request) -> web.StreamResponse:
        return answer_file(request, self.built / "assets" / request.match_info["name"], is_immutable=True)
