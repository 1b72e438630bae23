"""One client's connection: every frame has its answer, and whatever comes, the state stays in order."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.rate import Rate
from chat.rules.rooms import Room
from gateway import client_frames, server_frames
from gateway.connection import Action, Close, CloseCode, Connection, Limits, Reply, Verify
from gateway.position import RoomPosition
from gateway.verbs import FRAMES as FRAMES_OF_VERBS
from gateway.verbs import VERBS

LOBBY, DEN = Room.parse("lobby"), Room.parse("GUILD#dragons")
HELLO = server_frames.encode("hello")


def connected(room: Room | None = None, limits: Limits | None = None, since: int | None = None) -> Connection:
    return Connection(room, since, limits or Limits(), now=0.0)


def opened(room: Room | None = None, limits: Limits | None = None) -> Connection:
    connection = connected(room, limits)
    assert connection.credentials("t") == [Verify("t")]
    connection.authenticated(HELLO, expires=3_600.0)
    return connection


def receive(connection: Connection, now: float = 1.0, **frame: Any) -> list[Action]:
    return connection.receive_text(json.dumps(frame), now)


def reply_of(action: Action) -> dict[str, Any]:
    assert isinstance(action, Reply)
    loaded: dict[str, Any] = json.loads(action.text)
    return loaded


def test_the_first_frame_may_bring_the_token() -> None:
    connection = connected(LOBBY)
    assert receive(connection, type="auth", token="a.b.c") == [Verify("a.b.c")]
    assert connection.authenticated(HELLO, expires=60.0) == [
        Reply(HELLO),
        client_frames.Subscribe(room=LOBBY),
    ]


def test_the_address_says_where_the_client_was() -> None:
    connection = connected(LOBBY, since=17)
    connection.credentials("t")
    assert connection.authenticated(HELLO, expires=60.0)[1] == client_frames.Subscribe(room=LOBBY, since=17)


@pytest.mark.parametrize("kind", ["subscribe", "send", "typing", "ping"])
def test_nothing_is_done_for_somebody_unknown(kind: str) -> None:
    connection = connected()
    (action,) = receive(connection, type=kind, room="lobby", ref="1", text="hi")
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOKEN_REFUSED


def test_whoever_does_not_say_who_they_are_is_closed_in_time() -> None:
    connection = connected()
    assert connection.tick(Limits().handshake_seconds - 0.1) == []
    (action,) = connection.tick(Limits().handshake_seconds)
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOKEN_REFUSED


def test_while_a_token_is_verified_nobody_is_closed_as_if_there_were_none() -> None:
    connection = connected()
    connection.credentials("t")
    (action,) = connection.tick(Limits().handshake_seconds)
    assert isinstance(action, Close)
    assert action.code == CloseCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NotRoomMember", 4403), ("NotAllowed", 4403), ("InvalidInput", 4403), ("UnauthorizedException", 4401),
        ("ServiceUnavailable", 4503), ("InternalError", 4503), ("Lambda:ExecutionTimeoutException", 4503), ("x" * 200, 4503),
    ],
)  # fmt: skip
def test_only_what_will_not_pass_says_that_the_addresss_client_should_stop(name: str, code: int) -> None:
    _, close = opened(LOBBY).subscription_refused(LOBBY, server_frames.Refusal(name, "No.", {}))
    assert isinstance(close, Close)
    assert close.code == code
    assert len(close.reason.encode()) <= 123


def test_many_rooms_at_once_count_as_several_frames() -> None:
    connection = opened(limits=Limits(rate=Rate(1.0, 20), rooms=100))
    rooms = {f"r{number}": 0 for number in range(100)}
    assert len(receive(connection, type="resume", rooms=rooms)) == 100
    assert reply_of(receive(connection, type="ping")[0])["errorType"] == "RateLimited"


def test_an_expired_token_ends_the_connection() -> None:
    connection = opened()
    assert connection.deadline == 3_600.0
    assert connection.tick(3_599.0) == []
    (action,) = connection.tick(3_600.0)
    assert action == Close(CloseCode.TOKEN_REFUSED, "the token has expired")
    assert receive(connection, type="ping") == []


def test_a_refused_token_ends_the_connection() -> None:
    connection = connected()
    connection.credentials("t")
    assert connection.token_refused() == [Close(CloseCode.TOKEN_REFUSED, "the token was refused")]
    assert connection.authenticated(HELLO, expires=60.0) == []


def test_a_token_while_another_is_verified_is_an_error() -> None:
    connection = connected()
    connection.credentials("t")
    assert isinstance(receive(connection, type="auth", token="t")[0], Close)


def test_a_fresh_token_takes_the_place_of_the_one_before() -> None:
    connection = opened()
    assert receive(connection, type="auth", token="fresh") == [Verify("fresh")]
    (answer,) = connection.renewed("bob", expires=7_200.0, expires_in_ms=3_600_000)
    assert reply_of(answer) == {"type": "authenticated", "user": "bob", "expiresInMs": 3_600_000}
    assert connection.deadline == 7_200.0
    assert connection.tick(3_600.0) == []


def test_while_a_fresh_token_cannot_be_verified_the_one_before_counts() -> None:
    connection = opened()
    receive(connection, type="auth", token="fresh")
    assert reply_of(connection.keys_unavailable()[0])["errorType"] == "ServiceUnavailable"
    assert connection.tick(3_600.0) == [Close(CloseCode.TOKEN_REFUSED, "the token has expired")]
    assert connection.renewed("bob", expires=7_200.0, expires_in_ms=1) == []


def test_a_fresh_token_of_a_length_that_none_has_is_refused() -> None:
    assert receive(opened(), type="auth", token="x" * 8_193) == [
        Close(CloseCode.TOKEN_REFUSED, "the token was refused")
    ]


def test_rooms_are_subscribed_to_resumed_and_left() -> None:
    connection = opened()
    position = RoomPosition(3, "2026-01-31T12:00:00.000Z", 5)
    assert receive(connection, type="subscribe", room="lobby", typing=True, later="ignored") == [
        client_frames.Subscribe(room=LOBBY, typing=True)
    ]
    assert receive(connection, type="resume", rooms={"lobby": str(position), "GUILD#dragons": 4}) == [
        client_frames.Subscribe(room=LOBBY, since=position),
        client_frames.Subscribe(room=DEN, since=4),
    ]
    assert set(connection.rooms) == {"lobby", "GUILD#dragons"}
    assert receive(connection, type="unsubscribe", room="lobby") == [client_frames.Unsubscribe(room=LOBBY)]
    assert receive(connection, type="unsubscribe", room="lobby") == []


def test_a_connection_receives_so_many_rooms_and_no_more() -> None:
    connection = opened(limits=Limits(rooms=1))
    receive(connection, type="subscribe", room="lobby")
    (action,) = receive(connection, type="subscribe", room="other")
    assert reply_of(action)["errorType"] == "InvalidInput"
    assert receive(connection, type="subscribe", room="lobby") != []


def test_sends_marks_and_requests_go_through_with_what_they_name() -> None:
    connection = opened()
    send = receive(connection, type="send", ref="r1", room="lobby", text="hi", clientMessageId="c1")
    given = {"ref": "r1", "room": LOBBY, "text": "hi", "clientMessageId": "c1"}
    assert send == [FRAMES_OF_VERBS["send"].model_validate(given)]
    assert receive(connection, type="delivered", room="lobby", seq=3) == []
    receive(connection, type="subscribe", room="lobby")
    assert receive(connection, type="delivered", room="lobby", seq=3) == [
        client_frames.Mark(type="delivered", room=LOBBY, seq=3)
    ]
    assert receive(connection, type="read", room="lobby", seq=3) == [
        client_frames.Mark(type="read", room=LOBBY, seq=3)
    ]
    assert receive(connection, type="typing", room="lobby") == [client_frames.Typing(room=LOBBY)]
    assert receive(connection, type="presence", room="lobby") == [client_frames.Presence(room=LOBBY)]
    assert reply_of(receive(connection, type="ping", ref="p")[0]) == {"type": "pong", "ref": "p"}


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
    assert reply_of(receive(connection, type="subscribe", room=room)[0])["errorType"] == "InvalidInput"
    assert receive(connection, type="ping") != []


@pytest.mark.parametrize(
    "since",
    [
        -1, 1.5, True, "17", "a/b/c", "-1//0", "1" * 200, [], {}, 2**31, "1/x/2", "1/2026-01-31/2", "1/2026-02-30T12:00:00.000Z/2",
        "1/1969-12-31T23:59:59.000Z/2", "2147483648//2", "1//2147483648", "+1//2", " 1//2", "1_0//2", "٣//2", "1//2/3", "1/2",
    ],
    ids=str,
)  # fmt: skip
def test_a_position_that_no_frame_had_is_refused(since: object) -> None:
    assert (
        reply_of(receive(opened(), type="subscribe", room="lobby", since=since)[0])["errorType"]
        == "InvalidInput"
    )


def test_binary_frames_are_not_used() -> None:
    assert isinstance(opened().receive_binary()[0], Close)


def test_a_flood_is_refused_and_then_ended() -> None:
    connection = opened(limits=Limits(Rate(10.0, 5), excess_frames=3))
    answers = [receive(connection, type="ping")[0] for _ in range(9)]
    assert [reply_of(each)["type"] for each in answers[:8]] == ["pong"] * 5 + ["refused"] * 3
    assert reply_of(answers[5])["values"]["retryAfterMs"] == 100
    assert answers[8] == Close(CloseCode.TOO_MANY, "too many frames")


def test_short_bursts_are_forgiven_and_a_flood_is_not() -> None:
    connection = opened(limits=Limits(Rate(20.0, 100)))
    for burst in range(50):
        answers = [receive(connection, 1.0 + 6.0 * burst, type="ping")[0] for _ in range(125)]
        assert [reply_of(each)["type"] for each in answers] == ["pong"] * 100 + ["refused"] * 25
    flood = [receive(connection, 400.0 + number / 60, type="ping") for number in range(600)]
    assert [Close(CloseCode.TOO_MANY, "too many frames")] in flood


def test_whoever_waits_may_send_again() -> None:
    connection = opened(limits=Limits(Rate(10.0, 1)))
    assert reply_of(receive(connection, 1.0, type="ping")[0])["type"] == "pong"
    assert reply_of(receive(connection, 1.05, type="ping")[0])["type"] == "refused"
    assert reply_of(receive(connection, 1.1, type="ping")[0])["type"] == "pong"


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
    refusal = server_frames.Refusal(name, "No.", {})
    reply, close = connection.subscription_refused(LOBBY, refusal)
    assert reply_of(reply)["errorType"] == name
    assert close == Close(code, name)


def test_another_room_does_not() -> None:
    connection = opened(LOBBY)
    receive(connection, type="subscribe", room="other")
    assert (
        len(
            connection.subscription_refused(
                Room.parse("other"), server_frames.Refusal("NotRoomMember", "No.", {})
            )
        )
        == 1
    )
    receive(connection, type="subscribe", room="other")
    assert [reply_of(each) for each in connection.removed(Room.parse("other"))] == [
        {"type": "removed", "room": "other"}
    ]
    assert connection.removed(Room.parse("other")) == []


def test_somebody_removed_from_the_addresss_room_is_closed() -> None:
    reply, close = opened(LOBBY).removed(LOBBY)
    assert reply_of(reply) == {"type": "removed", "room": "lobby"}
    assert close == Close(CloseCode.NOT_ALLOWED, "NotRoomMember")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KINDS = st.sampled_from(
    ["auth", "subscribe", "resume", "unsubscribe", "delivered", "read", "typing", "presence", "here", "ping", "other", *VERBS]
)  # fmt: skip
FIELDS = ["room", "rooms", "ref", "seq", "since", "token", "status", "watching", "traceparent"]
FIELDS += sorted({name for verb in VERBS.values() for name in verb.arguments})
FRAMES = st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}),
    KINDS,
    st.dictionaries(st.sampled_from(FIELDS), JSON),
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
