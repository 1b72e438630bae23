"""The realtime protocol, frame by frame, without a socket."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from simulator.protocol import (
    BAD_CREDENTIALS,
    NO_CREDENTIALS,
    NO_PROTOCOL,
    Action,
    Close,
    Connection,
    ConnectionRefusal,
    Send,
    Subscribe,
    Unsubscribe,
    data_prefix,
)

UNSUPPORTED = {
    "type": "error",
    "payload": {
        "errors": [
            {
                "errorType": "UnsupportedOperation",
                "message": "unknown not supported through the realtime channel",
            }
        ]
    },
}
UNAUTHORIZED = ConnectionRefusal(401, "UnauthorizedException", "You are not authorized to make this call.")


def frames(actions: Sequence[Action]) -> list[Any]:
    return [json.loads(action.text) if isinstance(action, Send) else action for action in actions]


def start(id_: str = "1", **request: Any) -> str:
    data = json.dumps({"query": "subscription { onMessage { id } }", **request})
    authorization = {"host": "h", "Authorization": "token"}
    payload = {"data": data, "extensions": {"authorization": authorization}}
    return json.dumps({"id": id_, "type": "start", "payload": payload})


def stop(id_: str) -> str:
    return json.dumps({"id": id_, "type": "stop"})


def started(connection: Connection, id_: str = "1") -> Subscribe:
    (action,) = connection.receive_text(start(id_))
    assert isinstance(action, Subscribe)
    return action


@pytest.mark.parametrize("extra", [{}, {"payload": {}}, {"payload": None}])
def test_connection_init_is_acknowledged_and_followed_by_ka(extra: dict[str, Any]) -> None:
    sent = frames(Connection().receive_text(json.dumps({"type": "connection_init", **extra})))
    assert sent == [
        {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}},
        {"type": "ka"},
    ]


def test_ka_flows_even_if_connection_init_never_came() -> None:
    assert frames(Connection().keep_alive_due()) == [{"type": "ka"}]


def test_a_start_before_connection_init_is_handled_like_any_other() -> None:
    connection = Connection()
    assert frames(connection.subscribed(started(connection))) == [{"type": "start_ack", "id": "1"}]


def test_a_start_carries_its_own_request_and_credentials() -> None:
    connection = Connection()
    (action,) = connection.receive_text(start("x", variables={"a": 1}, operationName="S"))
    assert action == Subscribe(
        ticket=0,
        id="x",
        query="subscription { onMessage { id } }",
        variables={"a": 1},
        operation_name="S",
        authorization={"host": "h", "authorization": "token"},
        data=json.loads(start("x", variables={"a": 1}, operationName="S"))["payload"]["data"],
    )


@pytest.mark.parametrize("variables", [{}, {"variables": None}, {"variables": {}}])
def test_variables_may_be_absent_null_or_empty(variables: dict[str, Any]) -> None:
    (action,) = Connection().receive_text(start(**variables))
    assert isinstance(action, Subscribe)
    assert action.variables == {}


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (NO_CREDENTIALS, {"message": "Required headers are missing.", "errorCode": 400}),
        (BAD_CREDENTIALS, {"errorType": "BadRequest", "errorCode": 400}),
        (
            UNAUTHORIZED,
            {
                "errorType": "UnauthorizedException",
                "message": "You are not authorized to make this call.",
                "errorCode": 401,
            },
        ),
    ],
)
def test_a_refused_connection_says_why_after_the_first_frame_and_closes(
    refusal: ConnectionRefusal, error: dict[str, Any]
) -> None:
    connection = Connection(refusal)
    assert connection.opened() == ()
    assert frames(connection.receive_text('{"type":"connection_init"}')) == [
        {"type": "connection_error", "payload": {"errors": [error]}},
        Close(1000),
    ]
    assert connection.receive_text('{"type":"connection_init"}') == ()
    assert connection.silence_is_over() == ()


def test_a_refused_client_that_stays_silent_gets_the_error_after_its_grace_and_no_ka() -> None:
    connection = Connection(NO_CREDENTIALS)
    assert connection.keep_alive_due() == ()
    assert frames(connection.silence_is_over())[-1] == Close(1000)


def test_a_client_without_the_subprotocol_gets_the_error_at_once() -> None:
    assert frames(Connection(NO_PROTOCOL).opened()) == [
        {
            "type": "connection_error",
            "payload": {"errors": [{"message": "NoProtocolError", "errorCode": 400}]},
        },
        Close(1000),
    ]


BAD_FRAMES = [
    "",
    "nonsense",
    "null",
    "[]",
    "3",
    '"start"',
    "{}",
    "NaN",
    '{"type":3}',
    '{"type":"surprise"}',
    '{"type":"ka"}',
    '{"type":"start"}',
    '{"type":"start","id":"1"}',
    '{"type":"start","id":"1","payload":null}',
    '{"type":"start","id":"1","payload":{"data":{"query":"subscription { a }"}}}',
    '{"type":"start","id":"1","payload":{"data":"not json"}}',
    '{"type":"start","id":"1","payload":{"data":"{}"}}',
    '{"type":"start","id":"1","payload":{"data":"{\\"query\\":1}"}}',
    '{"type":"start","id":"1","payload":{"data":"{\\"query\\":\\"x\\",\\"variables\\":[1]}"}}',
    '{"type":"start","id":"1","payload":{"data":"{\\"query\\":\\"x\\",\\"operationName\\":1}"}}',
    '{"type":"start","id":1,"payload":{"data":"{\\"query\\":\\"x\\"}"}}',
    '{"type":"stop"}',
    '{"type":"stop","id":7}',
    '{"type":"stop","id":"' + "x" * 1025 + '"}',
    start("x" * 1025),
    "[" * 100_000,
    "1" * 10_000,
]


@pytest.mark.parametrize("text", BAD_FRAMES, ids=lambda text: text[:40])
def test_what_is_no_frame_is_answered_without_an_id_and_the_connection_goes_on(text: str) -> None:
    connection = Connection()
    assert frames(connection.receive_text(text)) == [UNSUPPORTED]
    assert frames(connection.subscribed(started(connection))) == [{"type": "start_ack", "id": "1"}]


def test_a_binary_frame_is_answered_without_an_id_and_the_connection_goes_on() -> None:
    connection = Connection()
    assert frames(connection.receive_binary()) == [UNSUPPORTED]
    assert started(connection).id == "1"


def test_a_frame_that_is_too_long_closes_the_connection_with_1009() -> None:
    connection = Connection(max_frame=10)
    assert connection.receive_text("x" * 11) == (Close(1009),)
    assert connection.receive_text("{}") == ()


@pytest.mark.parametrize("kind", ["query", "mutation", "unknown"])
def test_a_start_that_is_no_subscription_is_answered_without_an_id_and_frees_the_id(kind: str) -> None:
    connection = Connection()
    (error,) = frames(connection.not_a_subscription(started(connection), kind))
    assert error == {
        "type": "error",
        "payload": {
            "errors": [
                {
                    "errorType": "UnsupportedOperation",
                    "message": f"{kind} not supported through the realtime channel",
                }
            ]
        },
    }
    assert started(connection).ticket == 1


def test_a_refused_start_gets_an_error_with_its_id_and_frees_the_id() -> None:
    connection = Connection()
    errors = [{"errorType": "NotRoomMember", "message": "not in it"}]
    assert frames(connection.subscription_refused(started(connection), errors)) == [
        {"type": "error", "id": "1", "payload": {"errors": errors}}
    ]
    assert started(connection).ticket == 1


@pytest.mark.parametrize("is_live", [True, False])
def test_an_id_that_is_in_use_is_refused_and_its_subscription_goes_on(is_live: bool) -> None:
    connection = Connection()
    first = started(connection)
    if is_live:
        connection.subscribed(first)
    (error,) = frames(connection.receive_text(start("1")))
    assert error == {
        "type": "error",
        "id": "1",
        "payload": {
            "errors": [{"errorType": "DuplicatedOperationError", "message": "Duplicated operation with id 1"}]
        },
    }
    assert connection.receive_text(stop("1"))[0] == Unsubscribe(first.ticket)


def test_the_subscription_beyond_the_limit_is_refused_with_errors_as_an_object() -> None:
    connection = Connection(max_subscriptions=2)
    started(connection, "a")
    connection.subscribed(started(connection, "b"))
    (error,) = frames(connection.receive_text(start("c")))
    assert error == {
        "type": "error",
        "id": "c",
        "payload": {
            "errors": {
                "errorType": "MaxSubscriptionsReachedError",
                "message": "Max number of 2 subscriptions reached",
            }
        },
    }
    connection.receive_text(stop("a"))
    assert started(connection, "c").id == "c"


def test_stop_ends_a_subscription_and_completes_it() -> None:
    connection = Connection()
    action = started(connection, "é\n")
    connection.subscribed(action)
    assert frames(connection.receive_text(stop("é\n"))) == [
        Unsubscribe(action.ticket),
        {"type": "complete", "id": "é\n"},
    ]


def test_stop_of_an_id_that_is_not_there_is_completed() -> None:
    assert frames(Connection().receive_text(stop("9"))) == [{"type": "complete", "id": "9"}]


def test_a_start_that_was_stopped_while_it_was_judged_is_neither_acknowledged_nor_refused() -> None:
    connection = Connection()
    action = started(connection)
    assert connection.receive_text(stop("1"))[0] == Unsubscribe(action.ticket)
    assert connection.subscribed(action) == ()
    assert connection.subscription_refused(action, []) == ()
    assert connection.not_a_subscription(action, "query") == ()


def test_the_verdict_on_a_stopped_start_does_not_touch_a_new_start_with_its_id() -> None:
    connection = Connection()
    old = started(connection)
    connection.receive_text(stop("1"))
    new = started(connection)
    assert connection.subscription_refused(old, []) == ()
    assert frames(connection.subscribed(new)) == [{"type": "start_ack", "id": "1"}]


def test_nothing_is_acknowledged_once_the_connection_is_closed() -> None:
    connection = Connection()
    action = started(connection)
    connection.closed = True
    assert connection.subscribed(action) == ()
    assert connection.keep_alive_due() == ()


def test_a_data_frame_is_its_prefix_its_payload_and_a_brace() -> None:
    frame = data_prefix('a"é') + b'{"data":{}}' + b"}"
    assert json.loads(frame) == {"id": 'a"é', "type": "data", "payload": {"data": {}}}
