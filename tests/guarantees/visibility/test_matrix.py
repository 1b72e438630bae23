"""Who gets which messages by which field, in a room of either kind: nobody gets a text that was sent before they joined where
the history is visible from joining, whatever they ask.

Each row is a field, each column a person; a cell has the numbers of the messages whose text, address or confirmation they got.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest

from chat.rules.rooms import Room
from chat.storage.items import values
from tests.guarantees.support.backend import Denied, backend
from tests.guarantees.support.fixtures import change_member, table_name
from tests.guarantees.visibility.matrix_rows import CONFIRMATION, ROWS, UPLOAD
from tests.guarantees.visibility.visible_room import MESSAGE, Expected, VisibleRoom

COLUMNS = ("ann", "bob", "cat", "root", "gateway", "ivy", "vic", "leo")
"""Ann was there from the beginning, bob joined later, cat left and joined again, root is an administrator, ivy is invited, vic
is nobody to the public room, and leo left it."""

IN_THE_ROOM_ALONE = ("myMentions", "react to the second")
"""What is for those who are in the room, whatever others may read."""
ANSWERED_OR_NOT = ("reactions to the second", "react to the second")
PIN_NOTICE = "id roomId senderId ts epoch notice { kind userId nextEpoch messageId seq }"
MEMBERS, READERS = {"ann", "bob", "cat"}, {"ann", "bob", "cat", "root", "gateway"}
ALL = {1, 2, 3, 4, 5, 6}


def expected(row: str, person: str, *, hides: bool) -> set[int]:
    """The numbers in a cell."""
    if person not in READERS:
        return set()
    seen = {5, 6} if hides and person in ("bob", "cat") else ALL
    if row in IN_THE_ROOM_ALONE and person not in MEMBERS:
        return set()
    if (
        row == "myMentions"
    ):  # the sixth, with the second in its quote; the fourth was not for those who came after it
        return {4, 6, 2} if person == "ann" else {6, 2} & seen
    if row == "myReactions":
        return {2} & seen if person in ("ann", "cat") else set()
    if row in ("myRooms", "sync"):
        return {6} if row == "myRooms" and person in MEMBERS else set()
    if row.startswith("changes"):
        # What they name is from before they joined: they are to read afresh.
        is_outdated = hides and person in ("bob", "cat") and row in CHANGES_FROM_BEFORE
        return set() if is_outdated else seen & CHANGES_GIVE[row]
    return seen & GIVE.get(row, set())


CHANGES_FROM_BEFORE = ("changes since the beginning", "changes since the second", "changes since the fourth")
CHANGES_GIVE = {
    "changes since the beginning": ALL,
    "changes since the second": {1, 3, 4, 5, 6},
    "changes since the fourth": {1, 5, 6},
    "changes since the joinings": {1, 5, 6},
}
GIVE = {
    "messages": ALL,
    "messages, a page of one": ALL,
    "messages, OLDEST_FIRST": ALL,
    "messages, OLDEST_FIRST, a page of two": ALL,
    "messages before the fourth": {1, 2, 3},
    "messages after the first": ALL - {1},
    "receipts.confirmation of the first": {1},
    "receipts.confirmation of the fifth": {5},
    "attachment of the second": {2},
    "messagesById": ALL,
    "around the second": ALL,
    "pins": {2, 5},
    "messages, quotes alone": {2},
    "reactions to the second": {2},
    "react to the second": {2},
}


RUN = {"mark": ""}
"""What texts begin with: other tests have rooms of the same people."""


def text(number: int) -> str:
    return f"secret-{RUN['mark']}-{number}."


def told(answer: Any) -> set[int]:
    """The numbers of the messages whose texts are anywhere in an answer."""
    return {int(number) for number in re.findall(rf"secret-{RUN['mark']}-(\d+)\.", json.dumps(answer))}


def hear(found: set[int], message: Any) -> None:
    found |= told(message)


class Story:
    """The room as the matrix finds it."""

    def __init__(self, client: Any, room: VisibleRoom) -> None:
        self._client, self.room = client, room
        self.revs: dict[str, int] = {}
        self.heard: dict[str, set[int]] = {person: set() for person in ("ann", "bob", "cat", "gateway")}

    async def tell(self) -> None:
        room = self.room
        for person in ("ann", "cat", "leo"):
            await room.join(person)
        await self._send("ann", 1)
        await self._send("ann", 2)
        self._attach(room.messages[1])
        for person in ("ann", "cat"):
            await self._on_the_second(person, "react", "ts", emoji="\N{THUMBS UP SIGN}")
        await self._send("cat", 3)
        for person in ("cat", "leo"):
            await room.leave(person)
        await self._send("own", 4, mentionsAll=True)
        change_member(self._client, room.id, "ivy", status="invited", role="member", joinedSeq=4)
        for person in ("bob", "cat"):
            await room.join(person)
        self.revs["rev of the joinings"] = (await room.head("root"))["rev"]
        await self._send("ann", 5)
        await self._send("own", 6, mentionsAll=True, replyTo=room.messages[1].id)
        for pinned in (room.messages[1], room.messages[4]):
            await room.mutate("own", "pinMessage", PIN_NOTICE, roomId=room.id, id=pinned.id)
        await room.edit(room.messages[0], f"{text(1)} once more")

    async def _on_the_second(self, person: str, field: str, selection: str, **arguments: Any) -> None:
        room = self.room
        await room.mutate(person, field, selection, roomId=room.id, id=room.messages[1].id, **arguments)

    async def _send(self, person: str, number: int, **more: Any) -> None:
        sent = await self.room.send(person, text(number), f"c{number}", **more)
        assert sent.seq == number
        self.revs[f"rev of {number}"] = (await self.room.head("root"))["rev"]

    def _attach(self, message: Expected) -> None:
        room = Room.parse(self.room.id)
        ms = int(message.id.replace("-", "")[:12], 16)
        upload = {
            "PK": room.partition_key, "SK": f"UPLOAD#{UPLOAD}", "type": "Upload", "id": UPLOAD, "senderId": "ann", "size": 3,
            "s3Key": f"kept/365/{text(2)}", "contentType": "image/png", "status": "used", "expiresAt": 4_000_000_000,
            "messageSk": f"MSG#{ms:013d}#{message.id}",
        }  # fmt: skip
        self._client.put_item(TableName=table_name(room), Item=values(upload))

    async def cell(self, row: str, person: str) -> set[int]:
        """What somebody gets who follows the field to its end."""
        document, arguments = ROWS[row]
        given = {name: self._value(name, value) for name, value in arguments.items()}
        if seq := given.pop("confirmed", None):
            return await self._confirmed(person, seq)
        if "$roomId" in document:
            given["roomId"] = self.room.id
        found: set[int] = set()
        while True:
            try:
                answer = await self.room.ask(person, document, **given)
            except Denied as denied:
                return found | told([denied.name, denied.message])
            found |= {2} if row in ANSWERED_OR_NOT else told(answer) | self._named(answer)
            token = answer.get("nextToken") if isinstance(answer, dict) else None
            if token is None:
                return found
            given["nextToken"] = token

    def _named(self, answer: Any) -> set[int]:
        """The numbers of the messages whose ids are all that is in an answer."""
        rows = answer if isinstance(answer, list) else []
        return {each.seq for each in self.room.messages if {"id": each.id} in rows}

    async def _confirmed(self, person: str, seq: int) -> set[int]:
        try:
            answer = await self.room.ask(person, CONFIRMATION, roomId=self.room.id, seq=seq)
        except Denied:
            return set()
        return {answer["confirmation"]["seq"]} if answer["confirmation"] else set()

    def _value(self, name: str, value: Any) -> Any:
        if name in ("after", "before"):
            return self.room.messages[value - 1].ts
        if name in ("id", "ids") and value != UPLOAD:
            ids = [each.id for each in self.room.messages]
            return ids if name == "ids" else ids[1]
        return self.revs[value] if isinstance(value, str) and value.startswith("rev") else value

    async def live(self) -> None:
        """What subscribers hear of edits, removals, repeats and new messages."""
        room, ends = self.room, []
        for person, heard in self.heard.items():
            ends.append(await room.listen(person, partial(hear, heard)))
        await room.edit(room.messages[0], f"{text(1)} again")
        await room.edit(room.messages[4], f"{text(5)} again")
        await room.send_again(room.messages[2])
        await room.remove(room.messages[3], "own")
        await self._send("ann", 7)
        for end in ends:
            end()


@pytest.mark.parametrize("hides", [False, True], ids=["BEGINNING", "JOINING"])
def test_nobody_gets_by_any_field_what_they_may_not_see(
    client: Any, publishing: str, leaving_nothing: Callable[[], AbstractContextManager[None]], hides: bool
) -> None:
    RUN["mark"] = secrets.token_hex(4)

    async def run() -> None:
        with backend(publishing, client) as api:
            room = VisibleRoom.made(client, api, "own", hides=hides, admins=frozenset({"root"}))
            story = Story(client, room)
            await story.tell()
            wrong = []
            print(f"{'':40}" + "".join(f"{person:>16}" for person in COLUMNS))
            for row in ROWS:
                cells = {person: await story.cell(row, person) for person in COLUMNS}
                print(f"{row:40}" + "".join(f"{numbers(cell):>16}" for cell in cells.values()))
                wrong += [
                    (row, person, cell, want)
                    for person, cell in cells.items()
                    if cell != (want := expected(row, person, hides=hides))
                ]
            assert wrong == []
            await story.live()
            print(
                f"{'onMessage':40}"
                + "".join(f"{numbers(story.heard.get(person, set())):>16}" for person in COLUMNS)
            )
            assert set(map(frozenset, story.heard.values())) == {frozenset({7} if hides else {1, 3, 5, 7})}
            await changed(room, hides=hides)

    with leaving_nothing():
        asyncio.run(run())


def numbers(cell: set[int]) -> str:
    return " ".join(map(str, sorted(cell))) or "-"


async def changed(room: VisibleRoom, *, hides: bool) -> None:
    """One's own words from before are not to be edited where one does not see them, and can be taken back; others' are not
    there for whoever may not see them, a moderator included."""
    third, first = room.messages[2], room.messages[0]
    if hides:
        with pytest.raises(Denied) as denied:
            await room.edit(third, "another")
        assert denied.value.name == "InvalidInput"
    await room.mutate(
        "own",
        "setRole",
        "id roomId senderId ts epoch notice { kind userId nextEpoch }",
        roomId=room.id,
        userId="bob",
        role="MODERATOR",
    )
    if hides:
        with pytest.raises(Denied) as denied:
            await room.remove(first, "bob")
        assert denied.value.name == "InvalidInput"
    answer = await room.remove(third, "cat")
    assert (answer["id"], answer["text"], bool(answer["removedAt"])) == (third.id, None, True)
    again = await room.mutate("cat", "removeMessage", MESSAGE, roomId=room.id, id=third.id)
    assert (again["text"], again["removedAt"]) == (None, answer["removedAt"])
