"""What the simulator refuses: one class for a whole HTTP request, one for a subscription."""

from collections.abc import Mapping
from typing import Any

Error = Mapping[str, Any]
"""One entry of `errors[]`."""

NOT_AUTHORIZED = "You are not authorized to make this call."


class RequestRefused(Exception):
    """The request as a whole is refused, with an HTTP status and one error."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(f"{status} {error_type}: {message}")
        self.status = status
        self.error_type = error_type
        self.message = message


class SubscriptionRefused(Exception):
    """A `start` is refused with these errors."""

    def __init__(self, errors: list[Error]) -> None:
        super().__init__("subscription refused")
        self.errors = errors


class UnsupportedOperation(Exception):
    """A `start` that carries no subscription. `kind`: "query", "mutation" or "unknown"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def unauthorized(message: str = NOT_AUTHORIZED) -> RequestRefused:
    return RequestRefused(401, "UnauthorizedException", message)


def malformed(message: str = "Unable to parse GraphQL query.") -> RequestRefused:
    return RequestRefused(400, "MalformedHttpRequestException", message)


def bad_request(message: str) -> RequestRefused:
    return RequestRefused(400, "BadRequestException", message)
