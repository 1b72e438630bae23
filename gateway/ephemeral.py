"""A room's receipts and typing: events that are sent on as they come, and never read from history."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal

from chat.rules.rooms import Room
from gateway import documents, server_frames
from gateway.appsync import UpstreamRefused
from gateway.broadcaster import Broadcaster
from gateway.client_transport import ClientTransport
from gateway.documents import Document
from gateway.realtime import OnEvent, Subscription

log = logging.getLogger(__name__)

EphemeralKind = Literal["receipt", "typing"]
DOCUMENTS: Mapping[EphemeralKind, Document] = {
    "receipt": documents.ON_RECEIPT,
    "typing": documents.ON_TYPING,
}


class EphemeralEvents:
    """One room's. Each kind has a subscription of its own, made by `start`, from the first client on that
    wants it."""

    def __init__(
        self, room: Room, start: Callable[[Document, OnEvent], Awaitable[Subscription]], tick_s: float
    ) -> None:
        self._room, self._start = room, start
        self._subscribers = {kind: Broadcaster(tick_s) for kind in DOCUMENTS}
        self._wanted: set[EphemeralKind] = set()
        self._subscriptions: dict[EphemeralKind, Subscription] = {}
        self._turn = asyncio.Lock()
        self.cleared_epoch = 0
        """Events of a later epoch are dropped: it is not known yet who is a member in it."""

    async def want(self, kind: EphemeralKind) -> None:
        self._wanted.add(kind)
        await self.subscribe()

    async def subscribe(self) -> None:
        """Subscribe to what is wanted and not subscribed to yet. What is refused is tried again when heads
        are compared."""
        async with self._turn:
            for kind in self._wanted - set(self._subscriptions):
                try:
                    self._subscriptions[kind] = await self._start(DOCUMENTS[kind], self._receiver(kind))
                except UpstreamRefused as refused:
                    fields = {"room": self._room.id, "kind": kind, "reason": refused.refusal.code}
                    log.warning("ephemeral events are not received", extra=fields)

    def add(self, subscriber: ClientTransport, kinds: Iterable[EphemeralKind]) -> None:
        for kind in kinds:
            self._subscribers[kind].add(subscriber)

    def remove(self, subscriber: ClientTransport) -> None:
        for subscribers in self._subscribers.values():
            subscribers.remove(subscriber)

    def release(self) -> list[Subscription]:
        """The subscriptions so far, which are not used any more."""
        released, self._subscriptions = list(self._subscriptions.values()), {}
        return released

    def _receiver(self, kind: EphemeralKind) -> OnEvent:
        def receive(event: Mapping[str, Any]) -> None:
            if (event.get("epoch") or 0) > self.cleared_epoch:
                return
            text = server_frames.encode(kind, room=self._room.id, **{kind: event})
            self._subscribers[kind].publish(server_frames.framed(text))

        return receive
