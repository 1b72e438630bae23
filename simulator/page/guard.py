"""Whose requests are taken where somebody could get a token.

A website in the developer's browser must not get one: it is of another origin, and where it names this machine by a
host of its own (DNS rebinding) the Host header says so.
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#verifying-origin-with-standard-headers
"""

from aiohttp import web

from simulator.refusals import RequestRefused

HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""How this machine is called from itself."""


def check_host(request: web.Request) -> None:
    """Raises `RequestRefused` for a request to another name than this machine's own."""
    name, separator, port = request.headers.get("Host", "").rpartition(":")
    host = name if separator and port.isdecimal() else f"{name}{separator}{port}"
    if host not in HOSTS:
        raise RequestRefused(
            421, "MisdirectedRequest", "This page is for 127.0.0.1 and localhost: it takes no other Host."
        )


def check_same_origin(request: web.Request) -> None:
    """Raises `RequestRefused` unless the request comes of a page of this server."""
    check_host(request)
    scheme = "https" if request.secure else "http"
    if request.headers.get("Origin") != f"{scheme}://{request.headers['Host']}":
        raise RequestRefused(403, "ForbiddenException", "Only the page of this server may ask for that.")
