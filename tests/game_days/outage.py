"""The API is gone for ten minutes: nobody can send or read, the gateway says so, and afterwards nothing is missing."""

import asyncio
import time

from tests.game_days.day import Day

LOOKS = 5
"""How often it is said what is seen, while the API is gone."""


class Outage(Day):
    title = "The API is gone"

    async def befalls(self) -> None:
        await self.some_messages(30)
        self.say(
            "see", "Alarms: `answered-all` and `slo`; of the gateway `gateway-breaker` after ten minutes."
        )
        self.say("do", f"The API is killed, and stays away for {self.seconds:.0f} s.")
        tried = self._tried()
        self.servers.api.kill()
        await self.until(lambda: self._have_failed(tried))
        before = self.acknowledged
        for _ in range(LOOKS):
            await asyncio.sleep(self.seconds / LOOKS)
            failed = sum(self._tried()) - sum(tried)
            self.say(
                "saw",
                f"{failed} attempts to send have failed; the gateway's /readyz: {await self.readiness()}",
            )
        self.check("nothing was acknowledged meanwhile", self.acknowledged == before)
        self.say(
            "saw", f"the gateway was not ready any more, {await self.until(self._is_not_ready):.1f} s later"
        )
        self.say(
            "do", "The API is started again. Nothing else is: clients and gateway come back by themselves."
        )
        await self.servers.api.start()
        began = time.monotonic()
        self.say("saw", f"five messages were acknowledged after {await self.some_messages():.1f} s")
        await self.until(self.is_ready)
        self.say("saw", f"the gateway was ready after {time.monotonic() - began:.1f} s")
        await self.some_messages()
        self.say("see", "Everybody catches up: `changes`, `sync`, and the gateway's replay.")

    def _tried(self) -> list[int]:
        """How often each has repeated a request."""
        return [sender.api.repeated for sender in self.people.senders]

    async def _have_failed(self, before: list[int]) -> bool:
        """Whether each has seen a request fail since, so that no answer is on its way."""
        return all(now > then for now, then in zip(self._tried(), before, strict=True))

    async def _is_not_ready(self) -> bool:
        return not await self.is_ready()
