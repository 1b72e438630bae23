"""What a task tells CloudWatch, and what it counts of those whom it turns away."""

import json
import logging

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from gateway.logs import JsonLines
from gateway.metrics import Metrics, embedded
from tests.gateway.conftest import Serve


def test_the_state_is_one_line_of_the_embedded_metric_format_by_deployment() -> None:
    metrics = Metrics()
    metrics.turned_away(403)
    numbers = metrics.state(2, 1, is_breaker_open=True, has_fault=False)
    record = logging.makeLogRecord({"msg": "state", **embedded(numbers, "chat-test", 1_700_000_000_000)})
    line = json.loads(JsonLines().format(record))
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_000
    assert (directive["Namespace"], directive["Dimensions"]) == ("Chat", [["deployment"]])
    assert line["deployment"] == "chat-test"
    assert {each["Name"]: line[each["Name"]] for each in directive["Metrics"]} == {
        "GatewayConnections": 2,
        "GatewayRooms": 1,
        "GatewayLagP95Ms": 0.0,
        "GatewayBreakerOpen": 1.0,
        "GatewayServiceFault": 0.0,
        "GatewayRefusedHandshakes": 1,
    }
    again = metrics.state(2, 1, is_breaker_open=False, has_fault=False)
    assert again["GatewayRefusedHandshakes"] == 0


async def test_a_handshake_that_is_refused_is_counted_by_its_status(serve: Serve) -> None:
    async with serve(deployment_name="chat-test") as local:
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{local.port}/ws", origin=Origin("https://elsewhere.example"))
        assert await local.metric('chat_gateway_refused_handshakes_total{status="403"}') == 1
        state = local.gateway.state()
        assert (state["deployment"], state["GatewayRefusedHandshakes"]) == ("chat-test", 1)
