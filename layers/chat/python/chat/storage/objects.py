"""Requests to the bucket of attachments. Every request to S3 is in this module; what they mean is for
`uploads`."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from chat.rules.record import record
from chat.storage.aws import StoreFailure, TransientFailure, failures

UNSEEN = ("403", "404")
"""S3 answers 403 for an object that is not there to whoever may not list the bucket, as our functions may
not. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""


NOTE = "note"
"""The name of the metadata that say what an object is, where they do."""
MOST_READ = 8 * 1_048_576
"""Bytes that are read of an object at once, at the most."""


@record(frozen=True, slots=True)
class Form:
    """A form to post one file with: where to, and the fields that stand before the file."""

    url: str
    fields: Mapping[str, str]


UNREAD = ("AccessDenied", "NoSuchKey", "InvalidRange")
"""The same of a read, which says so in words; the last of an object without a byte."""


@record(frozen=True, slots=True)
class StoredObject:
    """An object as it is stored: `size` in bytes, and `etag`, which is another for another content. `first`: the bytes it
    begins with, where these were asked for."""

    size: int
    content_type: str
    etag: str
    first: bytes = b""


class Objects:
    """The objects of one bucket. Raises `TransientFailure` and `StoreFailure`, nothing of botocore.

    `client` is an S3 client of botocore.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def form(self, key: str, content_type: str, *, max_bytes: int, seconds: int) -> Form:
        """A form that stores one file of 1 to `max_bytes` bytes under `key`, and nothing else, for `seconds`.
        No request.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        with failures():
            made = self._client.generate_presigned_post(
                self._bucket,
                key,
                Fields={"Content-Type": content_type},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
                ExpiresIn=seconds,
            )
        return Form(made["url"], made["fields"])

    def find(self, key: str) -> StoredObject | None:
        """The object under `key`; `None` when there is none."""
        try:
            with failures():
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except TransientFailure:
            raise
        except StoreFailure as failure:
            if str(failure) in UNSEEN:
                return None
            raise
        return StoredObject(answer["ContentLength"], answer.get("ContentType", ""), answer["ETag"])

    def beginning(self, key: str, count: int) -> StoredObject | None:
        """The object under `key` with its first `count` bytes, or all; `None` when there is none, or nothing in it.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        try:
            with failures():
                answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{count - 1}")
                with closing(answer["Body"]) as body:
                    first: bytes = body.read(count)
        except TransientFailure:
            raise
        except StoreFailure as failure:
            if str(failure) in (*UNSEEN, *UNREAD):
                return None
            raise
        _, _, whole = answer.get("ContentRange", "").rpartition("/")
        size = int(whole) if whole.isdigit() else answer["ContentLength"]
        return StoredObject(size, answer.get("ContentType", ""), answer["ETag"], first)

    def copy(self, key: str, target: str, etag: str) -> None:
        """Store what lies under `key` under `target`, too. Raises `TransientFailure` if it is no longer what
        `etag` names."""
        self._copy(key, target, etag)

    def copy_noted(self, key: str, target: str, etag: str, content_type: str, note: str) -> None:
        """The same, under this content type and with a note: see `put_new`."""
        self._copy(
            key, target, etag, MetadataDirective="REPLACE", Metadata={NOTE: note}, ContentType=content_type
        )

    def _copy(self, key: str, target: str, etag: str, **more: Any) -> None:
        source = {"Bucket": self._bucket, "Key": key}
        try:
            with failures():
                self._client.copy_object(
                    Bucket=self._bucket, Key=target, CopySource=source, CopySourceIfMatch=etag, **more
                )
        except StoreFailure as failure:
            if str(failure) == "PreconditionFailed":
                raise TransientFailure("PreconditionFailed") from None
            raise

    def put(self, key: str, body: bytes) -> None:
        """Store an object, in the place of what is there."""
        with failures():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def put_new(self, key: str, body: bytes, content_type: str, note: str) -> bool:
        """Store an object with a note (ASCII, up to 1,900 characters); `False` where there is one already.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        try:
            with failures():
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    Metadata={NOTE: note},
                    IfNoneMatch="*",
                )
        except StoreFailure as failure:
            if str(failure) == "PreconditionFailed":
                return False
            if str(failure) == "ConditionalRequestConflict":  # of two at once one was stored
                raise TransientFailure("ConditionalRequestConflict") from None
            raise
        return True

    def note(self, key: str) -> str | None:
        """The note beside an object; `None` when there is no such object."""
        try:
            with failures():
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except TransientFailure:
            raise
        except StoreFailure as failure:
            if str(failure) in UNSEEN:
                return None
            raise
        return str(answer["Metadata"].get(NOTE, ""))

    def read(self, key: str, start: int, count: int) -> bytes:
        """Up to `count` bytes of an object, of `MOST_READ` at the most, from byte `start` on, which it has. Raises
        `TransientFailure` where they have not come whole."""
        count = min(count, MOST_READ)
        with failures():
            answer = self._client.get_object(
                Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + count - 1}"
            )
            with closing(answer["Body"]) as body:
                content: bytes = body.read()
        if len(content) != answer["ContentLength"]:
            raise TransientFailure("Incomplete")
        return content

    def begin_parts(self, key: str, content_type: str) -> str:
        """Begin an object that comes in parts; the id of that.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        """
        with failures():
            answer = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
        return str(answer["UploadId"])

    def put_part(self, key: str, upload_id: str, number: int, body: bytes) -> None:
        """Store a part: of 5 MiB at the least, but for the last. Raises `StoreFailure` (`NoSuchUpload`) where it has
        ended."""
        with failures():
            self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body
            )

    def end_parts(self, key: str, upload_id: str, count: int) -> None:
        """Make the object of its first `count` parts. Raises `StoreFailure` (`NoSuchUpload`) where it has ended."""
        parts: list[dict[str, Any]] = []
        while len(parts) < count:
            with failures():
                answer = self._client.list_parts(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload_id,
                    PartNumberMarker=parts[-1]["PartNumber"] if parts else 0,
                )
            listed = [
                {"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in answer.get("Parts", ())
            ]
            if not listed:
                raise TransientFailure("NoSuchPart")
            parts += listed
        with failures():
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts[:count]}
            )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to 1,000 objects in one request, whether or not they are there. Raises `StoreFailure` if
        one stays."""
        with failures():
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if answer.get("Errors"):
            raise StoreFailure(str(answer["Errors"][0].get("Code")))

    def address(self, key: str, *, content_type: str, disposition: str, seconds: int) -> str:
        """Where whoever has the address can GET the object for `seconds`, under these headers. No request."""
        asked = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
        }
        with failures():
            url = self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        return str(url)
