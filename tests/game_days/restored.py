"""Both tables are lost and restored to an instant from before: what was taken back since stays taken back, clients forget what is
gone, and everybody goes on.

The copy of that instant is made here, while the API stands still: what an engine of this machine calls a restore to a point in
time copies the present. The rest is the program that `make restore` runs.
"""

import asyncio
import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from chat.rules.models import Item
from chat.rules.rooms import Table
from chat.storage.aws import client
from chat.storage.taken_back_log import LocalKeys, TakenBackLog
from restore.replay import read_log
from restore.wanted import MemberWanted, RoomWanted, Wanted
from simulator.demo import create_tables
from simulator.engine import PROJECT, address, home_of
from simulator.settings import BUCKET, REGION, TABLES
from tests.game_days.day import Day
from tests.guarantees.crashes.people import FIELDS, SEND, Api, Refused
from tests.restore.rehearsal import scanned

SIDE, ENDED = "side", "ended"
BANNED, EXPELLED = "bea", "eve"
SUFFIX, GENERATION = "-restored", 2
LOG = f"{BUCKET}-taken-back"
NAMES: dict[Table, str] = {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}
CREATE = (
    "mutation ($roomId: ID!, $members: [ID!]) { createRoom(roomId: $roomId, members: $members) { roomId } }"
)
REMOVE = f'mutation ($id: ID!) {{ removeMessage(roomId: "{SIDE}", id: $id) {{ {FIELDS} }} }}'
TAKEN_BACK = (
    f'mutation {{ banMember(roomId: "{SIDE}", userId: "{BANNED}") {{ {FIELDS} }} }}',
    f'mutation {{ removeMember(roomId: "{SIDE}", userId: "{EXPELLED}") {{ {FIELDS} }} }}',
    f'mutation {{ deleteRoom(roomId: "{ENDED}") {{ {FIELDS} }} }}',
)
SECRET = "what was taken back"


class Restored(Day):
    title = "Both tables are lost, and restored to an instant from before"

    async def prepare(self) -> None:
        await self._ask(CREATE, roomId=SIDE, members=[BANNED, EXPELLED])
        await self._ask(CREATE, roomId=ENDED, members=[BANNED])
        self.secret = await self._ask(SEND, roomId=SIDE, text=SECRET, id="secret")
        await self._ask(SEND, roomId=SIDE, text="what stays", id="stays")

    async def befalls(self) -> None:
        await self.some_messages(30)
        await self._go_to_the_instant()
        await self._take_back()
        await asyncio.sleep(self.seconds)
        await self._until_it_is_logged()
        self.say("do", "Traffic is stopped: the API is killed. The tables of now are taken for lost.")
        self.servers.api.kill()
        lost = self.acknowledged - sum(map(len, self.kept))
        for sender, kept in zip(self.people.senders, self.kept, strict=True):
            sender.acknowledged = dict(kept)
        self.say(
            "see", f"{lost} messages from after the instant are gone for good: people have to be told so."
        )
        await self._restore()
        self.say(
            "do",
            f"The API is started on the restored tables, as generation {GENERATION}. Nothing else is started anew.",
        )
        self.servers.api.command += [f"--suffix={SUFFIX}", f"--generation={GENERATION}"]
        await self.servers.api.start()
        self.say("saw", f"five messages were acknowledged after {await self.some_messages():.1f} s")
        await self._check()

    async def _go_to_the_instant(self) -> None:
        """The API stands still, so that both tables are of one instant."""
        self.servers.api.signal(signal.SIGSTOP)
        items = await asyncio.to_thread(self._copy)
        self.instant = datetime.now(UTC)
        self.kept = [dict(sender.acknowledged) for sender in self.people.senders]
        self.servers.api.signal(signal.SIGCONT)
        self.say(
            "saw", f"{items} items of both tables at {self.instant:%H:%M:%S}, to which it will be restored"
        )

    def _copy(self) -> int:
        dynamodb = self._client("dynamodb")
        create_tables(dynamodb, {name: table + SUFFIX for name, table in TABLES.items()})
        count = 0
        for table in NAMES.values():
            for items in _in_parts(list(scanned(dynamodb, table))):
                puts = [{"PutRequest": {"Item": item}} for item in items]
                dynamodb.batch_write_item(RequestItems={table + SUFFIX: puts})
                count += len(items)
        return count

    async def _take_back(self) -> None:
        self.say(
            "do", "After that instant: a message is removed, somebody banned, somebody removed, a room ended."
        )
        await self._ask(REMOVE, id=self.secret["id"])
        for each in TAKEN_BACK:
            await self._ask(each)

    async def _until_it_is_logged(self) -> None:
        self.say(
            "see",
            "The log of what was taken back is written by `project_stream`: wait until it has everything.",
        )
        self.say("saw", f"it had everything after {await self.until(self._is_logged):.1f} s")

    async def _is_logged(self) -> bool:
        return _is_whole(await asyncio.to_thread(self._logged))

    def _logged(self) -> Wanted:
        key = base64.urlsafe_b64decode(self._key.read_text() + "==")
        log = TakenBackLog(self._client("s3"), LOG, LocalKeys(key), time.monotonic)
        return read_log(log, round(self.instant.timestamp() * 1_000), lambda _: None)

    async def _restore(self) -> None:
        said = await self._program("--apply", "--count")
        for line in said.splitlines():
            self.say("saw", line)
        self.check("the restore ends with: All stands", "All stands" in said)

    async def _check(self) -> None:
        kept = {message["clientMessageId"]: message for message in await self.people.owner.history(SIDE)}
        self.check("the removed message is still removed", kept["secret"]["text"] is None)
        self.check("what was not taken back is there", kept["stays"]["text"] == "what stays")
        self.check("its text is in neither table", not await asyncio.to_thread(self._finds, SECRET))
        for user in (BANNED, EXPELLED):
            self.check(
                f"{user} reads nothing", await self._refusal(self._api(user).history(SIDE)) == "NotRoomMember"
            )
        joined = self._ask(f'mutation {{ addMember(roomId: "{SIDE}", userId: "{BANNED}") {{ {FIELDS} }} }}')
        self.check("whoever was banned is not added again", await self._refusal(joined) is not None)
        self.check(
            "the room that had ended is none",
            await self._refusal(self._api(BANNED).history(ENDED)) is not None,
        )

    async def _refusal(self, call: Any) -> str | None:
        try:
            await call
        except Refused as refused:
            return str(refused.args[0])
        return None

    def _finds(self, text: str) -> bool:
        dynamodb, tables = self._client("dynamodb"), [table + SUFFIX for table in NAMES.values()]
        return any(text in json.dumps(item) for table in tables for item in scanned(dynamodb, table))

    async def _program(self, *more: str) -> str:
        """What `make restore` prints."""
        options = [
            f"--instant={self.instant.isoformat()}",
            f"--generation={GENERATION}",
            f"--suffix={SUFFIX}",
            f"--log-bucket={LOG}",
            f"--log-key=file:{self._key}",
            f"--endpoint={self._engine}",
            f"--s3-endpoint={self._engine}",
        ]
        command = [sys.executable, "-m", "restore", *options, *more]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said, _ = await process.communicate()
        return said.decode()

    async def _ask(self, query: str, **variables: Any) -> Any:
        return await self.people.owner.ask(query, **variables)

    def _api(self, user: str) -> Api:
        return Api(self.servers, user, self.http)

    @property
    def _engine(self) -> str:
        return str(address(home_of("ministack", self.servers.home)))

    @property
    def _key(self) -> Path:
        """What the log's entries are under."""
        return self.servers.home / "secrets" / "taken-back-key"

    def _client(self, service: Literal["dynamodb", "s3"]) -> Any:
        return client(service, region=REGION, endpoint=self._engine, timeout=20)


def _in_parts(items: list[Item], size: int = 25) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _is_whole(logged: Wanted) -> bool:
    """Whether all that was taken back in those two rooms is in it."""
    side, ended = logged.rooms.get(SIDE, RoomWanted()), logged.rooms.get(ENDED, RoomWanted())
    people = side.members.get(BANNED, MemberWanted()), side.members.get(EXPELLED, MemberWanted())
    return bool(side.messages and people[0].is_banned and people[1].is_gone and ended.ended)
