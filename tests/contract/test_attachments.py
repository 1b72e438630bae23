"""What attachments need is said in several places, which agree; and who
sends without any does not pay for them."""

import json
import re
import subprocess
import sys

from chat.storage.uploads import KEPT_DAYS, MOST_ATTACHMENTS, USABLE_S
from chat_lambda.settings import Settings
from simulator.engine import PROJECT

SCHEMA = (PROJECT / "resolvers" / "schema.graphql").read_text(encoding="utf-8")
TERRAFORM = (PROJECT / "terraform" / "uploads.tf").read_text(encoding="utf-8")
WIRING = json.loads((PROJECT / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
LOADED = """
import sys
import resolvers.send_message
from chat_lambda.compose import deployment
deployment()
print([name for name in ("chat.steps.attachments", "chat.storage.objects", "chat.storage.uploads") if name in sys.modules])
"""


def test_terraform_empties_the_folders_that_the_code_fills() -> None:
    (listed,) = re.findall(r"kept_days = \[([0-9, ]+)\]", TERRAFORM)
    assert tuple(int(days) for days in listed.split(",")) == KEPT_DAYS


def test_every_retention_that_a_room_may_have_has_a_folder() -> None:
    assert list(KEPT_DAYS) == sorted(KEPT_DAYS)
    assert (KEPT_DAYS[0], KEPT_DAYS[-1]) == (7, 36_500)


def test_functions_have_rights_on_named_folders_alone_and_the_buckets_name() -> None:
    holding = [each for each in WIRING["fields"].values() if "objects" in each]
    for each in holding:
        assert "UPLOADS_BUCKET" in each["settings"]
        for right in each["objects"]:
            assert set(right) == {"actions", "prefixes"}
            assert set(right["actions"]) <= {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
            assert set(right["prefixes"]) <= {"pending/*", "kept/*", "held/*", "avatars/*", "exports/*"}
    configured = {
        each["module"] for each in WIRING["fields"].values() if "UPLOADS_BUCKET" in each["settings"]
    }
    assert configured == {each["module"] for each in holding}
    assert configured == {
        *("create_upload", "send_message", "attachment", "remove_message"),
        *("avatar", "update_me", "update_room", "data_requests"),
    }


def test_the_schema_states_the_limits_of_the_code() -> None:
    assert f"by the sender, at most {MOST_ATTACHMENTS}." in SCHEMA
    assert f"within {USABLE_S // 3_600} hours" in SCHEMA
    assert Settings().max_upload_bytes == 10 * 1_024 * 1_024


def test_a_browser_runs_nothing_that_is_taken_by_default() -> None:
    assert not [each for each in Settings().upload_types if re.search("html|xml|svg|script|flash", each)]


def test_sending_without_attachments_loads_nothing_of_them() -> None:
    environment = {
        "PYTHONPATH": ".:layers/chat/python",
        "UPLOADS_BUCKET": "a-bucket",
        "AWS_REGION": "us-east-1",
    }
    done = subprocess.run(
        [sys.executable, "-B", "-c", LOADED],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
