"""`make subscribe AUTH=iam` signs what it asks: `make run` judges it by the clock on the wall."""

import asyncio
import json
import time
from typing import Any

from simulator.auth.authorization import Access
from simulator.auth.modes import Mode
from simulator.auth.signing import signer
from simulator.functions import Functions
from simulator.subscribe import follow

from .conftest import REGION, Trust

SEND = """mutation { sendMessage(roomId: "lobby", text: "signed") {
  id roomId senderId text ts seq epoch clientMessageId
} }"""


class Room:
    """The functions of one room; who sends is the session's role."""

    def messages(self, _event: Any, _context: Any) -> Any:
        return {"items": [], "head": {"epoch": 1, "seq": 0, "rev": 0}}

    def subscribe(self, _event: Any, _context: Any) -> None:
        return None

    def send(self, event: Any, _context: Any) -> Any:
        said = {"id": "m1", "ts": "2026-01-01T00:00:00.000Z", "seq": 1, "epoch": 1, "clientMessageId": "c1"}
        return {**said, **event["arguments"], "senderId": event["identity"]["userArn"]}


async def test_a_subscriber_that_signs_hears_what_somebody_sends_who_signs(trust: Trust, serve: Any) -> None:
    room = Room()
    functions = Functions(
        {
            "Query.messages": room.messages,
            "Subscription.onMessage": room.subscribe,
            "Mutation.sendMessage": room.send,
        }
    )
    access = Access(modes=(Mode.IAM,), access_keys=trust.keys, region=REGION)
    told: asyncio.Queue[Any] = asyncio.Queue()
    async with serve(functions=functions, access=access) as client:
        host = f"{client.address.host}:{client.address.port}"
        signs = {
            user: signer(trust.credentials(user, ttl=600, now=int(time.time())), REGION, host)
            for user in ("alice", "bob")
        }
        following = asyncio.create_task(follow(host, signs["bob"], "lobby", told.put_nowait))
        try:
            await client.until(subscriptions=1)
            body = json.dumps({"query": SEND})
            status, answer, _ = await client.post(body, None, **signs["alice"]("/graphql", body))
            assert (status, answer["data"]["sendMessage"]["text"]) == (200, "signed")
            event = await asyncio.wait_for(told.get(), 10)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    assert event["senderId"] == "arn:aws:sts::000000000000:assumed-role/chat-alice/local"
