"""AppSync's limits (https://docs.aws.amazon.com/general/latest/gr/appsync.html), and a few of this server's
own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    body: int = 1024 * 1024
    """A longer HTTP body is answered with 413."""
    header: int = 64 * 1024
    """The request line, and each header."""
    handshake: float = 5.0
    """How long the first request's headers may take, and a body."""
    idle: float = 75.0
    """How long a connection is kept that asks for nothing, or for half of something."""
    query_tokens: int = 15_000
    query_depth: int = 75
    """AppSync's default is unlimited; 75 is the most that its setting `queryDepthLimit` takes."""
    subscriptions: int = 200
    """Per connection."""
    published: int = 240 * 1024
    """A longer mutation result is silently not delivered to subscribers."""
    frame: int = 1024 * 1024
    """A longer frame closes the connection with 1009."""
    keep_alive: float = 60.0
    """Between two `ka` frames."""
    refusal_grace: float = 1.0
    """How long a refused connection may stay silent before it is told so (clients speak first)."""
    ping: float = 60.0
    """Between two WebSocket pings; a peer that leaves one unanswered for half that time is gone."""
    goodbye: float = 3.0
    """How long a closing handshake may take."""
    backlog_frames: int = 1_000
    """Frames waiting for one connection; beyond that it is aborted."""
    backlog_bytes: int = 4 * 1024 * 1024
    documents: int = 500
    """Parsed documents kept."""
