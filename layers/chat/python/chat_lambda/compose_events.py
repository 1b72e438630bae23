"""The composition root of the functions that give events away: the reader of the stream and the re-emitter. The reader asks
no table for anything."""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chat.rules.outgoing import Target
from chat.steps.emission import Emitter
from chat.storage.aws import SignedPost, client
from chat.storage.event_consumers import Consumer, EventConsumers, NotificationConsumer, PrivacyConsumer
from chat_lambda.settings import settings

if TYPE_CHECKING:
    from chat.storage.dead_letters import DeadLetters

CONSUMERS: Sequence[Consumer] = ()
"""Consumers of our own, called with each event of a room in the reader's process."""

PRIVACY_CONSUMERS: Sequence[PrivacyConsumer] = ()
"""The same, called with each event `chat.privacy.*`."""

NOTIFICATION_CONSUMERS: Sequence[NotificationConsumer] = ()
"""The same, called with each event `chat.notification.due`."""

TIMEOUT_S = 2.0
"""How long one connect, and one answer, may take: a batch has `services/read_stream.py:WORKING_S` in all."""

Name = Literal["publish", "bus", "queue", "consumers"]
REEMITTED_TO: tuple[Name, ...] = ("bus", "queue", "consumers")
"""Whom events are given once more. Subscribers are not among them: they catch up by `changes` and `sync`."""


@cache
def targets() -> Mapping[Name, Target]:
    """The targets that this deployment has, in the order in which they get an event: who waits for it first."""
    own = settings()
    found: dict[Name, Target] = {}
    if own.publish == "stream" and own.appsync_url:
        from chat.rules.published import publish_document  # noqa: PLC0415  a target is imported by who has it
        from chat.storage.event_publisher import EventPublisher  # noqa: PLC0415  the same

        post = SignedPost(
            own.appsync_url,
            service="appsync",
            region=own.aws_region,
            timeout=TIMEOUT_S,
            profile=own.appsync_profile,
        )
        found["publish"] = EventPublisher(post, publish_document(own.schema_prefix))
    if own.event_bus:
        from chat.storage.event_bus import EventBus  # noqa: PLC0415  the same

        events = client("events", region=own.aws_region, timeout=TIMEOUT_S, lean=True)
        found["bus"] = EventBus(events, own.event_bus, own.event_source)
    if own.event_queue_url:
        from chat.storage.event_queue import EventQueue  # noqa: PLC0415  the same

        found["queue"] = EventQueue(_sqs(), own.event_queue_url)
    if CONSUMERS or PRIVACY_CONSUMERS or NOTIFICATION_CONSUMERS:
        found["consumers"] = EventConsumers(CONSUMERS, PRIVACY_CONSUMERS, NOTIFICATION_CONSUMERS)
    return found


@cache
def reader() -> Emitter:
    """Gives events of the stream to every target."""
    return emitter_to(tuple(targets()))


def emitter_to(names: Sequence[Name]) -> Emitter:
    """Gives events to some of the targets, those of `names` that there are."""
    chosen = {name: target for name, target in targets().items() if name in names}
    return Emitter(
        targets=tuple(chosen.values()),
        with_text=settings().event_text,
        publishes="publish" in chosen,
        monotonic=time.monotonic,
    )


@cache
def dead_letters() -> "DeadLetters":
    """Where what cannot be given away is set aside."""
    from chat.storage.dead_letters import (  # noqa: PLC0415  the re-emitter has none
        DeadLetterFile,
        DeadLetterQueue,
        NoDeadLetters,
    )

    url = settings().dead_letter_queue_url
    if url is None:
        return NoDeadLetters()
    if url.startswith("file:"):
        return DeadLetterFile(Path(url.removeprefix("file:")))
    return DeadLetterQueue(_sqs(), url)


@cache
def _sqs() -> Any:
    return client("sqs", region=settings().aws_region, timeout=TIMEOUT_S, lean=True)
