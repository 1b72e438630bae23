"""What pages are answered with. None of it is the API's: no other origin reads a page."""

from collections.abc import Mapping

PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def content_security_policy(host: str, objects: str | None) -> str:
    """For the page at `host` (as the Host header names it); `objects`: where attachments lie. Nothing inline runs.

    WebSocket addresses stand beside 'self', which not all browsers take for them.
    """
    return _policy(
        {
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": f"'self' blob: https: {objects or ''}",
            "media-src": f"'self' blob: {objects or ''}",
            "connect-src": f"'self' ws://{host} wss://{host} {objects or ''}",
            "font-src": "'self'",
            "manifest-src": "'self'",
            "worker-src": "'self'",
            "form-action": "'self'",
        }
    )


def explorer_policy(host: str) -> str:
    """For GraphiQL. Its editor writes rules of style into the document as it goes, and its style sheet holds fonts and
    pictures; no script is inline, and what is asked goes to this server alone."""
    return _policy(
        {
            "script-src": "'self'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data:",
            "connect-src": f"'self' ws://{host} wss://{host}",
            "font-src": "'self' data:",
            "worker-src": "'self'",
            "form-action": "'none'",
        }
    )


def documentation_policy() -> str:
    """For pages without scripts, whose pictures have their style in themselves."""
    return _policy({"style-src": "'self' 'unsafe-inline'", "img-src": "'self'", "form-action": "'none'"})


def _policy(sources: Mapping[str, str]) -> str:
    """What these do not allow is not."""
    every = {"default-src": "'none'", **sources, "base-uri": "'none'", "frame-ancestors": "'none'"}
    return "; ".join(f"{name} {' '.join(value.split())}" for name, value in every.items())
