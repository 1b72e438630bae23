"""The smoke test refuses a deployed schema in which somebody could write into another room."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import schema
from schema.merge import Theirs, merge
from schema.request import Request, SchemaRefused
from simulator.engine import PROJECT
from terraform.check_links import dangers

WAYS = ("sender", "stream")
THEIRS = """
# type Mutation { commented: Message }
"The shop. type Subscription { described: Message }"
schema { query: Shop mutation: Change subscription: News }
type Shop { me(filter: In = {a: "}", b: [1]}): User }
type Change { rename(name: String = "}"): User @aws_iam }
type News { renamed: User @aws_subscribe(mutations: ["rename"]) }
type User @aws_iam { id: ID! }
input In { a: String b: [Int!] }
"""


def found(sdl: str, publish: str, prefix: str = "") -> list[str]:
    return list(dangers(sdl, publish, prefix))


@pytest.mark.parametrize("publish", WAYS)
@pytest.mark.parametrize("prefix", ["", "Chat"])
@pytest.mark.parametrize("modes", [["lambda"], ["iam"], ["lambda", "cognito", "oidc", "iam"]])
def test_what_make_schema_prints_is_not_dangerous(publish: str, prefix: str, modes: list[str]) -> None:
    assert found(schema.generate(publish=publish, prefix=prefix, modes=modes), publish, prefix) == []


@pytest.mark.parametrize("publish", WAYS)
def test_nor_is_it_in_another_schema(publish: str) -> None:
    request = Request.of(prefix="Chat", modes=["cognito"], publish=publish)
    merged = merge(Theirs.of(THEIRS), request)
    assert found(merged, publish, "Chat") == []
    other = "stream" if publish == "sender" else "sender"
    assert found(merged, other, "Chat")


def test_a_schema_of_the_sender_behind_functions_of_the_stream_names_every_link() -> None:
    sentences = found(schema.generate(), "stream")
    named = {re.findall(r"linked to (\w+):", each)[0] for each in sentences if "is linked to" in each}
    assert {"sendMessage", "editMessage", "removeMessage", "banMember", "updateRoom"} <= named
    assert not {"markRead", "typing"} & named


LINK = '@aws_subscribe(mutations: ["publishMessage"])'
DANGEROUS = {
    "our mutation is linked beside the internal one": (LINK, '@aws_subscribe(mutations: ["publishMessage", "sendMessage"])'),
    "a mutation of theirs is linked to ours": (LINK, '@aws_subscribe(mutations: ["publishMessage", "broadcast"])'),
    "the link is said by the mutation": ("publishMessage(", 'broadcast: Message @aws_publish(subscriptions: ["onMessage"])\n  publishMessage('),
    "people may call the internal mutation": ("Message @aws_iam", "Message @aws_iam @aws_lambda"),
    "everybody may call the internal mutation": ("): Message @aws_iam", "): Message"),
    "a subscription of theirs hears a mutation of ours": (
        "type Subscription {", 'type Subscription {\n  spy(senderId: ID): Message @aws_subscribe(mutations: ["sendMessage"])\n',
    ),
    "a subscription of theirs hears what is published": (
        "type Subscription {", 'type Subscription {\n  spy: Message @aws_subscribe(mutations: ["publishMessage"])\n',
    ),
    "nobody is told": (LINK, ""),
    "what is published is not for iam": ("type Notice @aws_lambda @aws_iam", "type Notice @aws_lambda"),
    "the link stands in an extension": (
        "type Member ", 'extend type Subscription { spy: Message @aws_subscribe(mutations: ["editMessage"]) }\ntype Member ',
    ),
    "the link's name is a block string": (LINK, '@aws_subscribe(mutations: ["publishMessage", """sendMessage"""])'),
    "the link's name is escaped": (LINK, '@aws_subscribe(mutations: ["publishMessage", "\\u0073endMessage"])'),
    "the link is no list": (LINK, '@aws_subscribe(mutations: "sendMessage")'),
    "the link is split by comments": (LINK, '@\naws_subscribe # "\n(mutations: # ]\n["publishMessage" "sendMessage"])'),
    "there are two links": (LINK, f'@aws_subscribe(mutations: ["sendMessage"]) {LINK}'),
    "the field is there twice": ("type Subscription {", 'type Subscription {\n  onMessage: Message @aws_subscribe(mutations: ["sendMessage"])\n'),
    "a type has a keyword's name": (
        "type Member ", 'type type { a: ID }\nextend type Subscription { spy: Message @aws_subscribe(mutations: ["editMessage"]) }\ntype Member ',
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DANGEROUS)
def test_what_is_dangerous_is_refused(what: str) -> None:
    before, after = DANGEROUS[what]
    sdl = schema.generate(publish="stream")
    assert found(sdl, "stream") == []
    changed = sdl.replace(before, after, 1)
    assert changed != sdl
    assert len(found(changed, "stream")) >= 1


def test_the_internal_mutation_is_not_there_where_senders_publish() -> None:
    assert found(schema.generate(publish="stream"), "sender")


def test_links_in_texts_and_comments_are_none() -> None:
    sdl = '# type Subscription { x: Message @aws_subscribe(mutations: ["sendMessage"]) }\n' + schema.generate(
        publish="stream"
    ).replace(
        "type Subscription {",
        'type Subscription {\n  """ x @aws_subscribe(mutations: ["sendMessage"]) { """',
        1,
    )
    assert found(sdl, "stream") == []


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (
            'type Query { a: ID } type Mutation { b: ID } type Subscription { c: ID @aws_subscribe(mutations: ["chatSendMessage"]) }',
            "Subscription.c is linked to chatSendMessage, which would be ours",
        ),
        (
            'type Query { a: ID } type Mutation { b: ID @aws_publish(subscriptions: ["chatOnMessage"]) } type Subscription { c: ID }',
            "Mutation.b is linked to chatOnMessage, which would be ours",
        ),
    ],
)
@pytest.mark.parametrize("publish", WAYS)
def test_a_schema_that_waits_for_our_mutations_is_refused_before_it_is_deployed(
    theirs: str, said: str, publish: str
) -> None:
    with pytest.raises(SchemaRefused, match=re.escape(said)):
        merge(Theirs.of(theirs), Request.of(prefix="Chat", publish=publish))


def test_the_program_says_which(tmp_path: Path) -> None:
    deployed = tmp_path / "deployed.graphql"
    deployed.write_text(schema.generate())
    command = [sys.executable, "terraform/check_links.py", str(deployed)]
    sound = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (sound.returncode, sound.stderr) == (0, "")
    refused = subprocess.run(
        [*command, "--publish=stream"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "onMessage is linked to sendMessage" in refused.stderr


def test_the_smoke_test_reads_the_deployed_schema_before_it_asks_the_api(tmp_path: Path) -> None:
    """By the AWS CLI, in whose place a script gives a schema that is there."""
    (tmp_path / "schema.graphql").write_text(schema.generate(prefix="Chat"))
    cli = tmp_path / "aws"
    cli.write_text(
        f'#!/bin/sh\nfor last; do :; done\necho "$@" > {tmp_path}/asked\ncp {tmp_path}/schema.graphql "$last"\n'
    )
    cli.chmod(cli.stat().st_mode | stat.S_IEXEC)
    done = subprocess.run(
        [sys.executable, "terraform/smoke.py", "http://127.0.0.1:9/graphql"],
        cwd=PROJECT,
        env={
            "PATH": f"{tmp_path}:/bin:/usr/bin",
            "SMOKE_API": "a1",
            "SMOKE_PUBLISH": "stream",
            "SMOKE_PREFIX": "Chat",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The deployed schema is dangerous:\n")
    assert "chatOnMessage is linked to chatSendMessage" in done.stderr
    assert (
        "get-introspection-schema --api-id a1 --format SDL --include-directives"
        in (tmp_path / "asked").read_text()
    )
