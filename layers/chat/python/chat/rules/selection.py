"""The guard over what a sender selects.

AppSync gives subscribers the fields of the *mutation's* selection set, under the mutation's names:
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chat.rules.errors import InvalidInput
from chat.rules.tally import Tally

REQUIRED = ("id", "roomId", "senderId", "text", "ts", "seq", "epoch", "clientMessageId")
"""Frozen: a field that is added to the schema later is never required of clients that exist."""

EDITED = (*REQUIRED, "rev", "version", "editedAt")
REMOVED = (*REQUIRED, "rev", "removedAt")
NOTICE = (
    "id",
    "roomId",
    "senderId",
    "ts",
    "epoch",
    "notice",
    "notice/kind",
    "notice/userId",
    "notice/nextEpoch",
)
PIN = (*NOTICE, "notice/messageId", "notice/seq")
RECEIPT = ("roomId", "epoch", "userId", "readSeq", "deliveredSeq")
TYPING = ("roomId", "epoch", "userId", "expiresAt")
"""What the other published mutations must select, frozen like `REQUIRED`; slash paths as in
`info.selectionSetList`."""

_WORD = r'"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\])*"|#[^%s]*|[_A-Za-z]\w*|[{}():@$!\[\]=|&]|\.\.\.'
_LINE_ENDS = re.compile(_WORD % r"\n\r", re.DOTALL)
"""A comment ends with its line: https://spec.graphql.org/October2021/#sec-Line-Terminators"""

_OLDER_LINE_ENDS = _WORD % r"\n\r\u2028\u2029"
"""The same in GraphQL of 2016, and in graphql-java. Which of them AppSync goes by is not known."""


def check_selection(
    fields: Sequence[str] | None, graphql: str | None, required: Sequence[str] = REQUIRED
) -> bool:
    """Refuse, as `InvalidInput`, a selection that would leave subscribers without a required field, or
    deceive them.

    `fields` is `info.selectionSetList` (slash paths, aliases in place of names), `graphql` is
    `info.selectionSetGraphQL`. Neither shows an alias inside a *named* fragment, and `roomId:
    clientMessageId` there would publish whatever the sender likes to the subscribers of another room. So
    named fragments are refused. Answers whether there was anything to look at.
    """
    aliased, fragments = _hiding(graphql or "")
    if aliased:
        raise InvalidInput("send.selectionAliased", argument="selection", aliased=",".join(aliased))
    if fragments:
        raise InvalidInput("send.selectionFragment", argument="selection", fragments=",".join(fragments))
    if fields is None:
        return False
    missing = [name for name in required if name not in fields]
    if missing:
        raise InvalidInput("send.selectionIncomplete", argument="selection", missing=",".join(missing))
    return True


def check_call(info: Mapping[str, Any], tally: Tally, required: Sequence[str] = REQUIRED) -> None:
    """The same of a call whose answer goes to subscribers, by its `info`; where there was nothing to look at, that is
    counted."""
    if not check_selection(info.get("selectionSetList"), info.get("selectionSetGraphQL"), required):
        tally.add("SelectionUnknown")


def may_select(graphql: str | None, name: str, *, of_object: bool = False) -> bool:
    """Whether a field may be selected at any depth: what is only computed where it is asked for goes by this. With
    `of_object` only a field that has fields itself, and no scalar of the same name.

    It may be where the selection is unknown (`None`), and in a named fragment, since AppSync does not show
    what that selects.
    """
    if graphql is None or _hiding(graphql)[1]:
        return True
    readings = _readings(graphql)
    if of_object:
        return any(_selects_object(words, name) for words in readings)
    return any(name in words for words in readings)


def _selects_object(words: Sequence[str], name: str) -> bool:
    """Whether the field stands there with a selection of its own, directives between them or not."""
    text = " ".join(word for word in words if word[0] != "#")
    return re.search(rf"(?<!\w){name}(?: @ \w+(?: \([^)]*\))?)* \{{", text) is not None


def _readings(graphql: str) -> list[list[str]]:
    """The words of a selection, in each way that it may be read."""
    readings = [_LINE_ENDS.findall(graphql)]
    if "\u2028" in graphql or "\u2029" in graphql:
        readings.append(re.findall(_OLDER_LINE_ENDS, graphql, re.DOTALL))
    return readings


def _hiding(graphql: str) -> tuple[list[str], list[str]]:
    """The fields that are selected under another name, and the named fragments that are spread, outside of
    arguments."""
    found = [_hiding_words(words) for words in _readings(graphql)]
    return max(aliased for aliased, _ in found), max(fragments for _, fragments in found)


def _hiding_words(words: list[str]) -> tuple[list[str], list[str]]:
    aliased, fragments, depth, colon, spread = [], [], 0, False, False
    for word in words:
        if word[0] in '"#':
            continue
        depth += (word == "(") - (word == ")")
        if colon:
            aliased.append(word)
        if spread and word not in ("on", "{", "@"):
            fragments.append(word)
        colon, spread = depth == 0 and word == ":", word == "..."
    return aliased, fragments
