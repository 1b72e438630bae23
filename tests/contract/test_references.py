"""Who refers to nothing does not pay for what refers, and the schema states the limits of the code."""

import subprocess
import sys

from chat.rules.mentions import MOST_COUNTED, MOST_MENTIONS
from simulator.engine import PROJECT

SCHEMA = (PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8")
LOADED = """
import sys
import resolvers.send_message, resolvers.messages, resolvers.on_message
from chat_lambda.compose import deployment
deployment()
new = ("chat.steps.references", "chat.steps.quotes", "chat.rules.mentions", "chat.storage.mention_items")
print([name for name in new if name in sys.modules])
"""


def test_sending_reading_and_subscribing_load_nothing_of_references() -> None:
    environment = {"PYTHONPATH": ".:layers/chat/python", "AWS_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", LOADED],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_schema_states_the_limits_of_the_code() -> None:
    assert f"The people whom it mentions, at most {MOST_MENTIONS}, by their user ids" in SCHEMA
    assert f"{MOST_COUNTED} stands for that or more" in SCHEMA
