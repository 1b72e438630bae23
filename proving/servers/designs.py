"""Wrong designs that chats have been seen with. Each changes one thing of the sound one, and fails by lines that name it."""

import uuid

from proving.servers.store import Conversation, Key, Message, Store


class ClientTimestamp(Store):
    """The client's timestamp is the sort key, as it is in AWS's sample: clocks decide the order."""

    name = "client-timestamp"

    def sort_key(self, message: Message) -> Key:
        return [message.created_at, message.number]


class UnconditionalPut(Store):
    """A message is put under the next number without a condition: of two at once one overwrites the other."""

    name = "unconditional-put"

    def is_free(self, conversation: Conversation, number: int) -> bool:
        return True


class NoIdempotency(Store):
    """Each send is a new message: what a client repeats is there twice."""

    name = "no-idempotency"

    def earlier(self, conversation: Conversation, id_: str, content: str) -> Message | None:
        return None

    def new_id(self, id_: str) -> str:
        return str(uuid.uuid4())


class AfterByTime(Store):
    """Whoever reads on is given what is later by the clock: what came in the same second is left out."""

    name = "after-by-time"

    def after_key(self, message: Message) -> Key:
        return [message.second]


class NoFence(Store):
    """Who may listen is judged when a subscription begins, and never again."""

    name = "no-fence"

    def may_hear(self, user: str, conversation_id: str) -> bool:
        return True


class PartialSelection(Store):
    """Whatever the sender selects is published: those who listen get the rest as null."""

    name = "partial-selection"

    def check_selection(self, selected: set[str]) -> None:
        return


class UnreadCounter(Store):
    """What is unread is a number that each send adds to and each mark sets to none."""

    name = "unread-counter"

    def count_unread(self, conversation: Conversation, user: str) -> int:
        return conversation.counters.get(user, 0)


class CursorWithoutTieBreak(Store):
    """A page begins after the second of the last message: others of that second are left out."""

    name = "cursor-without-tie-break"

    def cursor_key(self, message: Message) -> Key:
        return [message.second]


KNOWN_BAD: tuple[type[Store], ...] = (
    ClientTimestamp,
    UnconditionalPut,
    NoIdempotency,
    AfterByTime,
    NoFence,
    PartialSelection,
    UnreadCounter,
    CursorWithoutTieBreak,
)
DESIGNS: dict[str, type[Store]] = {Store.name: Store} | {each.name: each for each in KNOWN_BAD}
