"""Sources of identity: what the setting IDENTITY names (docs/identity.md), as records."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from chat.identity.reading import ClaimPath
from chat.rules.record import record

PlatformRole = Literal["admin", "privacy", "gateway"]
PLATFORM_ROLES: frozenset[str] = frozenset(get_args(PlatformRole))
"""Roles with rights in every room. A claim gives them by a grant alone, whatever the claim of roles says."""

VerifiedBy = Literal["appsync", "authorizer"]


@record(frozen=True, slots=True)
class Grant:
    """Who has one of `values` in `claim` has the platform role."""

    role: str
    claim: ClaimPath
    values: frozenset[str]


@record(frozen=True, slots=True)
class ClaimMapping:
    """What a source's claims say of somebody. `prefix` comes before each of its user ids."""

    prefix: str = ""
    user_id: ClaimPath = ("sub",)
    roles: ClaimPath | None = None
    locale: ClaimPath | None = None
    grants: tuple[Grant, ...] = ()


@record(frozen=True, slots=True)
class TokenSource:
    """One issuer's tokens: of a Cognito user pool, or of any OpenID provider.

    `clients` and `audiences` are those that a token must be for, at least one of them is not empty;
    `token_use` is Cognito's. Keys are at `jwks_url` or in `jwks`, else OpenID Discovery finds them.
    """

    name: str
    type: Literal["cognito", "oidc"]
    issuer: str
    mapping: ClaimMapping
    verified_by: frozenset[str] = frozenset({"appsync"})
    clients: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    token_use: frozenset[str] = frozenset()
    algorithms: tuple[str, ...] = ("RS256",)
    jwks_url: str | None = None
    jwks: str | None = None

    @property
    def keys(self) -> tuple[object, ...]:
        """What a signature is verified with: sources of one issuer have the same."""
        return self.algorithms, self.jwks_url, self.jwks


@record(frozen=True, slots=True)
class ContextSource:
    """Somebody else's Lambda authorizer: its `resolverContext` has the claims."""

    name: str
    mapping: ClaimMapping


@record(frozen=True, slots=True)
class RoleCaller:
    """Who calls with an IAM role: a service. `roles` may be platform roles."""

    user_id: str
    roles: frozenset[str] = frozenset()


RoleKey = tuple[str, str, str]
"""An IAM role as an assumed role's ARN names it: partition, account, and the name without its path."""


@record(frozen=True, slots=True)
class RoleSource:
    """IAM roles that may call. Their ids begin with `prefix` already."""

    name: str
    prefix: str
    callers: Mapping[RoleKey, RoleCaller]


@record(frozen=True, slots=True)
class Sources:
    """All sources of a deployment. `has_our_authorizer`: what `resolverContext` says was verified by our
    own."""

    tokens: tuple[TokenSource, ...] = ()
    context: ContextSource | None = None
    roles: RoleSource | None = None
    has_our_authorizer: bool = False

    @classmethod
    def ours(cls) -> "Sources":
        """Without IDENTITY: our own authorizer, and nobody else."""
        return cls(has_our_authorizer=True)

    @classmethod
    def publisher(cls, role: RoleKey | None) -> "Sources":
        """Of the internal mutation, whatever IDENTITY says: one IAM role, which is a service, and nobody else; without a role
        nobody at all."""
        callers = {role: RoleCaller(user_id="")} if role else {}
        return cls(roles=RoleSource("publisher", "", callers))

    @classmethod
    def jwt(
        cls,
        issuer: str,
        audience: str,
        algorithms: Sequence[str],
        jwks_url: str | None = None,
        jwks: str | None = None,
    ) -> "Sources":
        """Without IDENTITY, where tokens are verified: one issuer, whose `roles` may be platform roles."""
        grants = tuple(Grant(role, ("roles",), frozenset({role})) for role in sorted(PLATFORM_ROLES))
        source = TokenSource(
            name="jwt",
            type="oidc",
            issuer=issuer,
            mapping=ClaimMapping(roles=("roles",), locale=("locale",), grants=grants),
            verified_by=frozenset({"authorizer"}),
            audiences=frozenset({audience}),
            algorithms=tuple(algorithms),
            jwks_url=jwks_url,
            jwks=jwks,
        )
        return cls((source,), has_our_authorizer=True)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Of every source; at most one is empty, and none is the beginning of another."""
        found = [source.mapping.prefix for source in self.tokens]
        found += [self.context.mapping.prefix] if self.context else []
        found += [self.roles.prefix] if self.roles else []
        return tuple(found)

    def verified_by(self, verifier: VerifiedBy) -> tuple[TokenSource, ...]:
        """The sources whose tokens `verifier` has verified."""
        return tuple(source for source in self.tokens if verifier in source.verified_by)
