"""An issuer of tokens beside the API, whose keys are rotated and withdrawn."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from simulator.keys import SigningKey, new_signing_key

PATH = "/.well-known/jwks.json"


@dataclass
class Issuer:
    """`published`: the keys of its key set, the newest first. `asked`: how often the key set was fetched."""

    published: list[SigningKey] = field(default_factory=lambda: [new_signing_key()])
    asked: int = 0
    url: str = ""

    @property
    def current(self) -> SigningKey:
        """What it signs with."""
        return self.published[0]

    def rotate(self) -> None:
        """Signs with a new key from now on; the one before stays published."""
        self.published.insert(0, new_signing_key())

    def withdraw(self) -> None:
        """Publishes the newest key alone."""
        del self.published[1:]

    async def _answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        document = {"keys": [key.public_jwk for key in self.published]}
        return web.Response(text=json.dumps(document), content_type="application/json")

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_get(PATH, self._answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
            yield
        finally:
            await runner.cleanup()
