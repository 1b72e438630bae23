"""A deployed schema is refused where a caller could decide what others hear."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from schema import generate
from schema.source import Publish, ours
from terraform.check_links import dangers, fields_of

PIECES: dict[str, Any] = json.loads(Path("terraform/schema.json").read_text(encoding="utf-8"))
OURS = {each["name"]: each["mutations"] for each in PIECES["fields"]}
LINK = '@aws_subscribe(mutations: ["publishMessage"])'
SENDERS = '@aws_subscribe(mutations: ["sendMessage"])'


def printed(publish: Publish, prefix: str = "") -> str:
    return generate(modes=["lambda", "iam"], default="lambda", prefix=prefix, publish=publish)


@pytest.mark.parametrize("prefix", ["", "Chat"])
@pytest.mark.parametrize("publish", get_args(Publish))
def test_what_we_print_is_sound(publish: Publish, prefix: str) -> None:
    text = printed(publish, prefix)
    assert list(dangers(text, publish, prefix, OURS)) == []
    links = {name.partition(".")[2]: each.links for name, each in fields_of(text).items() if each.links}
    assert len(links) == sum(name.startswith("Subscription.") for name in ours(publish).fields)


@pytest.mark.parametrize(
    ("publish", "deployed", "before", "after", "said"),
    [
        ("stream", "sender", "", "", "onMessage is linked to sendMessage, which may be linked to nothing"),
        ("stream", "sender", "", "", "publishMessage is absent"),
        ("sender", "stream", "", "", "onMessage is linked to publishMessage"),
        (
            "stream",
            "stream",
            LINK,
            '@aws_subscribe(mutations: ["publishMessage", "sendMessage"])',
            "sendMessage",
        ),
        (
            "stream",
            "stream",
            "Message @aws_iam\n",
            "Message @aws_iam @aws_lambda\n",
            "open to @aws_iam alone",
        ),
        ("stream", "stream", "Message @aws_iam\n", "Message\n", "open to @aws_iam alone"),
        (
            "sender",
            "sender",
            "type Subscription {",
            f"type Subscription {{\n  theirs: Message {SENDERS}",
            "theirs is linked",
        ),
        (
            "stream",
            "stream",
            "type Subscription {",
            'type Subscription {\n  theirs(a: String = "{("): Message @aws_lambda @aws_subscribe(mutations: ["createRoom"])',
            "theirs is linked to createRoom",
        ),
    ],
)
def test_a_dangerous_link_is_named(
    publish: Publish, deployed: Publish, before: str, after: str, said: str
) -> None:
    text = printed(deployed)
    assert before in text
    assert said in "\n".join(dangers(text.replace(before, after, 1), publish, "", OURS))


def test_what_is_said_in_comments_and_descriptions_is_no_link() -> None:
    text = printed("stream").replace(
        "type Subscription {",
        f'type Subscription {{\n  """theirs: Message {SENDERS} {{"""\n  # other: Message {SENDERS}\n'
        f'  "other: Message {LINK}"\n  parcels: Int',
    )
    assert list(dangers(text, "stream", "", OURS)) == []


def test_the_program_says_which(tmp_path: Path) -> None:
    deployed = tmp_path / "deployed.graphql"
    deployed.write_text(printed("sender"))
    command = [sys.executable, "terraform/check_links.py", str(deployed)]
    sound = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (sound.returncode, sound.stderr) == (0, "")
    refused = subprocess.run([*command, "--publish=stream"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "onMessage is linked to sendMessage" in refused.stderr
