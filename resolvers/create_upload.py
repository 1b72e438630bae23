"""Mutation.createUpload: prepare an upload."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.create_upload import create_upload
from chat_lambda.compose import deployment, uploads
from chat_lambda.function import Call, resolver


@resolver(deployment, uploads)
def handler(call: Call) -> dict[str, Any]:
    """Answers the schema's `Upload`."""
    return create_upload(deployment(), call.caller, call.arguments, call.tally)
