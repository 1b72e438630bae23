"""The composition root of the function that derives things from the tables' streams."""

import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from chat.rules.projections import Projection
from chat.steps.mention_projection import MentionProjection
from chat.steps.name_projection import NameProjection
from chat.steps.summarise_reactions import ReactionSummaries
from chat_lambda.compose import deployment
from chat_lambda.secrets import read_key
from chat_lambda.settings import settings

if TYPE_CHECKING:
    from chat.storage.taken_back_log import DataKeys, TakenBackLog

TIMEOUT_S = 2.0
"""How long one connect, and one answer, of the API may take."""


@cache
def projections() -> Sequence[Projection]:
    """What is derived, in the order in which each batch is given to it: first what is stored, then what is told, so that
    whoever hears of something finds it. One module each in `chat/steps/`."""
    found: list[Projection] = [MentionProjection(deployment()), NameProjection(deployment())]
    if settings().taken_back_bucket:
        found.append(_taken_back_logged())
    if settings().notify_after_s:
        from chat.steps.notification_projection import NotificationProjection  # noqa: PLC0415  only who notifies is to pay for it

        found.append(NotificationProjection(deployment(), settings().notify_after_s))
    if settings().appsync_url:
        found.append(_people_told())
    return [*found, ReactionSummaries(deployment())]  # last: it may wait for the rest of a second


def _taken_back_logged() -> Projection:
    """Where the deployment keeps a log of what was taken back."""
    from chat.steps.taken_back_projection import TakenBackLogged  # noqa: PLC0415  only who keeps one is to pay for it

    return TakenBackLogged(taken_back_log)


@cache
def taken_back_log() -> "TakenBackLog":
    """Made at the first batch that takes anything back. Raises `BadSecret`."""
    from chat.storage.aws import client  # noqa: PLC0415  as above
    from chat.storage.taken_back_log import KmsKeys, LocalKeys, TakenBackLog  # noqa: PLC0415  the same

    own = settings()
    reference = own.taken_back_key or ""
    s3 = client("s3", region=own.aws_region, endpoint=own.s3_endpoint, timeout=TIMEOUT_S)
    if reference.startswith("file:"):
        data_keys: DataKeys = LocalKeys(read_key("taken_back_key", reference, own.aws_region))
    else:
        data_keys = KmsKeys(client("kms", region=own.aws_region, timeout=TIMEOUT_S), reference)
    return TakenBackLog(s3, own.taken_back_bucket, data_keys, time.monotonic)


def _people_told() -> Projection:
    """Where the deployment publishes by the stream."""
    from chat.rules.published import publish_mine_document  # noqa: PLC0415  only who tells anybody is to pay for it
    from chat.steps.tell_people import PeopleTold  # noqa: PLC0415  the same
    from chat.storage.aws import SignedPost  # noqa: PLC0415  the same
    from chat.storage.event_publisher import InternalMutation  # noqa: PLC0415  the same

    own = settings()
    post = SignedPost(
        own.appsync_url or "",
        service="appsync",
        region=own.aws_region,
        timeout=TIMEOUT_S,
        profile=own.projector_profile,
    )
    mutation = InternalMutation(post, publish_mine_document(own.schema_prefix), "event")
    return PeopleTold(deployment(), mutation.publish, own.moved_every_seconds)
