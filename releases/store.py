"""Where records, the ledger and packages are kept: in the bucket of Terraform's state, or in a folder of the same form.

A write says what it replaces, so that of two programs that move one deployment only one goes on.
"""

import fcntl
import hashlib
from pathlib import Path
from typing import Any, Protocol

import botocore.exceptions

from chat.storage.aws import failures


class Changed(Exception):
    """Somebody else has written meanwhile."""


class Store(Protocol):
    """Keys are paths such as `ledger.json`. Raises `StoreFailure` (of `chat.storage.aws`) or `OSError`."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """The content and a tag of it; `None` where there is none."""

    def write(self, key: str, content: bytes, over: str | None) -> str:
        """Replaces the content of the tag `over` (`None`: where there is none), and gives the tag of this one. Raises
        `Changed` where something else is there."""


class FolderStore:
    """Files below `folder`, each replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> tuple[bytes, str] | None:
        try:
            content = (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        return content, _tag(content)

    def write(self, key: str, content: bytes, over: str | None) -> str:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = self.read(key)
            if (there[1] if there else None) != over:
                raise Changed(key)
            scratch = path.with_suffix(".new")
            scratch.write_bytes(content)
            scratch.replace(path)
        return _tag(content)


class BucketStore:
    """Objects below `prefix` of a bucket. `client` is boto3's of S3.

    A write is conditional: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def read(self, key: str) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}{key}")
            return answer["Body"].read(), answer["ETag"]
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            with failures():
                raise

    def write(self, key: str, content: bytes, over: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over}
        place = {"Bucket": self._bucket, "Key": f"{self._prefix}{key}"}
        try:
            return str(self._client.put_object(**place, Body=content, **condition)["ETag"])
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
                "NoSuchKey",
            ):
                raise Changed(key) from None
            with failures():
                raise


def _tag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
