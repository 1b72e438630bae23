"""The Lambda authorizer: a JSON Web Token becomes the identity that every field trusts.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization
"""

import time
from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.identity.jwks import KeysUnavailable
from chat.identity.tokens import TokenRefused, unmarked, verify_token
from chat_lambda.compose_authorizer import verifier
from chat_lambda.function import Event, correlation_id, trace_of, unexpected
from chat_lambda.init import finished, in_lambda
from chat_lambda.settings import settings
from chat_lambda.telemetry import audit, logger, publish_metrics
from chat_lambda.xray import begin, subsegments

NAME = "authorizer"

if in_lambda():
    logger()
    verifier()
    finished()


def handler(event: Event, context: Any) -> dict[str, Any]:
    """Answers `isAuthorized`, and for a good token `resolverContext` (flat strings) and `ttlOverride`
    (seconds).

    Raises `KeysUnavailable`, since a 401 would log everybody out while keys cannot be fetched, and
    `InternalError`: both with a text that AppSync may show to anybody.
    """
    begin()
    outcome, trace = "InternalError", None
    try:
        trace = trace_of(event)
        answer = _answer(event, context, trace)
        outcome = "ok" if answer["isAuthorized"] else "TokenRefused"
        return answer
    except KeysUnavailable:
        outcome = "KeysUnavailable"
        raise
    finally:
        if traced := subsegments():
            is_fault = outcome in ("InternalError", "KeysUnavailable")
            traced.end(NAME, is_fault=is_fault, field=NAME, outcome=outcome, trace_id=trace)


def _answer(event: Event, context: Any, trace: str | None) -> dict[str, Any]:
    """`trace`: the id of the trace that the request is a part of."""
    correlation = correlation_id(None, context)
    try:
        correlation = correlation_id((event.get("requestContext") or {}).get("requestId"), context)
        token = unmarked(str(event.get("authorizationToken") or ""), settings().token_marker)
        claims = verify_token(token, verifier())
        ttl = min(settings().authorizer_ttl_seconds, claims.expires_at - int(time.time()))
    except TokenRefused as refused:
        fields = {"correlation_id": correlation, "trace_id": trace}
        audit(action="authorize", outcome="refused", reason=refused.reason, fields=fields)
        publish_metrics(context.function_name, {"TokenRefused": 1, refused.metric: 1})
        return {"isAuthorized": False}
    except KeysUnavailable:
        logger().error("Token keys unavailable", extra={"correlation_id": correlation, "trace_id": trace})
        publish_metrics(context.function_name, {"KeysUnavailable": 1})
        raise
    except Exception as error:  # noqa: BLE001  the program's edge: nothing of it may leave
        internal = unexpected(error, correlation, trace)
        publish_metrics(context.function_name, {internal.code: 1})
        raise internal from None
    publish_metrics(context.function_name, {"TokenAccepted": 1})
    identity = {"userId": claims.user_id, "roles": ",".join(claims.roles)}
    if claims.locale:
        identity["locale"] = claims.locale
    if claims.signed_in_at is not None:
        identity["signedInAt"] = str(claims.signed_in_at)
    return {"isAuthorized": True, "resolverContext": identity, "ttlOverride": max(0, ttl)}
