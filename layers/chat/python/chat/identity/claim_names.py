"""Which claims people write themselves: by these nobody is identified, and nobody gets a platform role."""

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

DIRECTORY_NAMES = frozenset({"upn", "unique_name"})
"""Entra's sign-in names, which change with people's names:
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"""

SELF_WRITTEN = frozenset({"user_metadata", "unsafe_metadata", "usermetadata", "unsafemetadata"})
"""What people write into their own profile at Auth0, Supabase and Clerk."""

USERNAMES = frozenset({"username", "cognito:username"})
"""In Cognito a username never changes; elsewhere it may."""

CUSTOM = ("custom:", "dev:custom:")
"""Cognito's custom attributes, which an app client may let people write."""


def is_written_by_people(path: ClaimPath) -> bool:
    """Whether somebody may have written the claim, or chosen it, themself."""
    return any(
        name in PROFILE | DIRECTORY_NAMES | SELF_WRITTEN | USERNAMES or name.startswith(CUSTOM)
        for name in _names(path)
    )


def may_change(path: ClaimPath, *, in_cognito: bool) -> bool:
    """Whether the claim may come to name somebody else, or the same person otherwise."""
    return is_written_by_people(path) and not (in_cognito and len(path) == 1 and path[0] in USERNAMES)


def _names(path: ClaimPath) -> list[str]:
    """A claim's keys in lower case, those with a namespace (`https://example.com/email`) also without it."""
    keys = [key.lower() for key in path]
    return keys + [key.rsplit("/", 1)[-1] for key in keys]
