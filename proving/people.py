"""Who asks: user ids and their tokens, from a file."""

from dataclasses import dataclass, field

from proving.limits import PEOPLE, TOKEN_CHARACTERS

FEWEST = 3
"""Somebody who owns a room, somebody who is in it, and somebody who is not."""


class BadTokens(Exception):
    """The file of tokens cannot be read. The text never holds a token."""


@dataclass(frozen=True, slots=True)
class Person:
    """`user_id`: as the API names them, for the sender of a message and to take them into a room."""

    user_id: str
    token: str = field(repr=False)


def read_people(text: str) -> tuple[Person, ...]:
    """From lines `USER-ID TOKEN`; blank lines and those that begin with # say nothing. Raises `BadTokens`."""
    people = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            raise BadTokens(f"Line {number} of the tokens is not a user id, a blank and a token.")
        token = words[1].strip()
        if len(token) > TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
            raise BadTokens(
                f"The token in line {number} is longer than {TOKEN_CHARACTERS} characters, or not printable."
            )
        people.append(Person(words[0], token))
    if len({each.user_id for each in people}) != len(people):
        raise BadTokens("A user id stands twice among the tokens.")
    if not FEWEST <= len(people) <= PEOPLE:
        raise BadTokens(f"There are {len(people)} tokens: {FEWEST} to {PEOPLE} different people are needed.")
    return tuple(people)
