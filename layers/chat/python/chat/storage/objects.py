"""Requests to the bucket of attachments. Every request to S3 is in this module; what they mean is for
`uploads`."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.rules.record import record
from chat.storage.aws import StoreFailure, TransientFailure, failures

UNSEEN = ("403", "404")
"""S3 answers 403 for an object that is not there to whoever may not list the bucket, as our functions may
not. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""


@record(frozen=True, slots=True)
class Form:
    """A form to post one file with: where to, and the fields that stand before the file."""

    url: str
    fields: Mapping[str, str]


@record(frozen=True, slots=True)
class StoredObject:
    """An object as it is stored: `size` in bytes, and `etag`, which is another for another content."""

    size: int
    content_type: str
    etag: str


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

    def copy(self, key: str, target: str, etag: str) -> None:
        """Store what lies under `key` under `target`, too. Raises `TransientFailure` if it is no longer what
        `etag` names."""
        source = {"Bucket": self._bucket, "Key": key}
        try:
            with failures():
                self._client.copy_object(
                    Bucket=self._bucket, Key=target, CopySource=source, CopySourceIfMatch=etag
                )
        except StoreFailure as failure:
            if str(failure) == "PreconditionFailed":
                raise TransientFailure("PreconditionFailed") from None
            raise

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
