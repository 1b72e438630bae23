"""Who a token is for, whatever its issuer, and what stands for platform roles in what issuers say."""

from collections.abc import Sequence
from dataclasses import dataclass

PLATFORM_ROLES = ("admin", "privacy", "gateway")
"""These come of claims that nobody else may fill: each provider here has a group or a role `chat-…` for them."""


@dataclass(frozen=True, slots=True)
class Person:
    """`user`: what their id is to be. `groups`: as an issuer calls them. `locale`: a language, or none."""

    user: str
    groups: Sequence[str] = ()
    locale: str | None = None


def groups_of(roles: Sequence[str]) -> list[str]:
    """Roles as the groups of an issuer."""
    return [granting_group(role) if role in PLATFORM_ROLES else role for role in roles]


def granting_group(role: str) -> str:
    """The group that grants a platform role."""
    return f"chat-{role}"
