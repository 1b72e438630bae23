"""Somebody with something of every kind, and their export, which a test can take back to its beginning."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chat.deployment import Deployment
from chat.operations.create_upload import create_upload
from chat.operations.react import react
from chat.operations.run_jobs import run_jobs
from chat.operations.save_draft import save_draft
from chat.operations.send_message import send_message
from chat.operations.set_notifications import set_notifications
from chat.operations.update_me import update_me
from chat.rules.data_requests import OPERATOR, DataRequest
from chat.rules.models import Caller, Item, Message
from chat.rules.tally import Tally
from chat.steps.data_requests import EXPORT, Asking, make_request, read_request
from chat.steps.jobs import list_jobs
from chat.storage.export_objects import archive_key
from chat.storage.objects import Objects
from chat.storage.places import Place, open_requests_place, request_place
from chat.storage.uploads import Uploads
from privacy.verify import Files, files_of, verify
from simulator.settings import BUCKET, TABLES
from tests.guarantees.support.fixtures import Clock, edit, new_room, process, remove, send

EXPORT_KEY = b"a key for exports, 32 bytes long"
PICTURE = b"\x89PNG\r\n\x1a\n not really" * 100
HOSTILE = '</p><script>alert(1)</script>{"kind":"x"}\n<img src=x onerror=y> \'" &'


def exporter(client: Any, s3: Any, clock: Clock) -> Deployment:
    """A process of the chat that can export."""
    uploads = Uploads(Objects(s3, BUCKET), frozenset({"image/png"}), 20_000_000)
    return process(client, clock, uploads=lambda: uploads, export_key=lambda: EXPORT_KEY)


@dataclass
class Person:
    """Somebody in rooms of both tables, and others beside them."""

    client: Any
    s3: Any
    clock: Clock
    user: str = field(default_factory=lambda: f"ann#{uuid.uuid4()}")
    rooms: list[str] = field(default_factory=list)

    @property
    def deployment(self) -> Deployment:
        return exporter(self.client, self.s3, self.clock)

    def live(self) -> None:
        """Have something of every kind stored of them."""
        ours = self.deployment
        for prefix in ("", "GUILD#"):
            room = new_room(self.client, self.user, "ben", prefix=prefix)
            self.rooms.append(room)
            sent = [self._send(ours, room, f"{text} {room}") for text in ("one", HOSTILE, "three", "four")]
            other = send(ours, room, "ben", f"SECRET of ben @{self.user}")
            edit(ours, sent[2], "three, edited")
            remove(ours, sent[3])
            self._react(ours, room, other)
            save_draft(ours, Caller(self.user), {"roomId": room, "text": "a draft"}, Tally())
            set_notifications(ours, Caller(self.user), {"roomId": room, "level": "NONE"}, Tally())
            self.attach(room)
        update_me(ours, Caller(self.user), {"name": "Ann"}, Tally())
        run_jobs(ours, 60.0, Tally())

    def _send(self, ours: Deployment, room: str, text: str) -> Message:
        self.clock.jump(1_000)
        return send(ours, room, self.user, text, str(uuid.uuid4()))

    def _react(self, ours: Deployment, room: str, message: Message) -> None:
        arguments = {"roomId": room, "id": message.id, "emoji": "👍", "on": True}
        react(ours, (), Caller(self.user), arguments, Tally())

    def attach(self, room: str, content: bytes = PICTURE) -> None:
        ours = self.deployment
        wanted = {
            "roomId": room,
            "contentType": "image/png",
            "size": len(content),
            "name": "../../<b>cat</b>.png",
        }
        made = create_upload(ours, Caller(self.user), wanted, Tally())
        self.s3.put_object(Bucket=BUCKET, Key=f"pending/{made['id']}", Body=content, ContentType="image/png")
        arguments = {
            "roomId": room,
            "text": "look",
            "clientMessageId": str(uuid.uuid4()),
            "attachments": [made["id"]],
        }
        send_message(ours, Caller(self.user), arguments, Tally())

    def ask(self) -> "Begun":
        """A request whose job has begun, and done nothing."""
        ours = self.deployment
        request = make_request(ours, self.user, "EXPORT", Asking(OPERATOR, None), 0, Tally())
        run_jobs(ours, 0.0, Tally())
        place = request_place(self.user, request.request_id)
        job = next(
            where
            for where, job in list_jobs(ours)
            if job.kind == EXPORT and request.request_id in job.subject
        )
        return Begun(
            self,
            request.request_id,
            {each: self._item(each) for each in (place, open_requests_place(self.user), job)},
        )

    def _item(self, place: Place) -> Item:
        name = TABLES[f"{place.table.upper()}_TABLE"]
        item: Item = self.client.get_item(TableName=name, Key=place.key, ConsistentRead=True)["Item"]
        return item


@dataclass
class Begun:
    """An export that has begun, and how the tables were then."""

    person: Person
    request_id: str
    items: Mapping[Place, Item]

    def again(self) -> None:
        """As if nothing had been done."""
        self.person.s3.delete_object(Bucket=BUCKET, Key=archive_key(self.request_id))
        for each in self.stored():
            self.person.s3.delete_object(Bucket=BUCKET, Key=each)
        for place, item in self.items.items():
            self.person.client.put_item(TableName=TABLES[f"{place.table.upper()}_TABLE"], Item=item)

    def stored(self) -> list[str]:
        listed = self.person.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"exports/{self.request_id}/")
        return [each["Key"] for each in listed.get("Contents", ())]

    def finish(self, ours: Deployment | None = None) -> bytes:
        """The archive, once the job is done."""
        self.finish_without_reading(ours)
        return self.archive()

    def finish_without_reading(self, ours: Deployment | None = None) -> None:
        ours = ours or self.person.deployment
        for _ in range(100):
            run_jobs(ours, 60.0, Tally())
            if self.request.state != "RUNNING":
                break
        assert self.request.state == "DONE", self.request

    def archive(self) -> bytes:
        body: bytes = self.person.s3.get_object(Bucket=BUCKET, Key=archive_key(self.request_id))[
            "Body"
        ].read()
        return body

    @property
    def request(self) -> DataRequest:
        request = read_request(self.person.deployment, self.person.user, self.request_id)
        assert request
        return request


def opened(archive: bytes) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def lines_of(files: Mapping[str, bytes], kind: str) -> list[dict[str, Any]]:
    """The lines of every file with lines of a kind: `messages`, or one of a person's items."""
    parts = [
        json.loads(line)
        for name, body in files.items()
        if name.startswith("manifest-")
        for line in body.splitlines()
    ]
    return [
        json.loads(line)
        for each in parts
        if each["kind"] == kind
        for line in files[each["name"]].decode().split("\n")[:-1]
    ]


def check(archive: bytes, folder: Path) -> None:
    """That a stranger finds the export whole and signed."""
    path = folder / f"{uuid.uuid4()}.zip"
    path.write_bytes(archive)
    problems, is_signed, _ = verify(files_of(path), None)
    assert (problems, is_signed) == ([], True)


def in_memory(files: Mapping[str, bytes]) -> Files:
    return Files([*files], lambda name: io.BytesIO(files[name]))


class Killed(BaseException):
    """The process was killed. No code of ours catches it."""


class Client:
    """A client of botocore's whose calls something may happen around: `around` is given the operation, its parameters, and
    the call."""

    def __init__(
        self, client: Any, around: Callable[[str, Mapping[str, Any], Callable[[], Any]], Any]
    ) -> None:
        self._client, self._around = client, around

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not callable(method):
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            return self._around(name, named, partial(method, *arguments, **named))

        return call
