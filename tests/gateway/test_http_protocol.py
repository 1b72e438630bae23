"""What `gateway/http_protocol.py` relies on in uvicorn: an upgrade that renames or changes one of these fails
here, by its name.

uvicorn promises none of it. Where one of these tests fails, read its changes to `HttpToolsProtocol` before
mending the name.
"""

import ast
import inspect
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway import http_protocol

OVERRIDDEN = {
    "connection_lost": ["exc"],
    "connection_made": ["transport"],
    "data_received": ["data"],
    "handle_websocket_upgrade": [],
    "on_message_complete": [],
    "on_response_complete": [],
}
"""Methods of uvicorn's that are overridden, with their parameters beside `self`."""

ATTRIBUTES = {"app_state", "client", "loop", "transport"}
"""What is read or set on uvicorn's protocol."""

OURS = {
    "_watch_deadline", "admission", "arrival", "deadline", "is_upgraded", "proxies", "request_bytes",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(OVERRIDDEN))
def test_uvicorn_has_the_method_that_is_overridden_with_the_same_parameters(name: str) -> None:
    theirs = getattr(HttpToolsProtocol, name, None)
    assert theirs is not None, f"uvicorn's protocol has no {name} any more"
    assert list(inspect.signature(theirs).parameters)[1:] == OVERRIDDEN[name]


async def test_uvicorn_sets_the_attributes_that_are_touched() -> None:
    config = uvicorn.Config(lambda: None, interface="asgi3", log_config=None)
    config.load()
    assert ATTRIBUTES - vars(HttpToolsProtocol(config, ServerState(), {})).keys() == set()


def test_nothing_else_of_uvicorns_is_touched() -> None:
    """So that the lists above are complete."""
    source = Path(http_protocol.__file__).read_text(encoding="utf-8")
    touched = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    assert touched == ATTRIBUTES | OURS
