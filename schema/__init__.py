"""The chat's GraphQL schema as it goes into an AppSync API: all of it or some fields, under names of its own,
with the directives of the API's authorization modes."""

from schema.document import generate

__all__ = ["generate"]
