"""Which claims people write themselves: by these nobody is identified, and nobody gets a platform role.

Names are compared by their letters and digits: `displayName`, `display_name` and `display-name` are one.
"""

import re
from collections.abc import Iterable

from chat.identity.reading import ClaimPath

PROFILE = frozenset(
    {
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "email", "email_verified", "gender", "birthdate"),
        *("zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at"),
    }
)
"""OpenID Connect Core 1.0, section 5.1, "Standard Claims". Cognito's standard attributes are the same:
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html"""

DIRECTORY_NAMES = frozenset(
    {"upn", "unique_name", "display_name", "surname", "mail", "emails", "email_address"}
)
"""What directories call people and their mail, which change with people's names:
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"""

REQUESTED = frozenset({"nonce", "login_hint"})
"""Whoever asks for a token chooses these, and they are in it as they were asked for: OpenID Connect Core 1.0, section
3.1.2.1, "Authentication Request"."""

SCOPES = frozenset({"scope", "scp"})
"""Whoever asks for a token chooses among those that its client may have (RFC 6749, section 3.3)."""

SELF_WRITTEN = frozenset({"user_metadata", "unsafe_metadata", "raw_user_meta_data"})
"""What people write into their own profile at Auth0, Supabase and Clerk."""

USERNAMES = frozenset({"username", "cognito:username"})
"""In Cognito a username never changes; elsewhere it may."""

CUSTOM = ("custom:", "dev:custom:")
"""Cognito's custom attributes, which an app client may let people write."""


def is_written_by_people(path: ClaimPath) -> bool:
    """Whether somebody may have written the claim, or chosen it, themself."""
    keys = [key.lower() for key in path]
    return (
        any(key.startswith(CUSTOM) for key in keys)
        or not _WRITTEN.isdisjoint(_plain([*keys, *(_parts(key)[-1] for key in keys)]))
        or not _CONTAINERS.isdisjoint(_plain(part for key in keys for part in _parts(key)))
    )


def may_change(path: ClaimPath, *, in_cognito: bool) -> bool:
    """Whether the claim may come to name somebody else, or the same person otherwise."""
    if in_cognito and len(path) == 1 and path[0] in USERNAMES:
        return False
    return is_written_by_people(path) or path[-1].lower() in SCOPES


def _parts(key: str) -> list[str]:
    """Of a claim with a namespace, such as `https://example.com/email`: its own name is the last."""
    return re.split(r"[/#:.]", key)


def _plain(names: Iterable[str]) -> frozenset[str]:
    return frozenset(re.sub(r"[^a-z0-9]", "", name) for name in names)


_WRITTEN = _plain(PROFILE | DIRECTORY_NAMES | REQUESTED | USERNAMES)
_CONTAINERS = _plain(SELF_WRITTEN)
