"""What is asked before anything is made: whether an endpoint answers at all, and takes everybody's token."""

import os
from collections.abc import Iterable
from pathlib import Path

from proving.client import Client, Unreachable
from proving.graphql_http import Answer
from proving.people import Person

QUESTION = "query { __typename }"
REDIRECTIONS = range(300, 400)
DENIED = (401, 403)


class NotReady(Exception):
    """An endpoint that cannot be asked, or a report that cannot be written. The text says why, and holds no token."""


def writable(*paths: Path | None) -> None:
    """Raises `NotReady` where a report has nowhere to go. Writes nothing."""
    for path in filter(None, paths):
        if path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            raise NotReady(f"{path} cannot be written.")


async def answers(client: Client, people: Iterable[Person]) -> None:
    """Asks GraphQL once for each of `people`. Raises `NotReady`."""
    for person in people:
        try:
            answer = await client.ask(person.token, QUESTION, {})
        except Unreachable as failure:
            raise NotReady(f"{client.endpoint.url} cannot be asked: {failure}") from None
        if wrong := _wrong(person, answer):
            raise NotReady(f"{client.endpoint.url} {wrong}")


def _wrong(person: Person, answer: Answer) -> str:
    """What is wrong with an answer; empty: nothing."""
    if answer.status in DENIED:
        return (
            f"refuses the token of {person.user_id}: HTTP {answer.status}, {answer.refusal or 'and no JSON'}"
        )
    if answer.status in REDIRECTIONS:
        return f"leads elsewhere (HTTP {answer.status}), and redirections are not followed."
    if answer.body is None:
        return f"is no address of GraphQL: HTTP {answer.status}, and no JSON."
    if answer.status != 200 or not (answer.data or answer.errors):
        return f"is no address of GraphQL: {answer}"
    return ""


async def listens(client: Client, person: Person) -> None:
    """Opens a connection and closes it. Raises `NotReady`."""
    try:
        async with client.listening(person.token) as listener:
            heard = listener.heard
    except Unreachable as failure:
        raise NotReady(f"{client.endpoint.realtime} cannot be asked: {failure}") from None
    if heard.ack is None:
        raise NotReady(
            f"{client.endpoint.realtime} does not let {person.user_id} listen: {heard.refusal or 'no connection_ack'}"
        )
