"""The Lambda authorizer
(https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization).

It judges every request, and for subscriptions the connection and then each `start`. AppSync may keep an
answer for `ttlOverride` seconds, for the token and whatever it is used for; that is deliberately off here, so
that every request is judged and what a test sees does not depend on what ran before it.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.auth.modes import Mode
from simulator.functions import FunctionError, Functions
from simulator.refusals import RequestRefused, unauthorized

CONNECT = "Deepdish:Connect"
"""The `operationName` of a WebSocket handshake, as live APIs spell it."""

_FLAT = "resolverContext must be a flat object of strings."


@dataclass(frozen=True, slots=True)
class Grant:
    """A request was let in. `identity`: what its resolvers get as such
    (https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html). `denied`: fields as
    "Type.field"."""

    identity: Mapping[str, Any]
    mode: Mode = Mode.LAMBDA
    denied: frozenset[str] = frozenset()

    @classmethod
    def by_authorizer(cls, context: Mapping[str, str], denied: frozenset[str] = frozenset()) -> "Grant":
        """`context`: the `resolverContext` of its answer, and nothing else, is the identity."""
        return cls({"resolverContext": dict(context)}, denied=denied)


class Authorizer:
    """`on_refusal` gets each token that is refused: AppSync's answer does not say why it was."""

    def __init__(self, functions: Functions, on_refusal: Callable[[str], None] = lambda _: None) -> None:
        self._functions = functions
        self._on_refusal = on_refusal

    async def judge(
        self,
        token: str | None,
        headers: Mapping[str, Any],
        *,
        query: str = "",
        operation_name: str | None = CONNECT,
        variables: Mapping[str, Any] | None = None,
    ) -> Grant:
        """Raises `RequestRefused`: 401 when the answer is no, 500 when there is none."""
        if not token:
            raise unauthorized()
        context = {
            "apiId": "local",
            "accountId": "000000000000",
            "requestId": str(uuid.uuid4()),
            "queryString": query,
            "variables": dict(variables or {}),
        }
        if operation_name is not None:
            context["operationName"] = operation_name
        event = {"authorizationToken": token, "requestContext": context, "requestHeaders": dict(headers)}
        try:
            answer = await self._functions.invoke("authorizer", event)
        except FunctionError as error:
            raise _failure(error.message) from None
        if isinstance(answer, dict) and answer.get("isAuthorized") is False:
            self._on_refusal(token)
        return _grant(answer)


def _grant(answer: Any) -> Grant:
    if not isinstance(answer, dict) or answer.get("isAuthorized") is not True:
        raise unauthorized()
    context = answer.get("resolverContext") or {}
    if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
        # Unproven whether AppSync drops or refuses the rest; only strings are known to arrive.
        raise _failure(_FLAT)
    denied = answer.get("deniedFields") or []
    return Grant.by_authorizer(context, frozenset(_field(str(name)) for name in denied))


def _field(name: str) -> str:
    """`Type.field`, also for arn:aws:appsync:REGION:ACCOUNT:apis/ID/types/Type/fields/field."""
    parts = name.split("/")
    return f"{parts[-3]}.{parts[-1]}" if name.startswith("arn:") and len(parts) > 3 else name


def _failure(message: str) -> RequestRefused:
    return RequestRefused(500, "AuthorizerFailureException", message)
