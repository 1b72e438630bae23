"""The sample's rules and its memory: the sound design, of which each wrong one changes a method."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_CHARACTERS = 4_000
MAX_PAGE = 100
ROUND_TRIP_S = 0.005
"""What a request to a database takes, so that others come in between."""
Key = list[Any]


class ChatError(Exception):
    """A refusal. The class's name is `errorType`."""


class NotAMember(ChatError): ...


class Forbidden(ChatError): ...


class Mismatch(ChatError): ...


class BadInput(ChatError): ...


@dataclass(frozen=True, slots=True)
class Message:
    """`created_at`: what the client says; `number`, `second`: what the server says."""

    id: str
    conversation_id: str
    sender: str
    content: str
    created_at: str
    number: int
    second: int

    def to_wire(self) -> dict[str, Any]:
        named = {"id": self.id, "conversationId": self.conversation_id, "sender": self.sender}
        return named | {"content": self.content, "createdAt": self.created_at}


@dataclass(eq=False, slots=True)
class Conversation:
    """`rows`: the messages by their numbers; `read`: up to which number somebody has read; `counters`: what a design that
    counts has counted."""

    id: str
    name: str
    owner: str
    members: set[str] = field(default_factory=set)
    rows: dict[int, Message] = field(default_factory=dict)
    by_id: dict[str, Message] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


class Store:
    """`now`: seconds since 1970."""

    name = "sound"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.conversations: dict[str, Conversation] = {}

    # What designs change

    def sort_key(self, message: Message) -> Key:
        """By what messages are in order."""
        return [message.number]

    def cursor_key(self, message: Message) -> Key:
        """By what a page begins after the one before."""
        return self.sort_key(message)

    def after_key(self, message: Message) -> Key:
        """By what a message is later than another."""
        return self.sort_key(message)

    def earlier(self, conversation: Conversation, id_: str, content: str) -> Message | None:
        """The message that was sent under this id. Raises `Mismatch`."""
        found = conversation.by_id.get(id_)
        if found and found.content != content:
            raise Mismatch("The id was used for another text.")
        return found

    def new_id(self, id_: str) -> str:
        """The id of a message that was sent under this one."""
        return id_

    def is_free(self, conversation: Conversation, number: int) -> bool:
        """The condition of the put."""
        return number not in conversation.rows

    def check_selection(self, selected: set[str]) -> None:
        """Those who listen get what the sender selects. Raises `BadInput`."""
        if missing := {"id", "conversationId", "sender", "content", "createdAt"} - selected:
            raise BadInput(f"The selection lacks {', '.join(sorted(missing))}.")

    def may_hear(self, user: str, conversation_id: str) -> bool:
        """Whether a subscription that runs still brings something."""
        conversation = self.conversations.get(conversation_id)
        return conversation is not None and user in conversation.members

    def count_unread(self, conversation: Conversation, user: str) -> int:
        read = conversation.read.get(user, 0)
        return sum(each.number > read and each.sender != user for each in conversation.rows.values())

    # What all of them do

    def enter(self, user: str, conversation_id: str) -> Conversation:
        """Raises `NotAMember`, alike where there is no such conversation."""
        conversation = self.conversations.get(conversation_id)
        if conversation is None or user not in conversation.members:
            raise NotAMember("There is no such conversation, or you are not in it.")
        return conversation

    def own(self, user: str, conversation_id: str) -> Conversation:
        """Raises `NotAMember` and `Forbidden`."""
        conversation = self.enter(user, conversation_id)
        if conversation.owner != user:
            raise Forbidden("Only who made the conversation does this.")
        return conversation

    def create(self, user: str, id_: str, name: str) -> Conversation:
        if id_ in self.conversations:
            raise BadInput("There is such a conversation.")
        self.conversations[id_] = Conversation(id_, name, user, {user})
        return self.conversations[id_]

    def end(self, user: str, id_: str) -> Conversation:
        self.own(user, id_)
        return self.conversations.pop(id_)

    async def send(self, user: str, conversation_id: str, id_: str, content: str, created_at: str) -> Message:
        conversation = self.enter(user, conversation_id)
        if not content.strip() or len(content) > MAX_CHARACTERS:
            raise BadInput(f"A text has 1 to {MAX_CHARACTERS} characters.")
        while True:
            number = max(conversation.rows, default=0) + 1
            await asyncio.sleep(ROUND_TRIP_S)
            self.enter(user, conversation_id)
            for other in conversation.members - {user}:
                conversation.counters[other] = conversation.counters.get(other, 0) + 1
            if found := self.earlier(conversation, id_, content):
                return found
            if self.is_free(conversation, number):
                made = self.new_id(id_)
                message = Message(made, conversation_id, user, content, created_at, number, int(self.now()))
                conversation.rows[number] = conversation.by_id[made] = message
                return message

    def newest(self, user: str, conversation_id: str, first: int, after: str | None) -> dict[str, Any]:
        conversation = self.enter(user, conversation_id)
        rows = sorted(conversation.rows.values(), key=self.sort_key, reverse=True)
        if after is not None:
            bound = _opened(after, conversation_id, "newest")
            rows = [each for each in rows if self.cursor_key(each) < bound]
        return _page(rows, first, lambda last: _sealed(self.cursor_key(last), conversation_id, "newest"))

    def since(
        self, user: str, conversation_id: str, id_: str, first: int, after: str | None
    ) -> dict[str, Any]:
        conversation = self.enter(user, conversation_id)
        if (last := conversation.by_id.get(id_)) is None:
            raise BadInput("There is no such message.")
        rows = sorted(conversation.rows.values(), key=self.sort_key)
        rows = [each for each in rows if self.after_key(each) > self.after_key(last)]
        if after is not None:
            bound = _opened(after, conversation_id, id_)
            rows = [each for each in rows if self.sort_key(each) > bound]
        return _page(rows, first, lambda each: _sealed(self.sort_key(each), conversation_id, id_))

    def mark_read(self, user: str, conversation_id: str, id_: str) -> Conversation:
        conversation = self.enter(user, conversation_id)
        if (message := conversation.by_id.get(id_)) is None:
            raise BadInput("There is no such message.")
        conversation.read[user] = max(conversation.read.get(user, 0), message.number)
        conversation.counters[user] = 0
        return conversation


def _page(rows: list[Message], first: int, seal: Callable[[Message], str]) -> dict[str, Any]:
    if not 1 <= first <= MAX_PAGE:
        raise BadInput(f"A page has 1 to {MAX_PAGE} messages.")
    shown = rows[:first]
    more = len(rows) > first
    return {"messages": [each.to_wire() for each in shown], "nextToken": seal(shown[-1]) if more else None}


def _sealed(key: Key, *of: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([*of, key]).encode()).decode()


def _opened(cursor: str, *of: str) -> Key:
    """Raises `BadInput` for a cursor of another list, or of none."""
    try:
        *places, key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if places == [*of] and isinstance(key, list) and _sealed(key, *of) == cursor:
            return key
    except (ValueError, TypeError):
        pass
    raise BadInput("The cursor is not from this list.")
