"""One client's connection: every frame has its answer, and whatever comes, the state stays in order."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.rate import Rate
from chat.rules.rooms import Room
from gateway import frames
from gateway.connection import AUTH_SECONDS, Action, Close, CloseCode, Connection, Limits, Reply, Verify
from gateway.tail import Position

LOBBY, DEN = Room.parse("lobby"), Room.parse("GUILD#dragons")
HELLO = frames.encode("hello")


def connected(room: Room | None = None, limits: Limits | None = None, since: int | None = None) -> Connection:
    return Connection(room, since, limits or Limits(), now=0.0)


def opened(room: Room | None = None, limits: Limits | None = None) -> Connection:
    connection = connected(room, limits)
    assert connection.credentials("t") == [Verify("t")]
    connection.authenticated(HELLO, expires=3_600.0)
    return connection


def say(connection: Connection, now: float = 1.0, **frame: Any) -> list[Action]:
    return connection.receive_text(json.dumps(frame), now)


def told(action: Action) -> dict[str, Any]:
    assert isinstance(action, Reply)
    loaded: dict[str, Any] = json.loads(action.text)
    return loaded


def test_the_first_frame_may_bring_the_token() -> None:
    connection = connected(LOBBY)
    assert say(connection, type="auth", token="a.b.c") == [Verify("a.b.c")]
    assert connection.authenticated(HELLO, expires=60.0) == [
        Reply(HELLO),
        frames.Subscribe(LOBBY, None),
    ]


def test_the_address_tells_where_the_client_was() -> None:
    connection = connected(LOBBY, since=17)
    connection.credentials("t")
    assert connection.authenticated(HELLO, expires=60.0)[1] == frames.Subscribe(LOBBY, 17)


@pytest.mark.parametrize("kind", ["subscribe", "send", "typing", "ping"])
def test_nothing_is_done_for_somebody_unknown(kind: str) -> None:
    connection = connected()
    (action,) = say(connection, type=kind, room="lobby", ref="1", text="hi")
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOKEN_REFUSED


def test_whoever_does_not_say_who_they_are_is_closed_in_time() -> None:
    connection = connected()
    assert connection.tick(AUTH_SECONDS - 0.1) == []
    (action,) = connection.tick(AUTH_SECONDS)
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOKEN_REFUSED


def test_while_a_token_is_verified_nobody_is_told_that_there_was_none() -> None:
    connection = connected()
    connection.credentials("t")
    (action,) = connection.tick(AUTH_SECONDS)
    assert isinstance(action, Close)
    assert action.code == CloseCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NotRoomMember", 4403), ("NotAllowed", 4403), ("InvalidInput", 4403), ("UnauthorizedException", 4401),
        ("ServiceUnavailable", 4503), ("InternalError", 4503), ("Lambda:ExecutionTimeoutException", 4503), ("x" * 200, 4503),
    ],
)  # fmt: skip
def test_only_what_will_not_pass_tells_the_addresss_client_to_stop(name: str, code: int) -> None:
    _, close = opened(LOBBY).subscription_refused(LOBBY, frames.Refusal(name, "No.", {}))
    assert isinstance(close, Close)
    assert close.code == code
    assert len(close.reason.encode()) <= 123


def test_many_rooms_at_once_count_as_several_frames() -> None:
    connection = opened(limits=Limits(rate=Rate(1.0, 20), rooms=100))
    rooms = {f"r{number}": 0 for number in range(100)}
    assert len(say(connection, type="resume", rooms=rooms)) == 100
    assert told(say(connection, type="ping")[0])["errorType"] == "RateLimited"


def test_an_expired_token_ends_the_connection() -> None:
    connection = opened()
    assert connection.deadline == 3_600.0
    assert connection.tick(3_599.0) == []
    (action,) = connection.tick(3_600.0)
    assert action == Close(CloseCode.TOKEN_REFUSED, "the token has expired")
    assert say(connection, type="ping") == []


def test_a_refused_token_ends_the_connection() -> None:
    connection = connected()
    connection.credentials("t")
    assert connection.token_refused() == [Close(CloseCode.TOKEN_REFUSED, "the token was refused")]
    assert connection.authenticated(HELLO, expires=60.0) == []


def test_a_second_token_is_an_error() -> None:
    assert isinstance(say(opened(), type="auth", token="t")[0], Close)


def test_rooms_are_subscribed_to_resumed_and_left() -> None:
    connection = opened()
    at = Position(3, "2026-01-31T12:00:00.000Z", 5)
    assert say(connection, type="subscribe", room="lobby", typing=True, later="ignored") == [
        frames.Subscribe(LOBBY, None, receipts=False, typing=True)
    ]
    assert say(connection, type="resume", rooms={"lobby": str(at), "GUILD#dragons": 4}) == [
        frames.Subscribe(LOBBY, at),
        frames.Subscribe(DEN, 4),
    ]
    assert set(connection.rooms) == {"lobby", "GUILD#dragons"}
    assert say(connection, type="unsubscribe", room="lobby") == [frames.Unsubscribe(LOBBY)]
    assert say(connection, type="unsubscribe", room="lobby") == []


def test_a_connection_hears_so_many_rooms_and_no_more() -> None:
    connection = opened(limits=Limits(rooms=1))
    say(connection, type="subscribe", room="lobby")
    (action,) = say(connection, type="subscribe", room="other")
    assert told(action)["errorType"] == "InvalidInput"
    assert say(connection, type="subscribe", room="lobby") != []


def test_sends_marks_and_questions_go_through_with_what_they_name() -> None:
    connection = opened()
    send = say(connection, type="send", ref="r1", room="lobby", text="hi", clientMessageId="c1")
    arguments = {"text": "hi", "clientMessageId": "c1", "attachments": None}
    assert send == [frames.Send("r1", LOBBY, arguments)]
    assert say(connection, type="delivered", room="lobby", seq=3) == []
    say(connection, type="subscribe", room="lobby")
    assert say(connection, type="delivered", room="lobby", seq=3) == [frames.Mark("delivered", LOBBY, 3)]
    assert say(connection, type="read", room="lobby", seq=3) == [frames.Mark("read", LOBBY, 3)]
    assert say(connection, type="typing", room="lobby") == [frames.Typing(LOBBY)]
    assert say(connection, type="presence", room="lobby") == [frames.Presence(LOBBY)]
    assert told(say(connection, type="ping", ref="p")[0]) == {"type": "pong", "ref": "p"}


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "1", "null", '"hi"', '{"type": 1}', '{"type": "shout"}', '{"type": "subscribe", "since": NaN}',
        '{"type": "send", "room": "lobby", "text": "hi"}', '{"type": "resume", "rooms": []}', "[" * 5_000,
        '{"type": "delivered", "room": "lobby", "seq": true}', '{"type": "delivered", "room": "lobby", "seq": -1}',
        '{"type": "ping", "ref": "' + "x" * 129 + '"}',
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_is_no_frame_ends_the_connection_with_a_reason(text: str) -> None:
    (action,) = opened().receive_text(text, 1.0)
    assert isinstance(action, Close)
    assert action.code == CloseCode.BAD_FRAME
    assert len(action.reason.encode()) <= 123, "a close frame holds no more (RFC 6455, section 5.5)"


@pytest.mark.parametrize("room", [None, 1, "", "no room", "GUILD#", "x" * 129])
def test_a_bad_value_is_refused_and_the_connection_goes_on(room: object) -> None:
    connection = opened()
    assert told(say(connection, type="subscribe", room=room)[0])["errorType"] == "InvalidInput"
    assert say(connection, type="ping") != []


@pytest.mark.parametrize("since", [-1, 1.5, True, "17", "a/b/c", "-1//0", "1" * 200, [], {}])
def test_a_position_that_nobody_told_is_refused(since: object) -> None:
    assert told(say(opened(), type="subscribe", room="lobby", since=since)[0])["errorType"] == "InvalidInput"


def test_binary_frames_are_not_used() -> None:
    assert isinstance(opened().receive_binary()[0], Close)


def test_a_flood_is_refused_and_then_ended() -> None:
    connection = opened(limits=Limits(Rate(10.0, 5), patience=3))
    answers = [say(connection, type="ping")[0] for _ in range(9)]
    assert [told(each)["type"] for each in answers[:8]] == ["pong"] * 5 + ["refused"] * 3
    assert told(answers[5])["values"]["retryAfterMs"] == 100
    assert answers[8] == Close(CloseCode.TOO_MANY, "too many frames")


def test_whoever_waits_may_speak_again() -> None:
    connection = opened(limits=Limits(Rate(10.0, 1)))
    assert told(say(connection, 1.0, type="ping")[0])["type"] == "pong"
    assert told(say(connection, 1.05, type="ping")[0])["type"] == "refused"
    assert told(say(connection, 1.1, type="ping")[0])["type"] == "pong"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NotRoomMember", CloseCode.NOT_ALLOWED),
        ("NotAllowed", CloseCode.NOT_ALLOWED),
        ("ServiceUnavailable", CloseCode.UNAVAILABLE),
    ],
)
def test_the_addresss_own_room_takes_the_connection_with_it(name: str, code: CloseCode) -> None:
    connection = opened(LOBBY)
    refusal = frames.Refusal(name, "No.", {})
    reply, close = connection.subscription_refused(LOBBY, refusal)
    assert told(reply)["errorType"] == name
    assert close == Close(code, name)


def test_another_room_does_not() -> None:
    connection = opened(LOBBY)
    say(connection, type="subscribe", room="other")
    assert (
        len(connection.subscription_refused(Room.parse("other"), frames.Refusal("NotRoomMember", "No.", {})))
        == 1
    )
    say(connection, type="subscribe", room="other")
    assert [told(each) for each in connection.removed(Room.parse("other"))] == [
        {"type": "removed", "room": "other"}
    ]
    assert connection.removed(Room.parse("other")) == []


def test_somebody_removed_from_the_addresss_room_is_closed() -> None:
    reply, close = opened(LOBBY).removed(LOBBY)
    assert told(reply) == {"type": "removed", "room": "lobby"}
    assert close == Close(CloseCode.NOT_ALLOWED, "NotRoomMember")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        "auth",
        "subscribe",
        "resume",
        "unsubscribe",
        "send",
        "delivered",
        "read",
        "typing",
        "presence",
        "ping",
        "other",
    ]
)
FRAMES = st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}),
    KINDS,
    st.dictionaries(
        st.sampled_from(["room", "rooms", "ref", "text", "seq", "since", "token", "clientMessageId"]), JSON
    ),
)


@given(st.lists(FRAMES | st.text(max_size=50), max_size=30), st.booleans())
def test_any_frames_leave_the_state_in_order(texts: list[str], known: bool) -> None:
    connection = opened(LOBBY, Limits(rooms=2)) if known else connected(LOBBY)
    for text in texts:
        was_closed = connection.state == "closed"
        actions = connection.receive_text(text, 1.0)
        assert not (was_closed and actions)
        closes = [each for each in actions if isinstance(each, Close)]
        assert bool(closes) == (connection.state == "closed" and not was_closed)
        if not known:
            assert all(isinstance(each, Close | Verify | Reply) for each in actions)
        for each in closes:
            assert len(each.reason.encode()) <= 123
        assert len(connection.rooms) <= 2


@given(st.text())
def test_a_frame_is_framed_as_the_rfc_says(text: str) -> None:
    """RFC 6455, section 5.2, read back by a core that is not ours."""
    from websockets.client import ClientProtocol
    from websockets.frames import Frame, Opcode
    from websockets.protocol import OPEN
    from websockets.uri import parse_uri

    clean = text.encode(errors="ignore").decode() * 50
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN, max_size=None)
    client.receive_data(frames.server_frame(clean))
    (frame,) = client.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, clean.encode())
