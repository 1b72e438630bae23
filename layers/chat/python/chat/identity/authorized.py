"""Who calls, where our own authorizer let them in. A function that knows no other source of identity starts without
those: they would be two hundredths of its start."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from chat.rules.errors import IdentityRefused
from chat.rules.models import Caller
from chat.rules.rooms import is_user_id

MOST_SECONDS_DIGITS = 12


def is_of_an_authorizer(identity: object) -> bool:
    """Whether this is the identity of AWS_LAMBDA alone.

    https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html#aws-appsync-resolver-context-reference-identity
    """
    if not isinstance(identity, dict):
        return False
    there = [key for key, value in identity.items() if value is not None]
    return there == ["resolverContext"] and isinstance(identity["resolverContext"], dict)


def by_our_authorizer(context: Mapping[str, Any]) -> Caller:
    """The caller of a `resolverContext`: our authorizer has mapped the claims, and what it passes on is the chat's
    own. Raises `IdentityRefused`."""
    user_id, roles, locale = context.get("userId"), context.get("roles") or "", context.get("locale")
    if not is_user_id(user_id):
        raise IdentityRefused("claim", "userId")
    if not isinstance(roles, str):
        raise IdentityRefused("claim", "roles")
    if locale is not None and not isinstance(locale, str):
        raise IdentityRefused("claim", "locale")
    signed_in_at = context.get("signedInAt")
    return Caller(
        user_id,
        frozenset(roles.split(",")) - {""},
        locale,
        int(signed_in_at) if is_seconds(signed_in_at) else None,
    )


def is_seconds(value: object) -> TypeGuard[str]:
    """Whether a text is an instant in epoch seconds."""
    return (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_SECONDS_DIGITS
    )
