"""A chat in memory behind two gateways: it loses, repeats and delays what it delivers, fails, and ends
subscriptions as it likes."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

from chat.rules.instants import from_wire, to_wire
from gateway import documents
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.authorization import Token
from gateway.documents import Document
from gateway.realtime import Subscription
from gateway.server_frames import Refusal

SERVICE = "service"
NOT_MEMBER = UpstreamRefused(Refusal("NotRoomMember", "No.", {}))
UNREACHABLE = UpstreamRefused(UNAVAILABLE)
PAGE = 7


def instant(seq: int) -> str:
    return to_wire(1_767_225_600_000 + seq)


def seq_at(ts: str) -> int:
    return from_wire(ts)[0] - 1_767_225_600_000


class Chat:
    """One room, as both `AppSync` and `Realtime` of each gateway; a token is its user's name."""

    def __init__(self, random: Random, *people: str) -> None:
        self.random = random
        self.people = set(people)
        self.messages: list[dict[str, Any]] = []
        self.log: list[tuple[int, int]] = []
        self.rev, self.epoch = 1, 1
        self.revoked_at: dict[str, int] = {}
        """The `rev` of the room when somebody was removed who has not come back."""
        self.is_calm = False
        self.wrong: list[str] = []
        """What somebody should not have received."""
        self.connections = self.requests = 0
        self._live: list[tuple[Subscription, int]] = []

    # what happens

    def send(self) -> None:
        self.rev += 1
        seq = len(self.messages) + 1
        self.messages.append(
            {
                "id": f"m{seq}",
                "seq": seq,
                "ts": instant(seq),
                "rev": None,
                "created_rev": self.rev,
                "epoch": self.epoch,
            }
        )
        self._publish(self.messages[-1], self.epoch)

    def edit(self) -> None:
        if not self.messages:
            return
        self.rev += 1
        index = self.random.randrange(len(self.messages))
        self.messages[index] |= {"rev": self.rev, "epoch": self.epoch}
        self.log.append((self.rev, index))
        self._publish(self.messages[index], self.epoch)

    def revoke(self, user: str) -> None:
        if user not in self.people:
            return
        self.people.remove(user)
        self.revoked_at[user] = self.rev
        self.rev, self.epoch = self.rev + 1, self.epoch + 1
        notice = {"kind": "MEMBER_REMOVED", "userId": user, "nextEpoch": self.epoch, "rev": self.rev}
        self._publish(
            {"id": f"n{self.rev}", "seq": None, "epoch": self.epoch - 1, "notice": notice}, self.epoch - 1
        )

    def readmit(self, user: str) -> None:
        self.people.add(user)
        self.revoked_at.pop(user, None)

    def cut(self) -> None:
        """The realtime connection ends, without a word."""
        live, self._live = self._live, []
        for subscription, _ in live:
            subscription.on_end()

    def _publish(self, message: Mapping[str, Any], epoch: int) -> None:
        loop = asyncio.get_running_loop()
        for subscription, since in self._live:
            if since == epoch:
                for _ in range(1 if self.is_calm else self.random.choice([0, 1, 1, 1, 2])):
                    loop.call_later(self.random.random() * 0.03, self._deliver, subscription, dict(message))

    def _deliver(self, subscription: Subscription, message: Mapping[str, Any]) -> None:
        if any(each is subscription for each, _ in self._live):
            subscription.on_event(message)

    # what the gateways ask

    async def ask(
        self,
        document: Document,
        variables: Mapping[str, Any],
        authorization: Token,
        _traceparent: str | None = None,
    ) -> Any:
        token = authorization.value
        self.requests += 1
        await self._pause()
        if token != SERVICE and token not in self.people:
            raise NOT_MEMBER
        answer = self._answer(document, variables)
        await self._pause()
        return answer

    async def _pause(self) -> None:
        if not self.is_calm and self.random.random() < 0.03:
            raise UNREACHABLE
        await asyncio.sleep(self.random.random() * 0.006)

    def _answer(self, document: Document, variables: Mapping[str, Any]) -> Any:
        count = len(self.messages)
        head = {"seq": count, "ts": instant(count) if count else None, "rev": self.rev, "epoch": self.epoch}
        if document == documents.ROOM:
            return {"head": head, "me": {}}
        if document == documents.MESSAGES:
            before = int(variables.get("token") or count)
            items = [dict(each) for each in self.messages[max(0, before - PAGE) : before]][::-1]
            return {"items": items, "head": head, "nextToken": str(before - PAGE) if before > PAGE else None}
        first, _, rev = str(variables.get("token") or "0/").partition("/")
        after = seq_at(variables["after"]) if variables.get("after") else 0
        changed = {at for number, at in self.log if number > variables["since"] and at < after}
        items = [] if rev else [dict(self.messages[at]) for at in sorted(changed, key=self._rev_of)]
        start = max(int(first), after)
        items += [dict(each) for each in self.messages[start : start + PAGE]]
        if rev:  # what changed meanwhile is for whoever goes on from the first page's head
            head["rev"] = int(rev)
        further = f"{start + PAGE}/{head['rev']}" if start + PAGE < count else None
        return {"items": items, "head": head, "nextToken": further, "reset": False}

    def _rev_of(self, at: int) -> int:
        return int(self.messages[at]["rev"])

    async def subscribe(
        self, subscription: Subscription, _document: Document, variables: Mapping[str, Any]
    ) -> None:
        await self._pause()
        if variables["epoch"] != self.epoch:
            raise UpstreamRefused(Refusal("StaleEpoch", "No.", {"epoch": self.epoch}))
        await self._pause()
        self._live.append((subscription, variables["epoch"]))
        connection: Any = self  # as much of one as a subscription needs
        subscription.connection = connection

    def stop(self, subscription: Subscription) -> None:
        self._live = [each for each in self._live if each[0] is not subscription]


class Side:
    """The chat as one gateway has it, and the newest `rev` of each message that it was delivered."""

    def __init__(self, chat: Chat) -> None:
        self.chat, self.ask = chat, chat.ask
        self.delivered: dict[str, int] = {}

    async def subscribe(
        self, subscription: Subscription, document: Document, variables: Mapping[str, Any]
    ) -> None:
        on_event = subscription.on_event

        def receive(message: Mapping[str, Any]) -> None:
            rev = message.get("rev") or 0
            self.delivered[message["id"]] = max(rev, self.delivered.get(message["id"], 0))
            on_event(message)

        subscription.on_event = receive
        await self.chat.subscribe(subscription, document, variables)
