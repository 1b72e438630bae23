"""The manifest of an export and its signature. Reads nothing.

`manifest.json` names the parts of the manifest with their hashes; a part has a line for each file. So one signature holds
everything, and no part has to be in memory with another one. The signature is Ed25519 (RFC 8032), so that whoever has the
public key can verify it and nobody but the deployment can make it.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from chat.rules.export_files import FileRecord, to_line
from chat.rules.instants import to_wire

FORMAT = "appsync-chat-export/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"

NOT_INCLUDED = (
    "messages that were sent to older tables and adopted without a proof of their sending",
    "earlier versions of edited and removed messages",
    "texts, names and files of other people: these are in it as ids and counts",
    "log lines and audit events, in which people stand under keyed pseudonyms until these expire",
    "pins, invitations, changes of rooms and removals of others' messages, which are stored with the room",
    "what came of an earlier erasure, which is stored under a keyed pseudonym",
    "files that were uploaded to a room and never sent, which are deleted after a day",
)
"""What somebody might look for in vain."""


def manifest_of(
    request_id: str, user_id: str, begun_at: int, parts: Sequence[FileRecord], public_key: bytes
) -> bytes:
    """`manifest.json`: one line of JSON. `begun_at` (ms) is as of when everything was read, or later."""
    counts: dict[str, int] = {}
    for part in parts:
        for name, count in (part.counts or {}).items():
            counts[name] = counts.get(name, 0) + count
    document: Mapping[str, Any] = {
        "format": FORMAT,
        "requestId": request_id,
        "userId": user_id,
        "begunAt": to_wire(begun_at),
        "counts": counts,
        "parts": [part.to_manifest() for part in parts],
        "notIncluded": list(NOT_INCLUDED),
        "publicKey": base64.b64encode(public_key).decode(),
    }
    return f"{to_line(document)}\n".encode()


def public_key_of(secret: bytes) -> bytes:
    """The 32 bytes by which signatures under `secret` are verified."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415  as below

    raw: bytes = _private_key(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return raw


def signature_of(secret: bytes, manifest: bytes) -> bytes:
    """The signature as base64, in one line. The same manifest gives the same one."""
    return base64.b64encode(_private_key(secret).sign(manifest)) + b"\n"


def _private_key(secret: bytes) -> Any:
    # Only here: who exports nothing is not to pay for it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    seed = hmac.digest(secret, b"appsync-chat export, Ed25519", hashlib.sha256)
    return Ed25519PrivateKey.from_private_bytes(seed)
