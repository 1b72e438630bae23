"""The guard over what a sender selects.

AppSync gives subscribers the fields of the *mutation's* selection set, under the mutation's names:
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

import re
from collections.abc import Sequence

from chat.errors import InvalidInput

REQUIRED = ("id", "roomId", "senderId", "text", "ts", "seq", "epoch", "clientMessageId")
"""Frozen: a field that is added to the schema later is never required of clients that exist."""

_WORD = re.compile(
    r'"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\])*"|#[^\n]*|[_A-Za-z]\w*|[{}():@$!\[\]=|&]|\.\.\.', re.DOTALL
)


def check_selection(fields: Sequence[str] | None, graphql: str | None) -> bool:
    """Refuse, as `InvalidInput`, a selection that would leave subscribers without a required field.

    `fields` is `info.selectionSetList` (slash paths, aliases in place of names), `graphql` is
    `info.selectionSetGraphQL`. An alias inside a *named* fragment is in neither: where it hides a required field the
    field is missing from the list, else it goes unseen. Answers whether there was anything to look at.
    """
    aliased = _aliases(graphql) if graphql else []
    if aliased:
        raise InvalidInput("send.selectionAliased", argument="selection", aliased=",".join(aliased))
    if fields is None:
        return False
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise InvalidInput("send.selectionIncomplete", argument="selection", missing=",".join(missing))
    return True


def _aliases(graphql: str) -> list[str]:
    """The names of the fields that are selected under another name, outside of arguments."""
    found, depth, colon = [], 0, False
    for word in (match.group() for match in _WORD.finditer(graphql)):
        if word[0] in '"#':
            continue
        depth += (word == "(") - (word == ")")
        if depth == 0 and colon:
            found.append(word)
        colon = depth == 0 and word == ":"
    return found
