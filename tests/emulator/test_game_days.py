"""The game days of docs/game-days.md on the emulator, where what an operator does is done by Terraform: the whole API stands still,
the signing key is rotated by a deployment, and both tables are restored and taken into use. People send and sync meanwhile."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from chat.storage.taken_back_log import KmsKeys, TakenBackLog
from restore.replay import read_log
from restore.wanted import MemberWanted, RoomWanted
from simulator.keys import SigningKey, new_signing_key, private_pem, signing_key
from tests.guarantees.crashes.chaos import CREATE, wrong_in
from tests.guarantees.crashes.people import FIELDS, SEND, Api, Refused, Sender, SyncReader

from .deployment import PROJECT, Deployment, deployed_anew
from .test_deployment import PYTHON, aws, timed

STANDS_STILL_S = 20.0
WITHIN_S = 120.0
SUFFIX, SECRET = "-restored", "what was taken back"
REMOVE = f"mutation ($roomId: ID!, $id: ID!) {{ removeMessage(roomId: $roomId, id: $id) {{ {FIELDS} }} }}"
BAN = (
    f"mutation ($roomId: ID!, $userId: ID!) {{ banMember(roomId: $roomId, userId: $userId) {{ {FIELDS} }} }}"
)

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    home, state = tmp_path_factory.mktemp("game-days"), tmp_path_factory.mktemp("state")
    with deployed_anew(home, state, PYTHON, timed) as deployment:
        yield deployment


@pytest.fixture(autouse=True)
def _credentials(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in deployed.emulator.credentials.items():
        monkeypatch.setenv(name, value)


@dataclass
class Deployed:
    """The API on the emulator, and the key that tokens are signed with."""

    graphql: str
    key: SigningKey

    def token(self, user: str, **claims: Any) -> str:
        return self.key.mint(user, now=int(time.time()), ttl=3_600, **claims)


@dataclass
class Crowd:
    """Two who send into a room, one who syncs, and an administrator who owns it."""

    deployed: Deployed
    http: aiohttp.ClientSession
    room: str

    def __post_init__(self) -> None:
        self.owner = self.api("olga", "admin")
        self.senders = [Sender(self.api(user), self.room) for user in ("sam", "sue")]
        self.reader = SyncReader(self.api("syd"), self.room)

    def api(self, user: str, *roles: str) -> Api:
        return Api(self.deployed, user, self.http, roles)

    @property
    def acknowledged(self) -> int:
        return sum(len(sender.acknowledged) for sender in self.senders)

    async def some_messages(self, count: int = 4) -> None:
        before = self.acknowledged
        async with asyncio.timeout(WITHIN_S):
            while True:
                if self.acknowledged >= before + count:
                    return
                await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def chatting(self) -> AsyncIterator[None]:
        """While the block lasts. Afterwards everything acknowledged is there once, in order, and synced."""
        await self.owner.ask(CREATE, roomId=self.room, members=["sam", "sue", "syd"])
        sending, syncing = asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(sender.run(sending, lambda: 0.5)) for sender in self.senders]
        tasks.append(asyncio.create_task(self.reader.run(syncing)))
        try:
            await self.some_messages()
            yield
            await self.some_messages()
        finally:
            sending.set()
            syncing.set()
            await asyncio.gather(*tasks)
        await self.reader.catch_up()
        await self._check()

    async def _check(self) -> None:
        truth = await self.owner.history(self.room)
        stored = {message["clientMessageId"]: message["id"] for message in truth}
        assert wrong_in(truth) == []
        for sender in self.senders:
            answers = {name: answer["id"] for name, answer in sender.acknowledged.items()}
            assert {name: stored.get(name) for name in answers} == answers
        assert sorted(self.reader.shown) == sorted(stored.values())


@contextlib.asynccontextmanager
async def chatting(deployment: Deployment, room: str) -> AsyncIterator[Crowd]:
    """People who chat in a room of their own while the block lasts."""
    deployed = Deployed(deployment.url, signing_key(deployment.state / "keys"))
    async with aiohttp.ClientSession() as http:
        crowd = Crowd(deployed, http, room)
        async with crowd.chatting():
            yield crowd


async def test_the_api_stands_still_and_nothing_is_lost(deployed: Deployment) -> None:
    async with chatting(deployed, "outage") as crowd:
        os.killpg(deployed.emulator.pid, signal.SIGSTOP)
        try:
            before = crowd.acknowledged
            await asyncio.sleep(STANDS_STILL_S)
            assert crowd.acknowledged == before
        finally:
            os.killpg(deployed.emulator.pid, signal.SIGCONT)


async def test_the_signing_key_is_rotated_and_then_withdrawn(deployed: Deployment) -> None:
    """By the setting `jwt.jwks`: with both keys first, then with the new one alone."""
    async with chatting(deployed, "keys") as crowd:
        old, new = crowd.deployed.key, new_signing_key()
        await asyncio.to_thread(trust, deployed, [new, old])
        crowd.deployed.key = new
        await crowd.some_messages()
        assert await status(crowd, old) == 200
        await asyncio.to_thread(trust, deployed, [new])
        await crowd.some_messages()
        assert await status(crowd, old) == 401
    kept = deployed.state / "keys" / "signing-key.pem"
    kept.write_text(private_pem(new.private))  # of the days after this one


def trust(deployment: Deployment, keys: list[SigningKey]) -> None:
    """What `make deploy` does after the key set was changed."""
    variables = deployment.variables()
    variables["jwt"]["jwks"] = json.dumps({"keys": [key.public_jwk for key in keys]})
    deployment.tell(variables)
    deployment.apply()
    deployment.release()


async def status(crowd: Crowd, key: SigningKey) -> int:
    """Of a request with a token of this key."""
    headers = {"authorization": key.mint("sam", now=int(time.time()), ttl=600)}
    body = {"query": f'{{ room(roomId: "{crowd.room}") {{ roomId }} }}'}
    async with crowd.http.post(crowd.deployed.graphql, json=body, headers=headers) as answer:
        return answer.status


async def test_both_tables_are_restored_and_what_was_taken_back_stays_so(deployed: Deployment) -> None:
    """The emulator restores the present: so it is asked at the instant, and once more when something was taken back."""
    async with chatting(deployed, "restored") as crowd:
        removed = await crowd.owner.ask(SEND, roomId=crowd.room, text=SECRET, id="secret")
    async with aiohttp.ClientSession() as http:
        crowd = Crowd(crowd.deployed, http, crowd.room)
        before, instant = await crowd.owner.history(crowd.room), datetime.now(UTC)
        assert "All stands" in await asyncio.to_thread(restore, deployed, instant)
        await crowd.owner.ask(REMOVE, roomId=crowd.room, id=removed["id"])
        await crowd.owner.ask(BAN, roomId=crowd.room, userId="sue")
        await crowd.api("sam").ask(SEND, roomId=crowd.room, text="after the instant", id="gone")
        await asyncio.to_thread(wait_for_the_log, deployed, instant)
        assert "All stands" in await asyncio.to_thread(restore, deployed, instant)
        await asyncio.to_thread(switch, deployed)

        after = await crowd.owner.history(crowd.room)
        assert [message["id"] for message in after] == [message["id"] for message in before]
        assert [message["id"] for message in after if message["text"] is None] == [removed["id"]]
        with pytest.raises(Refused, match="NotRoomMember"):
            await crowd.api("sue").history(crowd.room)
        sent = await crowd.api("sam").ask(SEND, roomId=crowd.room, text="goes on", id="next")
        assert sent["seq"] == before[-1]["seq"] + 1
        crowd.reader.shown = {"from before": {}}
        await crowd.reader.catch_up()
        assert sorted(crowd.reader.shown) == sorted([*(each["id"] for each in after), sent["id"]])


def restore(deployment: Deployment, instant: datetime) -> str:
    """What `make restore --apply` prints."""
    log, tables = deployment.output("taken_back"), deployment.output("tables")
    options = {
        "instant": instant.isoformat(),
        "generation": 2,
        "suffix": SUFFIX,
        "core-table": tables["core"],
        "guild-table": tables["guild"],
        "log-bucket": log["bucket"],
        "log-key": log["key_arn"],
        "endpoint": deployment.emulator.endpoint,
        "s3-endpoint": deployment.emulator.endpoint,
    }
    command = [sys.executable, "-m", "restore", *(f"--{name}={value}" for name, value in options.items())]
    done = subprocess.run([*command, "--apply"], cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def wait_for_the_log(deployment: Deployment, instant: datetime) -> None:
    """Until `project_stream` has written what was taken back since: a removal and a ban."""
    log, s3 = deployment.output("taken_back"), aws(deployment, "s3")
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        keys = KmsKeys(aws(deployment, "kms"), log["key_arn"])
        wanted = read_log(TakenBackLog(s3, log["bucket"], keys, time.monotonic), _ms(instant), lambda _: None)
        room = wanted.rooms.get("restored", RoomWanted())
        if room.messages and room.members.get("sue", MemberWanted()).is_banned:
            return
        time.sleep(1)
    raise AssertionError("the log lacks what was taken back")


def switch(deployment: Deployment) -> None:
    """What the program says at its end: the old tables leave the state, the restored ones are taken into use."""
    dynamodb, before = aws(deployment, "dynamodb"), deployment.output("tables")
    for table in before:
        deployment.run("state", "rm", f'module.chat.aws_dynamodb_table.chat["{table}"]')
    found = {
        table: dynamodb.describe_table(TableName=name + SUFFIX)["Table"] for table, name in before.items()
    }
    tables = {
        table: {"name": each["TableName"], "stream_arn": each["LatestStreamArn"]}
        for table, each in found.items()
    }
    deployment.tell(deployment.variables() | {"existing": {"tables": tables}, "generation": 2})
    deployment.apply()
    deployment.release()


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000)
