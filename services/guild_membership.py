"""guild_membership: who is in a guild, as the guild's own service says. It invokes this function; AppSync
does not."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.guild_membership import guild_membership
from chat_lambda.compose import deployment
from chat_lambda.function import Call, service


@service("guild_membership", deployment)
def handler(call: Call) -> dict[str, Any]:
    """Answers who is in the room now and who is not: see `docs/guilds.md`."""
    return guild_membership(deployment(), call.arguments, call.tally)
