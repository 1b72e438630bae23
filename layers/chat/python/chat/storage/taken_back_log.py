"""The append-only log of what was taken back: objects of a bucket of its own, each encrypted under a data key that a key
outside the tables wraps (an envelope).

A batch is one object, and its name comes from the batch: who writes it again writes nothing, since an object that is
there is never replaced (`If-None-Match`). Who writes needs neither the right to read nor to delete.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#enveloping
"""

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chat.rules.record import record
from chat.rules.taken_back import TakenBack
from chat.storage.aws import StoreFailure, failures

FOLDER = "taken-back/"
VERSION = 1
NONCE_BYTES = 12
"""https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf, section 8.2: 96 bits, random; far fewer
than 2^32 of them under one key."""
MOST_OBJECTS, LONGEST_S = 1_000, 3_600.0
"""How many objects one data key encrypts, and for how long (seconds) a process uses it."""
CONTEXT = {"purpose": "taken-back"}
"""What the wrapped keys are bound to. https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_THERE = ("PreconditionFailed", "412")


class Unreadable(Exception):
    """An object of the log cannot be read: it was changed, is of another key, or of a later version. The text names it."""


@record(frozen=True, slots=True)
class DataKey:
    """A key of 32 bytes, and the same wrapped, as it lies beside what it encrypts."""

    plain: bytes
    wrapped: bytes


class DataKeys(Protocol):
    """What makes and unwraps data keys. Raises `StoreFailure`."""

    def make(self) -> DataKey: ...

    def unwrap(self, wrapped: bytes) -> bytes: ...


class KmsKeys:
    """Data keys of a KMS key, by its ARN. `client` is botocore's for `kms`.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html"""

    def __init__(self, client: Any, key_arn: str) -> None:
        self._client = client
        self._key_arn = key_arn

    def make(self) -> DataKey:
        with failures():
            made = self._client.generate_data_key(
                KeyId=self._key_arn, KeySpec="AES_256", EncryptionContext=CONTEXT
            )
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def unwrap(self, wrapped: bytes) -> bytes:
        with failures():
            answer = self._client.decrypt(
                KeyId=self._key_arn, CiphertextBlob=wrapped, EncryptionContext=CONTEXT
            )
        plain: bytes = answer["Plaintext"]
        return plain


class LocalKeys:
    """Data keys wrapped by a key of 32 bytes of our own, where there is no KMS."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key[:32])

    def make(self) -> DataKey:
        plain, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
        return DataKey(plain, nonce + self._cipher.encrypt(nonce, plain, _context()))

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _context())
        except InvalidTag:
            raise StoreFailure("IncorrectKeyException") from None


def _context() -> bytes:
    return json.dumps(CONTEXT).encode()


class TakenBackLog:
    """The log in a bucket. Raises `StoreFailure`. `client` is botocore's for `s3`; `monotonic` gives seconds."""

    def __init__(self, client: Any, bucket: str, keys: DataKeys, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._bucket = bucket
        self._keys = keys
        self._monotonic = monotonic
        self._key: DataKey | None = None
        self._key_since, self._key_uses = 0.0, 0

    def append(self, name: str, entries: Sequence[TakenBack]) -> None:
        """Write entries as the object of this name, or nothing where there is one already."""
        key = self._data_key()
        nonce = os.urandom(NONCE_BYTES)
        lines = "\n".join(each.to_json() for each in entries).encode()
        header = {"version": VERSION, "key": _text(key.wrapped), "nonce": _text(nonce)}
        sealed = AESGCM(key.plain).encrypt(nonce, lines, name.encode())
        try:
            with failures():
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=name,
                    Body=json.dumps(header).encode() + b"\n" + sealed,
                    ContentType="application/octet-stream",
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",  # a bucket with Object Lock takes none without
                )
        except StoreFailure as failure:
            if str(failure) not in _THERE:
                raise

    def names(self, since_ms: int) -> Iterator[str]:
        """The names of the objects of the minute in which `since_ms` lies, and of all later ones, in their order."""
        request = {"Bucket": self._bucket, "Prefix": FOLDER, "StartAfter": FOLDER + _minute(since_ms)}
        while True:
            with failures():
                answer = self._client.list_objects_v2(**request)
            yield from (each["Key"] for each in answer.get("Contents", ()))
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def read(self, name: str) -> list[TakenBack]:
        """The entries of an object. Raises `Unreadable`."""
        with failures():
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        head, _, sealed = body.partition(b"\n")
        try:
            header = json.loads(head)
            if header["version"] != VERSION:
                raise Unreadable(name)
            plain = self._keys.unwrap(_bytes(header["key"]))
            lines = AESGCM(plain).decrypt(_bytes(header["nonce"]), sealed, name.encode()).decode()
            return [TakenBack.parse(line) for line in lines.split("\n")]
        except (ValueError, TypeError, KeyError, InvalidTag):
            raise Unreadable(name) from None

    def _data_key(self) -> DataKey:
        now = self._monotonic()
        if self._key is None or self._key_uses >= MOST_OBJECTS or now - self._key_since > LONGEST_S:
            self._key, self._key_since, self._key_uses = self._keys.make(), now, 0
        self._key_uses += 1
        return self._key


def object_name(at_s: int, table: str, first: str, last: str) -> str:
    """The name of a batch's object: by the instant (epoch seconds) of its first record, and the sequence numbers of its
    first and last: the same for the same batch, and in the order of time."""
    return f"{FOLDER}{_minute(at_s * 1_000)}/{table}-{first}-{last}"


def _minute(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=max(ms, 0))).strftime("%Y-%m-%dT%H:%M")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
