"""The composition root of the function that derives things from the tables' streams."""

from collections.abc import Sequence
from functools import cache

from chat.rules.projections import Projection
from chat.steps.mention_projection import MentionProjection
from chat.steps.name_projection import NameProjection
from chat.steps.summarise_reactions import ReactionSummaries
from chat_lambda.compose import deployment
from chat_lambda.settings import settings

TIMEOUT_S = 2.0
"""How long one connect, and one answer, of the API may take."""


@cache
def projections() -> Sequence[Projection]:
    """What is derived, in the order in which each batch is given to it: first what is stored, then what is told, so that
    whoever hears of something finds it. One module each in `chat/steps/`."""
    found: list[Projection] = [MentionProjection(deployment()), NameProjection(deployment())]
    if settings().appsync_url:
        found.append(_people_told())
    return [*found, ReactionSummaries(deployment())]  # last: it may wait for the rest of a second


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
