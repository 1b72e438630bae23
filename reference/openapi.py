"""The gateway's HTTP as an OpenAPI document: its own routes, and how its WebSocket addresses refuse before the handshake.

https://spec.openapis.org/oas/v3.1.0
"""

from typing import Any, cast

from fastapi.openapi.utils import get_openapi

from gateway.app import application
from gateway.process import Gateway
from reference.asyncapi import ADDRESSES, VERSION

_TRY_AGAIN = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
_ANSWERS: dict[str, Any] = {
    "101": {"description": "WebSocket. What flows then is in the AsyncAPI document."},
    "403": {"description": "A page of an origin that the gateway does not allow."},
    "429": {"description": "Too many connections from this address.", "headers": _TRY_AGAIN},
    "431": {"description": "The request is longer than 16 KiB."},
    "503": {"description": "The process drains, or is full.", "headers": _TRY_AGAIN},
}


def openapi() -> dict[str, Any]:
    """Its routes are looked at, and none is called: there need be no gateway behind them."""
    app = application(cast("Gateway", None))
    made = get_openapi(
        title="The gateway",
        version=VERSION,
        openapi_version="3.1.0",
        description="Health, readiness and metrics, which need no token, and the addresses for WebSocket.",
        routes=app.routes,
        servers=[{"url": "http://127.0.0.1:4100", "description": "`make gateway`"}],
    )
    made["paths"] |= {address: {"get": _handshake(name)} for name, (address, _, _) in ADDRESSES.items()}
    return made


def _handshake(name: str) -> dict[str, Any]:
    address, summary, query = ADDRESSES[name]
    path = [{"name": "roomId", "in": "path", "required": True, "schema": {"type": "string"}}]
    asked = [
        {"name": each, "in": "query", "schema": {"type": "string"}, "description": schema["description"]}
        for each, schema in query.items()
    ]
    return {
        "summary": summary,
        "operationId": f"connect_{name}",
        "parameters": [*(path if "{roomId}" in address else []), *asked],
        "responses": _ANSWERS,
    }
