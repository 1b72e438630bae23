"""What somebody wants of the schema: which fields, under which prefix, for which authorization modes."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from schema.source import INTERNAL, INTERNAL_MINE, MINE, OPERATIONS, STREAMED, Publish, Source, ours

DIRECTIVES = {
    "lambda": "aws_lambda",
    "cognito": "aws_cognito_user_pools",
    "oidc": "aws_oidc",
    "iam": "aws_iam",
}
"""The modes whose callers the functions know, and the directive of each:
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes"""

DEFAULTS = (*DIRECTIVES, "api_key")
"""What an API may have as its default mode. An API key does not say who calls, so no field of ours is for it."""

_PREFIX = re.compile(r"[A-Z][A-Za-z0-9]{0,31}")


class SchemaRefused(ValueError):
    """The schema cannot be had like this; the text is a sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """`fields`: root fields, `Query.messages` and so on, in the schema's order. `modes`: which modes may read
    them. `default`: the API's default mode. `publish`: what subscribers of `onMessage` are given."""

    fields: tuple[str, ...]
    prefix: str
    modes: tuple[str, ...]
    default: str
    publish: Publish

    @classmethod
    def of(
        cls,
        *,
        modes: Sequence[str] = ("lambda",),
        default: str | None = None,
        fields: Iterable[str] | None = None,
        prefix: str = "",
        publish: str = "sender",
    ) -> "Request":
        """Without `fields` all of them, without `default` the first of `modes`. Raises `SchemaRefused`."""
        chosen, way = _modes(modes), _publish(publish)
        return cls(_fields(fields, way), _prefix(prefix), chosen, _default(default or modes[0]), way)

    @property
    def source(self) -> Source:
        """What the fields are chosen from."""
        return ours(self.publish)

    @property
    def directives(self) -> tuple[str, ...]:
        """What object types and root fields carry: none where they are for the default mode alone, which reads
        whatever is unmarked."""
        return self._directives(self.modes)

    @property
    def published_directives(self) -> tuple[str, ...]:
        """What the object types carry that the internal mutation reaches: subscribers get what the mode of the
        *publisher* may read, which is IAM."""
        return self._directives(tuple(mode for mode in DIRECTIVES if mode in (*self.modes, "iam")))

    def _directives(self, modes: tuple[str, ...]) -> tuple[str, ...]:
        return () if modes == (self.default,) else tuple(DIRECTIVES[mode] for mode in modes)

    def among_marked(self) -> "Request":
        """The same for a place where what is unmarked is not for the default mode: everything is marked."""
        return replace(self, default="")

    def of_root(self, root: str) -> list[str]:
        """Those of the fields that a root type has."""
        return [name for name in self.fields if name.startswith(f"{root}.")]

    def roots(self) -> list[str]:
        """The root types that have some of the fields."""
        return [root for root in OPERATIONS if self.of_root(root)]

    def mutations(self, subscription: str) -> list[str]:
        """The mutations that feed a subscription and are among the fields, by their names in the file."""
        return [name for name in self.source.links.get(subscription, ()) if f"Mutation.{name}" in self.fields]


def _fields(names: Iterable[str] | None, publish: Publish) -> tuple[str, ...]:
    known, links = ours(publish).fields, ours(publish).links
    wanted = list(known if names is None else names)
    if not wanted:
        raise SchemaRefused("FIELDS names no field.")
    for name in wanted:
        if name == INTERNAL and publish != "stream":
            raise SchemaRefused(f"FIELDS: {name} is there with PUBLISH=stream alone.")
        if name not in known:
            raise SchemaRefused(f"FIELDS: there is no {name}{_meant(name)}")
    if publish == "stream" and STREAMED in wanted:
        wanted.append(INTERNAL)
    if MINE in wanted:
        wanted.append(INTERNAL_MINE)
    chosen = tuple(name for name in known if name in wanted)
    for name in chosen:
        feeding = [f"Mutation.{each}" for each in links.get(name, ())]
        if feeding and not set(feeding) & set(chosen):
            raise SchemaRefused(f"FIELDS: {name} hears nothing without at least one of {', '.join(feeding)}.")
    return chosen


def _meant(name: str) -> str:
    known = list(ours().fields)
    own = name.rpartition(".")[2]
    close = [each for each in known if each.endswith(f".{own}")]
    close = close or difflib.get_close_matches(name, known, n=3)
    return f"; is it {' or '.join(close)}?" if close else ": resolvers/schema.graphql has them all."


def _prefix(prefix: str) -> str:
    if prefix and not _PREFIX.fullmatch(prefix):
        raise SchemaRefused(f"PREFIX: {prefix!r} is not a capital letter and up to 31 letters and digits.")
    if prefix.startswith("AWS"):
        # https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
        raise SchemaRefused("PREFIX: AppSync keeps the names that begin with AWS to itself.")
    return prefix


def _modes(modes: Sequence[str]) -> tuple[str, ...]:
    for mode in modes:
        if mode not in DIRECTIVES:
            raise SchemaRefused(f"MODES: {mode!r} is none of {', '.join(DIRECTIVES)}.")
    if not modes:
        raise SchemaRefused(f"MODES names none of {', '.join(DIRECTIVES)}.")
    return tuple(mode for mode in DIRECTIVES if mode in modes)


def _publish(way: str) -> Publish:
    for known in get_args(Publish):
        if way == known:
            found: Publish = known
            return found
    raise SchemaRefused(f"PUBLISH: {way!r} is none of {', '.join(get_args(Publish))}.")


def _default(mode: str) -> str:
    if mode not in DEFAULTS:
        raise SchemaRefused(f"DEFAULT: {mode!r} is none of {', '.join(DEFAULTS)}.")
    return mode
