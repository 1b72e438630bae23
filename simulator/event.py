"""What comes into a function and what Lambda makes of a failure, as documents that others have written.

A resolver's event: https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html and
https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html; an authorizer's:
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization. What AppSync
adds to them later is let through, and what a function does without may be left out: only what says whom it is
for, and by whom, has to be there.
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from simulator import strict_json

Document = dict[str, Any]
Headers = dict[str, Any]
"""By their names in lower case: a text, or a list of texts where a header came more than once."""


class BadEvent(Exception):
    """An event file is none; the text is one line that says what is wrong with it."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", frozen=True, alias_generator=to_camel)


class Info(_Model):
    parent_type_name: str
    field_name: str
    variables: Document = Field(default_factory=dict)
    selection_set_list: list[str] = Field(default_factory=list)
    selection_set_graph_ql: Annotated[str, Field(alias="selectionSetGraphQL")] = ""

    @property
    def function(self) -> str:
        """The function's name in the wiring: `Query.messages`."""
        return f"{self.parent_type_name}.{self.field_name}"


class Identity(_Model):
    """Who calls, as one of AppSync's modes of authorization says it: `resolverContext` is what a Lambda authorizer
    said, a flat object of strings. What the others say is for the function to judge."""

    resolver_context: dict[str, str] | None = None


class Request(_Model):
    headers: Headers = Field(default_factory=dict)
    domain_name: str | None = None


class ResolverEvent(_Model):
    """AppSync's whole Context, as a direct Lambda resolver gets it."""

    arguments: Document = Field(default_factory=dict)
    identity: Identity | None
    """`None` for an API key."""
    source: Document | None = None
    request: Request = Field(default_factory=Request)
    prev: Document | None = None
    info: Info
    stash: Document = Field(default_factory=dict)


class RequestContext(_Model):
    """`operation_name` is not there where a client named none."""

    api_id: str
    account_id: str
    request_id: str
    query_string: str
    variables: Document
    operation_name: str | None = None


class AuthorizerEvent(_Model):
    authorization_token: str
    request_context: RequestContext
    request_headers: Headers = Field(default_factory=dict)


class Failure(_Model):
    """What Lambda answers for a function that raised: the class and the text
    (https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html).
    """

    error_type: str
    error_message: str


def read_event(path: Path, wiring: Mapping[str, Any]) -> tuple[str, Document]:
    """The function that the event in a file is for, and the event. Raises `BadEvent`.

    AppSync's own events say it themselves; one of a service is in a file that bears the function's name.
    """
    try:
        event = strict_json.loads(path.read_bytes())
    except OSError as error:
        raise BadEvent(f"EVENT: {path}: {error.strerror}") from None
    except strict_json.NotJson as error:
        raise BadEvent(f"EVENT: {path} is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise BadEvent(f"EVENT: {path} does not hold a JSON object")
    if (service := path.name.partition(".")[0]) in wiring["services"]:
        return service, event
    try:
        return function_of(event, wiring), event
    except ValidationError as error:
        raise BadEvent(f"EVENT: {path}: {_sentence(error)}") from None
    except BadEvent as error:
        raise BadEvent(f"EVENT: {path}: {error}") from None


def function_of(event: Document, wiring: Mapping[str, Any]) -> str:
    """The function that AppSync would call with `event`. Raises `BadEvent` and pydantic's
    `ValidationError`."""
    if "authorizationToken" in event:
        AuthorizerEvent.model_validate(event)
        return "authorizer"
    if "info" not in event:
        services = ", ".join(f"{name}.json" for name in wiring["services"])
        raise BadEvent(
            f"info is missing, which names the field; an authorizer's event has an authorizationToken, "
            f"and a service's is in a file named {services}"
        )
    info = ResolverEvent.model_validate(event).info
    if info.function not in wiring["fields"]:
        raise BadEvent(f"info names {info.function}, which is no field here{_meant(info, wiring['fields'])}")
    return info.function


def _meant(info: Info, fields: Iterable[str]) -> str:
    """The fields that may have been meant, to be said after the one that was named."""
    names = [name for name in fields if name.endswith(f".{info.field_name}")]
    names = names or difflib.get_close_matches(info.function, list(fields), n=3)
    return f"; is it {' or '.join(names)}?" if names else ": resolvers/wiring.json lists them all"


_WRONG = {
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "list_type": "is not a list",
    "string_type": "is not a text",
    "missing": "is missing",
}


def _sentence(error: ValidationError) -> str:
    """Where an event is wrong, and how: `identity.resolverContext is missing`."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place} {_WRONG.get(first['type'], 'is wrong: ' + first['msg'])}"
