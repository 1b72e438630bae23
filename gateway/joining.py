"""How a client comes to receive a room: it is given what it missed, and then every event, without one
between the two."""

from collections import deque
from collections.abc import Callable, Iterator

from gateway import client_frames, server_frames
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.client import Client
from gateway.ephemeral import EphemeralKind
from gateway.feed import NO_SUCH_ROOM, Feed
from gateway.history import Missed, Replayed


class FellBehind(Exception):
    """The client takes what it missed more slowly than the room goes on."""


async def join(client: Client, feed: Feed, subscribe: client_frames.Subscribe) -> None:
    """From now on the client, whose access was checked, receives the room. Raises `UpstreamRefused`,
    `FellBehind`."""
    kinds = _ephemeral_kinds(subscribe)
    await _ready(client, feed)
    for kind in kinds:
        await feed.want(kind)
    missed = await _missed(client, feed, subscribe)
    resumed = await _replay(client, feed, subscribe, missed)
    # Nothing has waited since the last look at the buffer, so that no event is lost between the two.
    feed.add(client.transport, kinds, client.sight(subscribe.room).hidden)
    about = {"room": subscribe.room.id, "at": feed.position, "epoch": feed.epoch, "resumed": resumed}
    client.reply(server_frames.encode("subscribed", **about))


async def _missed(client: Client, feed: Feed, subscribe: client_frames.Subscribe) -> Missed | None:
    """What history has for the client; `None` where they have to start afresh, or asked for nothing."""
    if subscribe.since is None or client.sight(subscribe.room).is_outdated(subscribe.since):
        return None
    return await feed.history.missed(subscribe.since)


async def _ready(client: Client, feed: Feed) -> None:
    """Until the room is received. Where the service was not given it, it is the person's own access that
    decides what they are told. Raises `UpstreamRefused`."""
    try:
        await feed.ready()
    except UpstreamRefused as refused:
        if refused.refusal.code not in NO_SUCH_ROOM:
            raise
        await client.check_access(feed.room)
        feed.report_missing_role()
        raise UpstreamRefused(UNAVAILABLE) from None


async def _replay(
    client: Client, feed: Feed, subscribe: client_frames.Subscribe, missed: Missed | None
) -> bool:
    """Write what was missed, as fast as the client takes it, and the events of the meantime; whether that is
    everything.

    In the end the chat has said that the person is a member in the room's epoch as it is known here: had they
    been removed while this waited, the notice would not have found them among those that receive the room.
    Raises `UpstreamRefused`, `FellBehind`.
    """
    room, buffer = subscribe.room, feed.timeline.buffer
    count = buffer.count
    replayed = feed.history.replay(missed) if missed is not None else None
    history_epoch = missed.epoch if missed is not None else 0
    if replayed is None and subscribe.since is not None:
        client.reply(server_frames.encode("reset", room=room.id, at=feed.position))
    waiting: deque[Replayed] = deque(replayed or [])

    def may_receive() -> bool:
        return client.access_epoch(room) >= max(feed.epoch, history_epoch)

    def frames() -> Iterator[bytes]:
        return _frames(waiting, may_receive, lambda: client.sight(room).hidden)

    while waiting or not may_receive():
        if not may_receive():
            await client.check_access(room)
        elif not await client.transport.write_paced(frames()):
            raise FellBehind
        later, count = buffer.appended_since(count), buffer.count
        if later is None:
            raise FellBehind
        waiting += later
    return replayed is not None


def _frames(
    waiting: deque[Replayed], may_receive: Callable[[], bool], hidden: Callable[[], int]
) -> Iterator[bytes]:
    """Each as it is when its turn comes: what waits may have been changed meanwhile, by somebody who knew
    that the client's person was removed before. Buffers and history are everybody's: of messages up to the number that is
    hidden from this person nothing is written."""
    while waiting and may_receive():
        each = waiting.popleft()
        if (frame := each.frame) and not 0 < each.seq <= hidden():
            yield frame


def _ephemeral_kinds(subscribe: client_frames.Subscribe) -> list[EphemeralKind]:
    wanted: dict[EphemeralKind, bool] = {"receipt": subscribe.receipts, "typing": subscribe.typing}
    return [kind for kind, is_wanted in wanted.items() if is_wanted]
