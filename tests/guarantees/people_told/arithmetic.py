"""What a million messages cost where people are told of them by `onMine`: docs/personal-events.md has the table of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from chat.steps.tell_people import TOLD_MEMBERS

OPERATION, UPDATE = 4.00, 2.00
"""AppSync: a million operations, and a million updates of up to 5 KB to subscribers. https://aws.amazon.com/appsync/pricing/"""
READ, WRITTEN = 0.125, 0.625
"""DynamoDB on demand in us-east-1: a million read units, and write units. https://aws.amazon.com/dynamodb/pricing/on-demand/"""
CALL, GB_SECOND = 0.20, 13.3334
"""Lambda on arm64: a million calls, and a million GB and seconds. https://aws.amazon.com/lambda/pricing/"""
PUBLISHING_GB_S, PROJECTING_GB_S = 0.005 * 0.5, 0.020
"""What one call of `publish_mine` takes, and of `project_stream`, which at worst has one message: as in docs/publishing.md."""


@dataclass(frozen=True)
class Told:
    """What one message takes on average: publishes, updates, read and write units."""

    publishes: float
    read: float
    written: float

    @property
    def dollars(self) -> float:
        """For a million of them, everybody listening by one subscription; the projection is called for each."""
        appsync = self.publishes * (OPERATION + UPDATE)
        functions = self.publishes * (CALL + PUBLISHING_GB_S * GB_SECOND) + CALL + PROJECTING_GB_S * GB_SECOND
        return appsync + functions + self.read * READ + self.written * WRITTEN


def told(members: int, window_messages: int) -> Told:
    """Of a room of so many, where everybody sends in turn and so many messages fall into the time in which nobody is told again:
    1 where they are further apart.

    The roster is read for each message whose sender is not known to have told everybody (1 unit), and each of the others is
    looked at and claimed where nothing is known of them.
    """
    if members > TOLD_MEMBERS:
        return Told(0, 1 / max(1, window_messages), 0)
    others = members - 1
    # Whoever sent the first message of a time hears of the second, and is then known as all others are.
    told_in_window = others + (1 if window_messages > 1 else 0)
    asked = min(window_messages, members)
    return Told(
        told_in_window / window_messages,
        (asked + told_in_window) / window_messages,
        told_in_window / window_messages,
    )


SITUATIONS = ((10, 1), (10, 10), (10, 100), (100, 1), (1_000, 1))


def rows() -> Iterator[str]:
    """The table's rows: members, messages in ten seconds, publishes, updates, units and dollars of a million messages."""
    for members, window in SITUATIONS:
        each = told(members, window)
        publishes = f"{each.publishes:.2f} M"
        far = "one or none" if window == 1 else f"{window}"
        yield (
            f"| {members:,} | {far} | {publishes} | {publishes} | {each.read:.2f} M | {each.written:.2f} M | ${each.dollars:.2f} |"
        )
