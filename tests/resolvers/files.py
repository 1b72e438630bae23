"""Files as a browser posts them, and the keys in the bucket."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from simulator.settings import BUCKET, TABLES
from tests.resolvers.harness import Harness

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1_000)
_direct = requests.Session()  # which moto answers, too
_direct.trust_env = False


@dataclass(frozen=True)
class Answer:
    """What an HTTP request came to."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code in S3's XML."""
        found = re.search(rb"<Code>(\w+)</Code>", self.body)
        return found[1].decode() if found else ""


def prepare(harness: Harness, room: str, user: str = "alice", **arguments: object) -> dict[str, Any]:
    """A new upload, for somebody whose rate of preparing them is forgotten first."""
    rate = {"PK": {"S": f"USER#{user}"}, "SK": {"S": "UPLOADING"}}
    harness.client.delete_item(TableName=TABLES["CORE_TABLE"], Key=rate)
    upload: dict[str, Any] = harness.invoke(
        harness.event("Mutation.createUpload", user, roomId=room, **arguments)
    )
    return upload


def get(url: str) -> Answer:
    return _ask("GET", url)


def post(upload: Mapping[str, Any], content: bytes = PNG, **changes: str) -> Answer:
    """Post a file with an upload's form, as `multipart/form-data`; `changes`
    are other values of the form's fields."""
    fields = {field["name"]: field["value"] for field in upload["fields"]}
    boundary = uuid.uuid4().hex
    parts = [_part(boundary, name, value.encode()) for name, value in (fields | changes).items()]
    body = b"".join(
        [*parts, _part(boundary, 'file"; filename="any.bin', content), f"--{boundary}--\r\n".encode()]
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return _ask("POST", upload["url"], body, headers)


def keys_of(objects: Any, upload_id: str) -> Sequence[str]:
    """The keys of everything in the bucket that belongs to an upload."""
    found = objects.list_objects_v2(Bucket=BUCKET, MaxKeys=1_000)
    assert not found["IsTruncated"]
    return [each["Key"] for each in found.get("Contents", []) if upload_id in each["Key"]]


def _part(boundary: str, name: str, value: bytes) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def _ask(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    answer = _direct.request(method, url, data=body, headers=headers, timeout=20)
    return Answer(answer.status_code, answer.headers, answer.content)
