"""The names of fields and types where the schema is part of a larger API, which may have names of its own like
them.

A prefix is `[A-Z][A-Za-z0-9]{0,31}`, or empty: then names stay as they are in `resolvers/schema.graphql`.
"""


def prefixed_field(name: str, prefix: str) -> str:
    """The field `name` in an API with this prefix: `messages` with `Chat` is `chatMessages`."""
    return prefix[:1].lower() + prefix[1:] + name[:1].upper() + name[1:] if prefix else name


def prefixed_type(name: str, prefix: str) -> str:
    """The type `name` in an API with this prefix: `Message` with `Chat` is `ChatMessage`."""
    return prefix + name
