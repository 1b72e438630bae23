"""A signing key is rotated while people chat, and then withdrawn: nobody with a fresh token is refused, and whoever has the old
key gets in nowhere any more."""

import time

import aiohttp

from chat.identity.jwks import REFRESH_S
from simulator.keys import SigningKey
from tests.game_days.day import Day
from tests.guarantees.crashes.chaos import ROOM

HEAD = f'query {{ room(roomId: "{ROOM}") {{ head {{ seq }} }} }}'
THIEF = "sam"
"""In whose name the old key signs, after it was stolen."""


class Keys(Day):
    title = "The issuer's signing key is rotated, then withdrawn"

    async def befalls(self) -> None:
        await self.some_messages(30)
        stolen = self.issuer.current
        await self._rotate(stolen)
        await self._withdraw(stolen)

    async def _rotate(self, stolen: SigningKey) -> None:
        self.say("do", "The issuer publishes a new key beside the old one, and signs with it from now on.")
        fetched = self.issuer.asked
        self.issuer.rotate()
        self.servers.keys = self.issuer.current
        self.say(
            "saw",
            f"five messages with the new key were acknowledged after {await self.some_messages():.1f} s",
        )
        asked = self.issuer.asked - fetched
        self.check(
            "API and gateway fetched the key set by themselves, once each at the most", asked in (1, 2)
        )
        self.check("whoever still has a token of the old key is let in", await self._answer(stolen) == 200)
        self.check("by the gateway, too", await self._handshake(stolen) == 101)
        self.check("and whoever has one of the new key", await self._handshake(self.issuer.current) == 101)
        self.say("do", "The gateway's own token is put anew, signed with the new key.")
        self.servers.renew_gateway_token()

    async def _withdraw(self, stolen: SigningKey) -> None:
        self.say("do", "The old key was stolen: the issuer takes it out of its key set.")
        self.issuer.withdraw()
        self.say(
            "see",
            f"By themselves functions and gateway forget it within {REFRESH_S:.0f} s; AppSync keeps what the",
        )
        self.say(
            "see",
            "authorizer said for `authorizer_ttl_seconds`. What is open to the gateway stays to its token's end.",
        )
        self.check("so far it still opens the API", await self._answer(stolen) == 200)
        self.say(
            "do",
            "That is too long: functions and gateway are started anew, as by `make deploy` and new tasks.",
        )
        for program in (self.servers.api, self.servers.gateway):
            program.stop()
            await program.start()
        self.say(
            "see",
            "`tokens-refused`, where many come with the old key; the audit event's reason is `unknown key`.",
        )
        self.check("the API refuses the old key", await self._answer(stolen) == 401)
        self.check("the gateway refuses it", await self._handshake(stolen) in (401, 4401))
        self.say(
            "saw",
            f"five messages with the new key were acknowledged after {await self.some_messages():.1f} s",
        )

    def _token(self, key: SigningKey) -> str:
        return key.mint(THIEF, now=int(time.time()), ttl=3_600)

    async def _answer(self, key: SigningKey) -> int:
        """The status of a request."""
        url = f"http://127.0.0.1:{self.servers.api.port}/graphql"
        headers = {"authorization": self._token(key)}
        async with self.http.post(url, json={"query": HEAD}, headers=headers) as answer:
            return answer.status

    async def _handshake(self, key: SigningKey) -> int:
        """101, or the status or close code that says why not."""
        url = f"http://127.0.0.1:{self.servers.gateway.port}/ws"
        try:
            async with self.http.ws_connect(url, headers={"authorization": self._token(key)}) as socket:
                first = await socket.receive(timeout=10)
                return 101 if first.type is aiohttp.WSMsgType.TEXT else socket.close_code or 0
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status
