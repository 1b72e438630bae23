"""The realtime protocol without a socket: what frames say is kept, and what the protocol does not have is a fault."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proving.graphql_http import Refusal
from proving.limits import FRAMES
from proving.realtime_protocol import Connection, init, start, stop, subprotocols


def heard(*frames: object) -> Connection:
    connection = Connection()
    for frame in frames:
        connection.receive(frame if isinstance(frame, str) else json.dumps(frame))
    return connection


def test_credentials_go_as_a_subprotocol_without_padding() -> None:
    protocol, credentials = subprotocols({"host": "h", "Authorization": "token?>"})
    assert protocol == "graphql-ws"
    text = credentials.removeprefix("header-")
    assert "=" not in text
    decoded = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert decoded == {"host": "h", "Authorization": "token?>"}


def test_what_is_sent_is_appsyncs() -> None:
    assert json.loads(init()) == {"type": "connection_init"}
    assert json.loads(stop("1")) == {"type": "stop", "id": "1"}
    sent = json.loads(start("1", "subscription { x }", {"a": 1}, {"host": "h"}))
    assert json.loads(sent["payload"]["data"]) == {"query": "subscription { x }", "variables": {"a": 1}}
    assert sent["payload"]["extensions"] == {"authorization": {"host": "h"}}


def test_a_subscriptions_life_is_kept() -> None:
    connection = heard(
        {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300_000}},
        {"type": "ka"},
        {"type": "start_ack", "id": "1"},
        {"type": "data", "id": "1", "payload": {"data": {"x": 1}}},
        {"type": "complete", "id": "1"},
        {"type": "error", "id": "2", "payload": {"errors": [{"errorType": "E", "message": "m"}]}},
    )
    assert connection.ack == {"connectionTimeoutMs": 300_000}
    assert (connection.kept_alive, connection.acknowledged, connection.completed) == (1, {"1"}, {"1"})
    assert connection.events == {"1": [{"data": {"x": 1}}]}
    assert connection.refused == {"2": Refusal("E", "m")}
    assert connection.faults == []


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        {"type": "next"},
        {"type": "start_ack"},
        {"type": "data", "id": "1"},
        {"type": "error", "payload": {}},
        {"type": ["ka"]},
    ],
    ids=str,
)
def test_what_the_protocol_does_not_have_is_a_fault(frame: object) -> None:
    assert len(heard(frame).faults) == 1


def test_data_after_complete_is_a_fault() -> None:
    data = {"type": "data", "id": "1", "payload": {}}
    assert heard(data, {"type": "complete", "id": "1"}).faults == []
    assert heard({"type": "complete", "id": "1"}, data).faults == ["data of 1 after complete"]


def test_no_more_frames_are_kept_than_the_limit() -> None:
    connection = Connection()
    for _ in range(FRAMES + 5):
        connection.receive('{"type": "data", "id": "1", "payload": {}}')
    assert len(connection.events["1"]) == FRAMES
    assert len(connection.faults) == 1


@given(
    st.lists(
        st.text() | st.dictionaries(st.sampled_from(["type", "id", "payload"]), st.text()).map(json.dumps)
    )
)
def test_whatever_comes_is_taken_or_a_fault(frames: list[str]) -> None:
    heard(*frames)
