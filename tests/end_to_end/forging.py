"""What somebody might try so that what they write is heard in a room that they are not in.

AppSync gives subscribers what the caller of a linked mutation selects, under the names that the caller gives, and
compares *that* with the arguments of subscriptions. `mallory` and a person whose id is the other room's are in `$mine`;
nobody of them is in `$theirs`. A document may use `$mine`, `$theirs`, `$text`, `$message` (a message of mallory's whose
`clientMessageId` is the other room's id), `$publish` (a `Message` for the other room, as JSON), `$told` (a `PersonEvent` for ann, as
JSON), `$yes` and `$no`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TYPES = {
    "mine": "ID!",
    "theirs": "ID!",
    "message": "ID!",
    "text": "String!",
    "publish": "AWSJSON!",
    "told": "AWSJSON!",
    "yes": "Boolean!",
    "no": "Boolean!",
}
ALL = "id roomId senderId text ts seq epoch clientMessageId"
AS_THEIRS = "id roomId: clientMessageId senderId text ts seq epoch"
"""The room's name is that of the message."""
BOTH = "seq epoch clientMessageId id senderId text ts"
"""Everything but the room."""


def send(selection: str, alias: str = "") -> str:
    return f"{alias}sendMessage(roomId: $mine, text: $text, clientMessageId: $theirs) {{ {selection} }}"


def edit(selection: str) -> str:
    return f"editMessage(roomId: $mine, id: $message, text: $text) {{ {selection} rev version editedAt }}"


def remove(selection: str) -> str:
    return f"removeMessage(roomId: $mine, id: $message) {{ {selection} rev removedAt }}"


PUBLISH = f"publishMessage(message: $publish) {{ {ALL} }}"


@dataclass(frozen=True)
class Attempt:
    """`document`: without the line that declares its variables. `by`: who tries: `mallory`, `room` (whose id is the other
    room's), `admin`, `claims` (a good token with claims beside its own), `foreign` (a token that nobody here signed),
    or `iam:` and whose access key. `works`: it is heard where the guard is missing."""

    document: str
    by: str = "mallory"
    works: bool = False
    operation: str = ""

    @property
    def query(self) -> str:
        """The whole document. One that has operations of its own declares its variables itself."""
        if self.operation:
            return self.document
        used = [name for name in TYPES if re.search(rf"\${name}\b", self.document)]
        declared = ", ".join(f"${name}: {TYPES[name]}" for name in used)
        return f"mutation Forge({declared}) {self.document}"

    @property
    def variables(self) -> list[str]:
        return [name for name in TYPES if re.search(rf"\${name}\b", self.document)]


IGNORED = {
    "a comma": ",",
    "a byte order mark": "\ufeff",
    "a tab": "\t",
    "a carriage return": "\r",
    "a comment": "# {\n",
    "a comment that ends with a carriage return": "# {\r",
    "a comment with a line separator": "# \u2028 {\n",
    "a comment with quotes": '# """ {\n',
}
"""What GraphQL ignores between tokens: https://spec.graphql.org/October2021/#sec-Language.Source-Text.Ignored-Tokens"""

SENDING: Mapping[str, Attempt] = {
    "an alias": Attempt(f"{{ {send(AS_THEIRS)} }}", works=True),
    "an alias beside the field itself": Attempt(f"{{ {send(f'{AS_THEIRS} clientMessageId')} }}", works=True),
    "an alias in a named fragment": Attempt(
        f"{{ {send('...F')} }} fragment F on Message {{ {AS_THEIRS} }}", works=True
    ),
    "every field, and the room in a named fragment": Attempt(
        f"{{ {send(f'{BOTH} ...F')} }} fragment F on Message {{ roomId: clientMessageId }}", works=True
    ),
    "a fragment within a fragment": Attempt(
        f"{{ {send('...F')} }} fragment F on Message {{ ...G }} fragment G on Message {{ {AS_THEIRS} }}",
        works=True,
    ),
    "a fragment on the mutation": Attempt(
        f"{{ ...M }} fragment M on Mutation {{ {send(AS_THEIRS)} }}", works=True
    ),
    "an inline fragment": Attempt(f"{{ {send(f'... {{ {AS_THEIRS} }}')} }}", works=True),
    "an inline fragment on the type": Attempt(
        f"{{ {send(f'... on Message {{ {AS_THEIRS} }}')} }}", works=True
    ),
    "an inline fragment on another type": Attempt(
        f"{{ {send(f'{ALL} ... on Notice {{ roomId: clientMessageId }}')} }}"
    ),
    "a fragment within an inline fragment": Attempt(
        f"{{ {send('... on Message { ...F }')} }} fragment F on Message {{ {AS_THEIRS} }}", works=True
    ),
    "a directive on an alias": Attempt(
        f"{{ {send(f'{BOTH} roomId: clientMessageId @include(if: $yes)')} }}", works=True
    ),
    "a directive on a fragment": Attempt(
        f"{{ {send(f'{BOTH} ...F @include(if: $yes)')} }} fragment F on Message {{ roomId: clientMessageId }}",
        works=True,
    ),
    "a directive on an inline fragment": Attempt(
        f"{{ {send(f'{BOTH} ... @skip(if: $no) {{ roomId: clientMessageId }}')} }}", works=True
    ),
    "the room skipped, and another in its place": Attempt(
        f"{{ {send(f'roomId @skip(if: $yes) {BOTH} ... @include(if: $yes) {{ roomId: clientMessageId }}')} }}"
    ),
    "the room skipped": Attempt(f"{{ {send(f'roomId @skip(if: $yes) {BOTH}')} }}"),
    "the room twice": Attempt(f"{{ {send(f'roomId {AS_THEIRS}')} }}"),
    "the mutation twice, once with an alias": Attempt(f"{{ {send(ALL)} {send(AS_THEIRS)} }}"),
    "a second mutation under another name": Attempt(
        f"{{ {send(ALL)} {send(AS_THEIRS, 'more: ')} }}", works=True
    ),
    "a first mutation under another name": Attempt(
        f"{{ {send(AS_THEIRS, 'onMessage: ')} {send(ALL)} }}", works=True
    ),
    "a sent message, and an edit of it": Attempt(f"{{ {send(ALL)} {edit(AS_THEIRS)} }}", works=True),
    "the second of two operations": Attempt(
        f"mutation A($mine: ID!, $text: String!, $theirs: ID!) {{ {send(ALL)} }} "
        f"mutation B($mine: ID!, $text: String!, $theirs: ID!) {{ {send(AS_THEIRS)} }}",
        works=True,
        operation="B",
    ),
    "a block string that looks like the end": Attempt(
        '{ sendMessage(roomId: $mine, text: """ ") { id roomId } \\""" } """, clientMessageId: $theirs)'
        f" {{ {AS_THEIRS} }} }}",
        works=True,
    ),
    "another's name": Attempt(
        "{ sendMessage(roomId: $mine, text: $text, clientMessageId: $theirs)"
        " { id roomId senderId: clientMessageId text ts seq epoch } }"
    ),
    **{
        f"{what} before an alias's name": Attempt(
            f"{{ {send(f'{BOTH} roomId{ignored}:{ignored}clientMessageId')} }}", works=True
        )
        for what, ignored in IGNORED.items()
    },
    **{
        f"{what} before a fragment's name": Attempt(
            f"{{ {send(f'{BOTH} ...{ignored}F')} }} fragment F on Message {{ roomId: clientMessageId }}",
            works=True,
        )
        for what, ignored in IGNORED.items()
    },
}

CHANGING: Mapping[str, Attempt] = {
    "an edit": Attempt(f"{{ {edit(AS_THEIRS)} }}", works=True),
    "an edit with a fragment": Attempt(
        f"{{ {edit('...F')} }} fragment F on Message {{ {AS_THEIRS} }}", works=True
    ),
    "a removal": Attempt(f"{{ {remove(AS_THEIRS)} }}", works=True),
    "a notice by somebody who is called like the room": Attempt(
        "{ leaveRoom(roomId: $mine) { id roomId: senderId senderId ts epoch notice { kind userId nextEpoch } } }",
        by="room",
        works=True,
    ),
    "such a notice with a fragment": Attempt(
        "{ leaveRoom(roomId: $mine) { ...F } } fragment F on Message"
        " { id roomId: senderId senderId ts epoch notice { kind userId nextEpoch } }",
        by="room",
        works=True,
    ),
}

LINKED_IN_BOTH: Mapping[str, Attempt] = {
    "how far somebody has read": Attempt(
        "{ markRead(roomId: $mine, seq: 1) { roomId: userId epoch userId readSeq deliveredSeq } }", by="room"
    ),
    "how far, with a fragment": Attempt(
        "{ markRead(roomId: $mine, seq: 1) { epoch userId readSeq deliveredSeq ...F } } fragment F on Receipt { roomId: userId }",
        by="room",
    ),
    "what somebody has received": Attempt(
        "{ markDelivered(roomId: $mine, seq: 1) { ... on Receipt { roomId: userId } epoch userId readSeq deliveredSeq } }",
        by="room",
    ),
    "that somebody writes": Attempt(
        "{ typing(roomId: $mine) { roomId: userId epoch userId expiresAt } }", by="room"
    ),
    "that somebody writes, with a fragment": Attempt(
        "{ typing(roomId: $mine) { ...F } } fragment F on Typing { roomId: userId epoch userId expiresAt }",
        by="room",
    ),
}
"""Of mutations that are linked, and strict, in both ways to publish."""

CALLING: Mapping[str, Attempt] = {
    "a person": Attempt(f"{{ {PUBLISH} }}"),
    "a person with a platform role": Attempt(f"{{ {PUBLISH} }}", by="admin"),
    "a person beside a message": Attempt(f"{{ {send(ALL)} {PUBLISH} }}"),
    "a person under another name": Attempt(f"{{ sendMessage: {PUBLISH} }}"),
    "a person in a fragment": Attempt(f"{{ ...M }} fragment M on Mutation {{ {PUBLISH} }}"),
    "a token that claims to be the reader": Attempt(f"{{ {PUBLISH} }}", by="claims"),
    "a token that another has signed": Attempt(f"{{ {PUBLISH} }}", by="foreign"),
    "a person's role": Attempt(f"{{ {PUBLISH} }}", by="iam:alice"),
    "the gateway's role": Attempt(f"{{ {PUBLISH} }}", by="iam:gateway"),
    "a role of the account that the chat does not know": Attempt(f"{{ {PUBLISH} }}", by="iam:stranger"),
}
"""Who else might call the internal mutation."""

TELL = "publishMine(event: $told) { userId epoch id kind roomId messageId seq rev actorId role mutedUntil ts quietUntil }"
TELLING: Mapping[str, Attempt] = {
    "a person": Attempt(f"{{ {TELL} }}"),
    "a person with a platform role": Attempt(f"{{ {TELL} }}", by="admin"),
    "a person beside a message": Attempt(f"{{ {send(ALL)} {TELL} }}"),
    "a person under another name": Attempt(f"{{ revokeSubscriptions: {TELL} }}"),
    "a person with other names": Attempt(
        "{ publishMine(event: $told) { id kind ts userId: actorId epoch: rev } }"
    ),
    "a person in a fragment": Attempt(f"{{ ...M }} fragment M on Mutation {{ {TELL} }}"),
    "the end of one's own subscriptions under another's name": Attempt(
        "{ publishMine: revokeSubscriptions { userId epoch } }"
    ),
    "a token that claims to be the projector": Attempt(f"{{ {TELL} }}", by="claims"),
    "a token that another has signed": Attempt(f"{{ {TELL} }}", by="foreign"),
    "a person's role": Attempt(f"{{ {TELL} }}", by="iam:alice"),
    "the gateway's role": Attempt(f"{{ {TELL} }}", by="iam:gateway"),
    "the role of the reader of events": Attempt(f"{{ {TELL} }}", by="iam:publisher"),
    "a role of the account that the chat does not know": Attempt(f"{{ {TELL} }}", by="iam:stranger"),
}
"""Who else might tell somebody what did not happen to them."""

KINDS = {"sending": SENDING, "changing": CHANGING, "linked in both": LINKED_IN_BOTH, "calling": CALLING}
