"""A file is of a media type if it begins so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.file_types import BEGINNING, is_of_type
from chat_lambda.settings import UPLOAD_TYPES


def box(brand: bytes, *compatible: bytes) -> bytes:
    """The first box of a file in the ISO base media format."""
    body = b"ftyp" + brand + b"\x00\x00\x02\x00" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\x00\x00\x00\x08free"


SAMPLES = {
    "image/png": [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"],
    "image/jpeg": [b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xd8\xff\xe1\x00\x10Exif"],
    "image/gif": [b"GIF87a\x01\x00", b"GIF89a\x01\x00"],
    "image/webp": [b"RIFF\x24\x00\x00\x00WEBPVP8 "],
    "image/avif": [box(b"avif", b"mif1", b"miaf"), box(b"mif1", b"avif")],
    "image/heic": [box(b"heic", b"mif1"), box(b"mif1", b"heic")],
    "audio/mpeg": [b"ID3\x04\x00", b"\xff\xfb\x90\x00", b"\xff\xf3\x40\xc0"],
    "audio/mp4": [box(b"M4A ", b"isom", b"mp42")],
    "audio/ogg": [b"OggS\x00\x02"],
    "audio/wav": [b"RIFF\x24\x00\x00\x00WAVEfmt "],
    "audio/webm": [b"\x1aE\xdf\xa3\x9fB\x86"],
    "video/mp4": [box(b"isom", b"iso2", b"mp41"), box(b"mp42")],
    "video/webm": [b"\x1aE\xdf\xa3\x9fB\x86"],
    "video/quicktime": [box(b"qt  "), b"\x00\x00\x00\x08wide\x00\x00", b"\x00\x00\x01\x00moov"],
    "application/pdf": [b"%PDF-1.7\n"],
    "text/plain": [b"", b"Good morning.\r\n\t", "naïve ☕".encode(), "hi".encode("utf-16"), b"caf\xe9"],
}
SAME = [
    {"audio/mp4", "video/mp4"},
    {"audio/webm", "video/webm"},
    {"image/avif", "image/heic"},  # of one family: a file may be both
]
"""Types that a file may be two of by its beginning. Many are text, too, as far as that goes."""
ACTIVE = [
    b"<!DOCTYPE html><script>alert(1)</script>",
    b"<html>",
    b"  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<?xml version='1.0'?><svg/>",
    b"#!/bin/sh\nrm -rf ~",
    b"MZ\x90\x00\x03",
    b"\x7fELF\x02\x01",
    b"PK\x03\x04\x14\x00",
    b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
]


def test_there_is_a_sample_of_each_type_that_is_taken() -> None:
    assert set(SAMPLES) == set(UPLOAD_TYPES)


@pytest.mark.parametrize(
    ("content_type", "first"), [(name, each) for name in SAMPLES for each in SAMPLES[name]]
)
def test_a_file_is_of_its_own_type_and_of_no_other(content_type: str, first: bytes) -> None:
    assert is_of_type(content_type, first)
    for other in SAMPLES:
        if other not in (content_type, "text/plain") and {other, content_type} not in SAME:
            assert not is_of_type(other, first), other


@pytest.mark.parametrize("first", ACTIVE)
def test_what_a_browser_or_a_machine_runs_is_no_picture_sound_or_film(first: bytes) -> None:
    for content_type in set(SAMPLES) - {"text/plain"}:
        assert not is_of_type(content_type, first), content_type


@given(st.binary(max_size=BEGINNING))
def test_any_bytes_are_judged(first: bytes) -> None:
    for content_type in (*SAMPLES, "application/zip", "application/gzip", "text/csv"):
        assert is_of_type(content_type, first) in (True, False)


def test_a_type_that_is_not_known_is_taken_as_it_is_called() -> None:
    assert is_of_type("application/x-of-this-deployment", b"anything")


def test_a_text_has_no_bytes_that_are_none() -> None:
    assert not is_of_type("text/plain", b"hi\x00")
    assert not is_of_type("text/plain", b"\x89PNG\r\n\x1a\n")
