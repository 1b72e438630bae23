"""Secrets are read by reference; what is wrong with one is said without it."""

import base64
import json
from pathlib import Path

import pytest

from chat.rules.cursor import CursorKeys
from chat_lambda.secrets import BadSecret, read_cursor_keys, read_key, read_secret

REGION = "us-east-1"
KEY = base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("=")
SECRET = "very-secret-value"


@pytest.fixture
def kept(tmp_path: Path) -> "type[Kept]":
    Kept.folder = tmp_path
    return Kept


class Kept:
    """Makes files and the references to them."""

    folder: Path

    @classmethod
    def at(cls, content: str | bytes) -> str:
        path = cls.folder / "secret"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return f"file:{path}"


def test_a_file_is_read_without_the_line_end(kept: type[Kept]) -> None:
    assert read_secret("jwt_secret", kept.at("abc\n"), REGION) == "abc"


def test_a_key_is_base64url_with_or_without_padding(kept: type[Kept]) -> None:
    for text in (KEY, KEY + "=", KEY + "\n"):
        assert read_key("audit_key", kept.at(text), REGION) == b"k" * 32


def test_cursor_keys_are_read_with_the_one_that_is_current(kept: type[Kept]) -> None:
    document = json.dumps({"current": "k2", "keys": {"k1": KEY, "k2": KEY}})
    assert read_cursor_keys(kept.at(document), REGION) == CursorKeys("k2", {"k1": b"k" * 32, "k2": b"k" * 32})


@pytest.mark.parametrize(
    "reference",
    [None, "", "file:", "file:/nowhere/at/all", "/etc/hostname", SECRET, f"env:{SECRET}", "arn:", "arn:aws", "arn:aws:s3:::bucket",
     "arn:aws:kms:us-east-1:123456789012:key/x"],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_is_refused_by_the_settings_name(reference: str | None) -> None:
    with pytest.raises(BadSecret, match=r"^AUDIT_KEY ") as caught:
        read_key("audit_key", reference, REGION)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "content",
    ["", "short", SECRET, "é" * 50, KEY[:-6], b"\xff\xfe" * 40, "!" * 60, KEY + "+/", f"{KEY} {KEY}"],
    ids=range(9),
)
def test_a_key_that_is_none_is_refused(kept: type[Kept], content: str | bytes) -> None:
    with pytest.raises(BadSecret, match=r"^AUDIT_KEY ") as caught:
        read_key("audit_key", kept.at(content), REGION)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        SECRET,
        [],
        {},
        {"current": "k1"},
        {"current": "k1", "keys": []},
        {"current": "k1", "keys": {}},
        {"current": "k2", "keys": {"k1": KEY}},
        {"current": "k.1", "keys": {"k.1": KEY}},
        {"current": "k1", "keys": {"k1": SECRET}},
        {"current": "k1", "keys": {"k1": None}},
        {"current": "k1", "keys": {"k1": KEY, "k0": "short"}},
    ],
    ids=str,
)
def test_cursor_keys_in_another_form_are_refused(kept: type[Kept], document: object) -> None:
    with pytest.raises(BadSecret, match=r"^CURSOR_KEYS ") as caught:
        read_cursor_keys(kept.at(json.dumps(document)), REGION)
    assert SECRET not in str(caught.value)
