"""OpenID providers and user pools on loopback, whose tokens clients bring."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa


class Provider:
    """Signs tokens and serves its keys. `asked`: which of its documents were fetched. While `is_up` is not set,
    nothing is answered."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked: list[str] = []
        self.is_up = asyncio.Event()
        self.is_up.set()
        self.issuer = ""

    def token(self, ttl: int = 600, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "sub": "alice", "iat": now, "exp": now + ttl, **claims}
        return jwt.encode(said, self._private, "RS256", {"kid": "k1"})

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append(name)
        await self.is_up.wait()
        if name == "openid-configuration":
            keys = f"{self.issuer}/.well-known/jwks.json"
            return web.json_response({"issuer": self.issuer, "jwks_uri": keys})
        public: Any = jwt.algorithms.RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        text = json.dumps({"keys": [public | {"kid": "k1", "use": "sig"}]})
        return web.Response(text=text, content_type="application/json")


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """One that is up."""
    found, app = Provider(), web.Application()
    app.router.add_get("/.well-known/{name}", found.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        found.is_up.set()
        await runner.cleanup()
