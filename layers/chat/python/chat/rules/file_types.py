"""Whether a file begins as one of its media type does.

A file is what its bytes are, whatever its uploader calls it: one that is named a picture and begins as a page is refused
before anybody can fetch it. The signatures are those of https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern; those
of HEIC and AVIF are brands of https://www.iso.org/standard/83102.html (`ftyp`).

A file may still be two things at once, such as a picture with a script behind it. It is served under the type it was
uploaded as, which no browser runs as the other.
"""

from collections.abc import Callable, Mapping

BEGINNING = 512
"""How many bytes are looked at."""

_BINARY = frozenset({*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})
"""Bytes that no text has: https://mimesniff.spec.whatwg.org/#binary-data-byte"""
_UTF_16 = (b"\xfe\xff", b"\xff\xfe")

Signature = Callable[[bytes], bool]


def _begins(*beginnings: bytes) -> Signature:
    return lambda first: first.startswith(beginnings)


def _riff(kind: bytes) -> Signature:
    return lambda first: first[:4] == b"RIFF" and first[8:12] == kind


def _brands(first: bytes) -> frozenset[bytes]:
    """The major and the compatible brands of a file in the ISO base media format; none of any other."""
    if first[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(first[:4], "big"), len(first))
    return frozenset({first[8:12], *(first[at : at + 4] for at in range(16, end - 3, 4))})


def _branded(*brands: bytes) -> Signature:
    return lambda first: not _brands(first).isdisjoint(brands)


_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _is_mp4(first: bytes) -> bool:
    """In the format, and no still picture of it: brands of films and sounds are too many to list."""
    brands = _brands(first)
    return bool(brands) and first[8:12] not in (*_HEIC, *_AVIF, b"qt  ")


def _is_quicktime(first: bytes) -> bool:
    return b"qt  " in _brands(first) or first[4:8] in _QUICKTIME


def _is_mpeg_audio(first: bytes) -> bool:
    """With a tag before it, or with a frame: eleven bits that are set, a version that there is, and the second or third layer."""
    if first.startswith(b"ID3"):
        return True
    if len(first) < 2 or first[0] != 0xFF or first[1] & 0xE0 != 0xE0:
        return False
    return first[1] & 0b0000_0110 in (0b10, 0b100) and first[1] & 0b0001_1000 != 0b0000_1000


def _is_text(first: bytes) -> bool:
    return first.startswith(_UTF_16) or _BINARY.isdisjoint(first)


_OGG, _MATROSKA = _begins(b"OggS\x00"), _begins(b"\x1aE\xdf\xa3")
_ZIP = _begins(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_SIGNATURES: Mapping[str, Signature] = {
    "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": _begins(b"\xff\xd8\xff"),
    "image/gif": _begins(b"GIF87a", b"GIF89a"),
    "image/webp": _riff(b"WEBP"),
    "image/avif": _branded(*_AVIF),
    "image/heic": _branded(*_HEIC),
    "audio/mpeg": _is_mpeg_audio,
    "audio/mp4": _is_mp4,
    "audio/ogg": _OGG,
    "audio/wav": _riff(b"WAVE"),
    "audio/webm": _MATROSKA,
    "video/mp4": _is_mp4,
    "video/ogg": _OGG,
    "video/webm": _MATROSKA,
    "video/quicktime": _is_quicktime,
    "application/pdf": _begins(b"%PDF-"),
    "application/zip": _ZIP,
    "application/gzip": _begins(b"\x1f\x8b\x08"),
    "text/plain": _is_text,
    "text/csv": _is_text,
    "text/markdown": _is_text,
}


def is_of_type(content_type: str, first: bytes) -> bool:
    """Whether a file of this media type, in lower case, may begin with these bytes, which are its first `BEGINNING`, or all. Of a
    type that is not known here any may."""
    signature = _SIGNATURES.get(content_type)
    return signature is None or signature(first)
