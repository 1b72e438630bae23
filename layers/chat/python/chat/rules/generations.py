"""Generations of the tables. One begins when they went back to an earlier state: a restore, a lost write.

What was given out before must not be taken for what comes after: a room would give the same `seq`, `rev` and
epoch to other messages. The deployment's generation is kept outside the tables, which went back, and each room's
head says in which it was written last. One that is behind is read as if the generation had begun with it: its
`rev` and its epoch leap beyond whatever it can have given out before. That depends on nothing but the item and
the two numbers, so reading writes nothing; the first write of the room stores it.
"""

from dataclasses import replace

from chat.rules.models import Head, Item, Member, Message

LEAP = 2**20
"""By how much `rev` and epoch leap for each generation: more than a room can have had of either in what was
lost. Epochs of the n-th generation begin above (n - 1) times this, since rooms begin at 1."""

MOST_GENERATIONS = 1_024
"""So that both stay below 2^31, where GraphQL's `Int` ends, for a room of a billion revisions."""


def in_generation(head: Item, generation: int) -> Item:
    """The item of a head as it counts in `generation`: itself, if it was written in this or a later one."""
    behind = generation - generation_of(head)
    if behind <= 0:
        return head
    rev, epoch = (int(head[name]["N"]) + behind * LEAP for name in ("rev", "epoch"))
    numbers = {"rev": rev, "epoch": epoch, "generation": generation, "generationRev": rev}
    return head | {name: {"N": str(number)} for name, number in numbers.items()}


def generation_of(head: Item) -> int:
    """In which generation the item of a head was written; from before there were any it was the first."""
    return int(head["generation"]["N"]) if "generation" in head else 1


def generation_in(epoch: int) -> int:
    """The generation to which an epoch of any room belongs."""
    return (epoch - 1) // LEAP + 1


def epoch_in(epoch: int, written_in: int, generation: int) -> int:
    """An epoch that was stored in the generation `written_in`, as it counts in `generation`."""
    return epoch + max(0, generation - written_in) * LEAP


def is_from_before(rev: int, head: Head) -> bool:
    """Whether whoever holds the room at `rev` holds it as it was in an earlier generation."""
    return rev < head.generation_rev


def ended_epoch(member: Member, head: Head) -> int | None:
    """The epoch of the room that the member's going ended, in the generation that the room is in: one of an
    earlier one is not to be published again, since subscriptions from then may live."""
    return member.ended_epoch if _is_present(member.ended_epoch, head) else None


def published_again(message: Message, head: Head) -> Message:
    """A stored message that is answered, and so published, once more: in no epoch that has ended, under which whoever has left
    may still have a subscription, since what the message says may be from after. Where the history is visible from joining, a
    later epoch has people who may not see it: there in none at all.
    """
    if message.epoch is None and head.generation == 1:
        return message
    if message.epoch is not None and message.epoch >= head.epoch and _is_present(message.epoch, head):
        return message
    return replace(message, epoch=None if head.history_from else head.epoch)


def _is_present(epoch: int | None, head: Head) -> bool:
    """Whether this is an epoch of the generation that the room is in."""
    return head.generation == 1 or (epoch is not None and generation_in(epoch) == generation_in(head.epoch))
