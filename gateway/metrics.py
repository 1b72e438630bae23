"""What the gateway counts: for Prometheus, and once a minute for CloudWatch."""

from collections import Counter as Counts
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chat.rules.instants import from_wire
from gateway.timeline import RoomEvent

NAMESPACE = "Chat"
"""That of the functions: one dashboard shows both."""
LAG_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """One process's."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lags: Counts[float] = Counts()
        self._refused_handshakes = 0
        of = self.registry
        self.connections = Gauge("chat_gateway_connections", "Open client connections.", registry=of)
        self.unauthenticated = Gauge(
            "chat_gateway_unauthenticated", "Connections that have brought no token yet.", registry=of
        )
        self.displaced = Counter(
            "chat_gateway_displaced_total",
            "Connections without a token that were ended for newer ones.",
            registry=of,
        )
        self.rooms = Gauge("chat_gateway_rooms", "Rooms that have clients here.", registry=of)
        self.upstream_connections = Gauge(
            "chat_gateway_upstream_connections", "Open connections to AppSync.", registry=of
        )
        self.upstream_subscriptions = Gauge(
            "chat_gateway_upstream_subscriptions", "Live subscriptions at AppSync.", registry=of
        )
        self.breaker = Gauge("chat_gateway_breaker_open", "1 while AppSync is not asked.", registry=of)
        self.service_fault = Gauge(
            "chat_gateway_service_fault", "1 while the API does not take the service itself.", registry=of
        )
        self.deliveries = Counter(
            "chat_gateway_deliveries_total", "Events written to clients.", ["source"], registry=of
        )
        self.resumes = Counter(
            "chat_gateway_resumes_total",
            "Clients that came back, by what served them.",
            ["from"],
            registry=of,
        )
        self.closes = Counter(
            "chat_gateway_closes_total", "Connections closed by the gateway.", ["code"], registry=of
        )
        self.refused_handshakes = Counter(
            "chat_gateway_refused_handshakes_total",
            "Connections turned away, by the HTTP status, or by 4401: the token was refused.",
            ["status"],
            registry=of,
        )
        self.refusals = Counter(
            "chat_gateway_refusals_total", "Refusals passed on to clients.", ["name"], registry=of
        )
        self.heartbeats = Counter(
            "chat_gateway_heartbeats_total",
            "Clients of which the chat was told what they have, together with others or alone.",
            ["way"],
            registry=of,
        )
        self.heartbeat_calls = Counter(
            "chat_gateway_heartbeat_calls_total", "Calls for that.", ["way"], registry=of
        )
        self.heartbeat_refusals = Counter(
            "chat_gateway_heartbeat_refusals_total",
            "Calls about many clients that the API did not take.",
            ["name"],
            registry=of,
        )
        self.heartbeats_alone = Gauge(
            "chat_gateway_heartbeats_alone", "1 while the chat is told of each client by itself.", registry=of
        )
        self.personal_subscriptions = Gauge(
            "chat_gateway_personal_subscriptions", "People whose own events are received.", registry=of
        )
        self.personal_events = Counter(
            "chat_gateway_personal_events_total", "People's own events written to clients.", registry=of
        )
        self.personal_refusals = Counter(
            "chat_gateway_personal_refusals_total",
            "Refusals to let people's own events be received.",
            ["name"],
            registry=of,
        )
        self.lag = Histogram(
            "chat_gateway_lag_seconds",
            "From a live message's instant to its writing.",
            buckets=LAG_BUCKETS,
            registry=of,
        )

    def delivered(self, event: RoomEvent, clients: int, now_ms: int) -> None:
        """An event was written to so many clients, at this instant (epoch milliseconds): lag is from a
        message's own."""
        self.deliveries.labels("history" if event.from_history else "live").inc(clients)
        if event.kind == "message" and not event.from_history:
            lag = max(0, now_ms - from_wire(event.message["ts"])[0]) / 1_000
            self.lag.observe(lag)
            self._lags[next((bound for bound in LAG_BUCKETS if lag <= bound), LAG_BUCKETS[-1])] += 1

    def turned_away(self, status: int) -> None:
        """A handshake was refused with this HTTP status, or its token with the close code 4401."""
        self.refused_handshakes.labels(str(status)).inc()
        self._refused_handshakes += 1

    def state(
        self, connections: int, rooms: int, *, is_breaker_open: bool, has_fault: bool
    ) -> dict[str, float]:
        """How things stand; and since the last time how late live messages were (p95 in ms, by the bucket's
        upper bound) and how many handshakes were refused."""
        lags, self._lags = self._lags, Counts()
        refused, self._refused_handshakes = self._refused_handshakes, 0
        return {
            "GatewayConnections": connections,
            "GatewayRooms": rooms,
            "GatewayLagP95Ms": _quantile(lags, 0.95),
            "GatewayBreakerOpen": float(is_breaker_open),
            "GatewayServiceFault": float(has_fault),
            "GatewayRefusedHandshakes": refused,
        }

    def refused(self, code: str) -> None:
        self.refusals.labels(code).inc()

    def resumed(self, source: str) -> None:
        """From the replay `buffer`, from `history`, or not (`reset`)."""
        self.resumes.labels(source).inc()


def embedded(numbers: Mapping[str, float], deployment: str, now_ms: int) -> dict[str, Any]:
    """Fields that make a log line one of CloudWatch's Embedded Metric Format, counted by `deployment`, so that
    two deployments in an account do not share a metric. `now_ms` is epoch milliseconds.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    metrics = [{"Name": name, "Unit": "Milliseconds" if name.endswith("Ms") else "Count"} for name in numbers]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["deployment"]], "Metrics": metrics}
    return {
        "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [directive]},
        "deployment": deployment,
        **numbers,
    }


def _quantile(lags: "Counts[float]", share: float) -> float:
    """In milliseconds; 0 when there was nothing."""
    due = share * lags.total()
    for bound in sorted(lags):
        due -= lags[bound]
        if due <= 0:
            return bound * 1_000
    return 0.0
