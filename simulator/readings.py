"""What is not certain of AppSync, and what events or filtering rest on: each such question is a switch."""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Readings:
    """One way to read AppSync's documentation. The defaults are what has been seen of it, or else the more
    likely.

    Whatever is promised about live events has to hold under every reading: see `every_reading`.
    """

    unset_is_null: bool = True
    """An argument whose variable is declared and not set is null, in queries, mutations and subscriptions: for
    the function and for the filter. So resolvers in JavaScript (aws/aws-appsync-community#348, #394) and
    filters (#36, #94) were seen to get it, and so graphql-java 9 does it; a direct Lambda resolver was once
    said not to (#394). Otherwise the argument counts as left out, and a default of the schema is used, as
    GraphQL has it (https://spec.graphql.org/October2021/#sec-Coercing-Field-Arguments)."""
    partial_is_published: bool = True
    """A mutation's result that is not null is published even where errors come with it; otherwise it is not.
    """
    null_equals_null: bool = True
    """An argument that is null hears of results whose field is null; otherwise of none."""


def every_reading() -> list[Readings]:
    """All of them, the default first."""
    return [Readings(*answers) for answers in product((True, False), repeat=3)]
