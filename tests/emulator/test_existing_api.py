"""The fields are attached to an API that another configuration has made: its own are left alone, before, meanwhile and after."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from chat.storage.aws import client as aws_client
from simulator.keys import AUDIENCE, ISSUER, signing_key
from simulator.settings import REGION

from .deployment import ARCHITECTURE, PROJECT, Deployment, Failed, Workspace, start

PYTHON = PROJECT / ".venv-emulator" / "bin" / "python"
GAPS = Path(__file__).with_name("gaps.toml")
THEIRS = Path(__file__).with_name("theirs")
THREE = ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage")
ADMINISTRATION = {role: {"claim": "roles", "values": [role]} for role in ("admin", "privacy", "gateway")}
IDENTITY = [
    {
        "name": "shop",
        "type": "lambda",
        "userId": "userId",
        "roles": "roles",
        "locale": "locale",
        "grants": ADMINISTRATION,
    }
]

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]


def merged(fields: Sequence[str], prefix: str, publish: str = "sender") -> str:
    """What `make schema` prints: the schema of their API with ours in it."""
    command = [sys.executable, "-m", "schema", "--modes=lambda", f"--into={THEIRS / 'schema.graphql'}"]
    command += [f"--fields={','.join(fields)}", f"--prefix={prefix}", f"--publish={publish}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout


@dataclass(frozen=True)
class Shop:
    """Their configuration, with a state of its own."""

    workspace: Workspace
    deployment: Deployment

    @property
    def schema(self) -> Path:
        return self.workspace.folder / "merged.graphql"

    def apply(self, schema: str, *, iam: bool = False) -> None:
        self.schema.write_text(schema)
        variables = {
            "region": REGION,
            "schema": str(self.schema),
            "packages": str(self.deployment.packages),
            "architecture": ARCHITECTURE,
            "iam": iam,
            "jwt": {
                "issuer": ISSUER,
                "audience": AUDIENCE,
                "jwks": signing_key(self.deployment.state / "keys").jwks.decode(),
            },
        }
        (self.workspace.folder / "shop.auto.tfvars.json").write_text(json.dumps(variables))
        self.run("apply", "-auto-approve", "-input=false")

    def run(self, *arguments: str) -> str:
        return self.workspace.terraform(*arguments, environment=self.deployment.emulator.credentials)

    @property
    def api_id(self) -> str:
        return str(json.loads(self.run("output", "-json", "api_id")))

    @property
    def url(self) -> str:
        return f"{self.deployment.emulator.endpoint}/v1/apis/{self.api_id}/graphql"

    def what_is_theirs(self) -> Any:
        """Their API as AWS tells of it, whatever is in it, and that their own plan has nothing to do."""
        appsync = aws(self.deployment, "appsync")
        api = {"apiId": self.api_id}
        resolvers = [
            each
            for root in ("Query", "Mutation", "Subscription")
            for each in appsync.list_resolvers(**api, typeName=root)["resolvers"]
        ]
        found = {
            "api": appsync.get_graphql_api(**api)["graphqlApi"],
            "resolvers": resolvers,
            "sources": appsync.list_data_sources(**api)["dataSources"],
            "functions": [
                each["FunctionName"] for each in aws(self.deployment, "lambda").list_functions()["Functions"]
            ],
        }
        self.run("plan", "-input=false", "-detailed-exitcode")
        return json.loads(json.dumps(found, default=str, sort_keys=True))


def aws(deployment: Deployment, service: str) -> Any:
    return aws_client(service, region=REGION, endpoint=deployment.emulator.endpoint, timeout=20)


def timed(what: str, step: Callable[[], Any]) -> Any:
    started = time.monotonic()
    result = step()
    sys.__stdout__.write(f"\n{what}: {time.monotonic() - started:.0f} s\n")  # type: ignore[union-attr]
    return result


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("existing")
    emulator = start(home, python=PYTHON, port=0, auth=True, mended=True)
    deployment = Deployment(home, emulator, PYTHON, tmp_path_factory.mktemp("state"))
    try:
        deployment.prepare()
        workspace = Workspace(tmp_path_factory.mktemp("theirs"), at="")
        shutil.copytree(THEIRS, workspace.folder)
        workspace.initialise(backend=True)
        yield Shop(workspace, deployment)
    finally:
        emulator.stop()


@pytest.fixture(autouse=True)
def _credentials(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shop.deployment.emulator.credentials.items():
        monkeypatch.setenv(name, value)


def ours(shop: Shop, **told: Any) -> Deployment:
    """Our configuration, on their API."""
    api = {"id": shop.api_id, "schema_hash": sha256(shop.schema.read_bytes()).hexdigest()}
    everything = {"jwt": None, "identity": IDENTITY, "existing": {"api": api}, **told}
    deployment = replace(shop.deployment, told=everything)
    deployment.publish()
    return deployment


def ask(shop: Shop, query: str) -> Any:
    token = signing_key(shop.deployment.state / "keys").mint("alice", now=int(time.time()), ttl=600)
    headers = {"authorization": token, "content-type": "application/json"}
    request = Request(shop.url, json.dumps({"query": query}).encode(), headers)  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


ORDER = '{ order(id: "1") { id } }'


def test_three_fields_beside_their_own(shop: Shop) -> None:
    shop.apply(merged(THREE, "Chat"))
    before = shop.what_is_theirs()
    deployment = ours(shop, fields=THREE, schema_prefix="Chat")
    timed("three fields", deployment.apply)
    deployment.fill()
    fields = "id roomId senderId text ts seq epoch clientMessageId"
    (sent,) = ask(shop, f'mutation {{ chatSendMessage(roomId: "lobby", text: "hello") {{ {fields} }} }}')[
        "data"
    ].values()
    read = ask(shop, '{ chatMessages(roomId: "lobby") { items { id text } } }')["data"]["chatMessages"]
    assert read["items"][0] == {"id": sent["id"], "text": "hello"}
    assert ask(shop, ORDER) == {"data": {"order": {"id": "1"}}}
    functions = {each["FunctionName"] for each in aws(deployment, "lambda").list_functions()["Functions"]}
    assert functions == {
        "shop-authorizer",
        "chat-local-messages",
        "chat-local-send-message",
        "chat-local-on-message",
    }
    assert deployment.changes() == {}
    timed("destroy", deployment.destroy)
    assert shop.what_is_theirs() == before


def test_an_api_that_is_not_there_is_named(shop: Shop) -> None:
    deployment = ours(shop, fields=THREE, schema_prefix="Chat", existing={"api": {"id": "a" * 26}})
    before = shop.what_is_theirs()
    try:
        with pytest.raises(Failed, match=f"(?s)NotFoundException: .*{'a' * 26}"):
            deployment.apply()
    finally:
        deployment.destroy()
    assert shop.what_is_theirs() == before


def test_tables_of_another_form_are_named(shop: Shop) -> None:
    dynamodb = aws(shop.deployment, "dynamodb")
    keys = [("PK", "HASH"), ("SK", "RANGE")]
    for name, attributes in (("no_ttl", keys), ("other_keys", [("id", "HASH")])):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in attributes],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in attributes],
        )
    api = {"id": shop.api_id}
    tables = {"core": {"name": "no_ttl"}, "guild": {"name": "other_keys"}}
    deployment = ours(shop, fields=THREE, schema_prefix="Chat", existing={"api": api, "tables": tables})
    with pytest.raises(Failed) as failed:
        deployment.run("plan", "-input=false")
    said = " ".join(str(failed.value).split())
    assert "The table no_ttl must have TTL on expiresAt, or nothing would ever expire; it has none." in said
    assert (
        "The table other_keys must have the partition key PK and the sort key SK, both strings; it has id and none."
        in said
    )
    assert deployment.resources() == []
    for name in ("no_ttl", "other_keys"):
        dynamodb.delete_table(TableName=name)


def test_tables_that_nothing_protects_are_warned_of(shop: Shop) -> None:
    dynamodb = aws(shop.deployment, "dynamodb")
    dynamodb.create_table(
        TableName="bare",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("PK", "SK")],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    )
    dynamodb.update_time_to_live(
        TableName="bare", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"}
    )
    existing = {"api": {"id": shop.api_id}, "tables": {"core": {"name": "bare"}}}
    deployment = ours(shop, fields=THREE, schema_prefix="Chat", existing=existing, deletion_protection=True)
    said = " ".join(deployment.run("plan", "-input=false").split())
    assert "bare: without point-in-time recovery, what a mistake overwrites is gone." in said
    assert "bare: without deletion protection, one call removes everything." in said
    dynamodb.delete_table(TableName="bare")


def test_all_fields_serve_the_end_to_end_suite(shop: Shop) -> None:
    shop.apply(merged((), ""))
    before = shop.what_is_theirs()
    deployment = ours(shop)
    timed("all fields", deployment.apply)
    deployment.fill()
    environment = os.environ | {
        "CHAT_API_URL": shop.url,
        "CHAT_API_STATE": str(deployment.state),
        "CHAT_API_GAPS": str(GAPS),
    }
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=60", "--engine=ministack", "tests/end_to_end"]
    suite = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    sys.__stdout__.write(f"\n{suite.stdout.splitlines()[-1]}\n")  # type: ignore[union-attr]
    assert suite.returncode == 0, suite.stdout[-6000:]
    assert ask(shop, ORDER) == {"data": {"order": {"id": "1"}}}
    assert deployment.changes() == {}
    attach_anew(shop, before)


def attach_anew(shop: Shop, before: Any) -> None:
    """Another schema of theirs lets our resolvers be attached anew, and nothing else change; then all of ours is
    taken away."""
    shop.apply(merged((), "") + "\ntype Parcel {\n  id: ID!\n}\n")
    deployment = ours(shop)
    changes = deployment.changes()
    resolvers = {
        address: actions for address, actions in changes.items() if "aws_appsync_resolver" in address
    }
    assert set(changes) - set(resolvers) == {"module.chat.terraform_data.schema"}
    assert len(resolvers) > 30
    assert set(map(tuple, resolvers.values())) == {("delete", "create")}
    deployment.apply()
    assert "errors" not in ask(shop, '{ messages(roomId: "lobby") { items { seq } } }')
    shop.apply(merged((), ""))
    deployment.destroy()
    assert deployment.resources() == []
    assert shop.what_is_theirs() == before
