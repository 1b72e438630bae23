"""What pages are answered with. None of it is the API's: no other origin reads a page."""

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
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: https: {objects or ''}",
        "media-src": f"'self' blob: {objects or ''}",
        "connect-src": f"'self' ws://{host} wss://{host} {objects or ''}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {' '.join(value.split())}" for name, value in sources.items())
