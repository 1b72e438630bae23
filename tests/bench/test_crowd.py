"""The load client takes chunks apart wherever they are cut, and shares what it took apart without mixing
people up."""

import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.gateway.crowd import Address, Crowd, LoadClient
from bench.gateway.wire import mark, take_apart
from gateway.server_frames import encode, framed

OPEN = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
SUBSCRIBED = framed(encode("subscribed", room="bench", at="2/2026-01-01T00:00:00.002Z/7", epoch=1))
RESET = framed(encode("reset", room="bench"))
GOING_AWAY = framed(encode("goingAway", reconnectAfterMs=250))
CLOSED = b"\x88\x02\x11\x38"
NOW = 1_000


class Transport:
    """What a client writes."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.written = b""


def message(seq: int, sent: int = 0, size: int = 0) -> bytes:
    text = mark(seq, sent) + "x" * size
    at = f"{seq}/2026-01-01T00:00:00.{seq:03d}Z/3"
    return framed(encode("message", room="bench", at=at, message={"seq": seq, "text": text}))


def new_crowd() -> Crowd:
    return Crowd(Address(0, "/ws/rooms/bench", ready_mark=b'"type":"subscribed"'), lambda: NOW)


def connected(crowd: Crowd, client: LoadClient | None = None) -> LoadClient:
    client = client or LoadClient(crowd)
    client.connection_made(cast("asyncio.Transport", Transport()))
    client.data_received(OPEN)
    return client


def written(client: LoadClient) -> bytes:
    transport: object = client.transport
    assert isinstance(transport, Transport)
    return transport.written


@given(st.lists(st.integers(0, 70_000), max_size=3), st.data())
def test_frames_are_the_same_wherever_the_stream_is_cut(sizes: list[int], data: st.DataObject) -> None:
    stream = b"".join(message(seq + 1, seq, size) for seq, size in enumerate(sizes)) + SUBSCRIBED + CLOSED
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    crowd = new_crowd()
    client = connected(crowd)
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if start < end:
            client.data_received(stream[start:end])
    assert crowd.deliveries.received == crowd.deliveries.replayed == len(sizes)
    assert list(crowd.deliveries.latencies) == [NOW - sent for sent in range(len(sizes))]
    assert (crowd.ready, dict(crowd.deliveries.closes)) == (1, {4408: 1})


def test_the_same_bytes_are_counted_for_each_client_by_itself() -> None:
    crowd = new_crowd()
    one, other = connected(crowd), connected(crowd)
    for client in (one, other):
        client.data_received(SUBSCRIBED)
    one.data_received(message(1))
    other.data_received(message(1))
    other.data_received(message(2))
    one.data_received(message(3))
    other.data_received(message(3))
    other.data_received(message(3))
    assert (crowd.deliveries.received, crowd.deliveries.duplicates, crowd.deliveries.out_of_order) == (
        5,
        1,
        0,
    )
    assert (one.inbox.missing, other.inbox.missing) == ({2}, set())


def test_the_rest_of_a_frame_is_not_taken_for_the_chunk_that_everybody_got() -> None:
    crowd = new_crowd()
    one, other = connected(crowd), connected(crowd)
    frame = message(1)
    one.data_received(frame)
    other.data_received(frame[:10])
    other.data_received(frame[10:])
    other.data_received(frame)
    assert (crowd.deliveries.received, crowd.deliveries.duplicates) == (2, 1)


def test_what_comes_before_subscribed_is_replayed_and_what_comes_after_is_live() -> None:
    crowd = new_crowd()
    client = connected(crowd)
    client.data_received(message(1) + message(2) + SUBSCRIBED + message(3))
    client.data_received(message(4))
    assert (crowd.deliveries.received, crowd.deliveries.replayed) == (4, 2)


def test_a_client_comes_back_from_the_last_position_that_it_received() -> None:
    crowd = new_crowd()
    client = connected(crowd)
    assert b"GET /ws/rooms/bench HTTP" in written(client)
    client.data_received(SUBSCRIBED)
    assert client.at == "2/2026-01-01T00:00:00.002Z/7"
    client.data_received(message(3) + message(4)[:-1])
    crowd.returns_s = None
    client.connection_lost(None)
    connected(crowd, client)
    assert b"?since=3/2026-01-01T00:00:00.003Z/3 HTTP" in written(client)


def test_what_a_client_had_half_received_is_forgotten_with_its_connection() -> None:
    crowd = new_crowd()
    client = connected(crowd)
    client.data_received(SUBSCRIBED + message(1) + message(2)[:-1])
    client.connection_lost(None)
    connected(crowd, client).data_received(message(2) + SUBSCRIBED)
    deliveries = crowd.deliveries
    assert (deliveries.received, deliveries.duplicates, deliveries.replayed, deliveries.losses) == (
        2,
        0,
        1,
        1,
    )


def test_resets_are_counted_and_a_wish_to_come_back_later_is_kept() -> None:
    crowd = new_crowd()
    client = connected(crowd)
    client.data_received(RESET + SUBSCRIBED + GOING_AWAY)
    assert (crowd.deliveries.resets, client.wait_s, crowd.ready) == (1, 0.25, 1)


def test_a_ping_is_answered() -> None:
    client = connected(new_crowd())
    client.data_received(b"\x89\x02hi")
    assert written(client).endswith(b"\x8a\x82\0\0\0\0hi")


async def test_a_refused_handshake_ends_the_run() -> None:
    crowd = new_crowd()
    client = LoadClient(crowd)
    client.connection_made(cast("asyncio.Transport", Transport()))
    client.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(RuntimeError, match="403"):
        await crowd.until(lambda: False)


def test_a_text_without_a_marker_is_no_message() -> None:
    chunk = take_apart(SUBSCRIBED + message(1, 2))
    assert chunk.messages is None
    assert [type(frame).__name__ for frame in chunk.frames] == ["Other", "Message"]
