"""Writes `chat/rules/unicode/confusables.txt`: Unicode's table of characters that look alike, without its comments.

`python -m lambda_package.confusables confusables.txt`, with the file that Unicode publishes for UTS #39 at
https://www.unicode.org/Public/17.0.0/security/confusables.txt. What is written names the version and the hash of what it
was made from, and each line has a sequence and, after a colon, the characters that look like it, all in hexadecimal.
"""

import hashlib
import re
import sys
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).parent.parent / "layers/chat/python/chat/rules/unicode/confusables.txt"
SOURCE = "https://www.unicode.org/Public/{version}/security/confusables.txt"
_LINE = re.compile(r"([0-9A-F]+) ;\t((?:[0-9A-F]+ ?)+);\tMA\b")
_TOTAL = re.compile(r"# total: (\d+)")


def converted(source: bytes) -> str:
    """The compact form of Unicode's file. Raises `ValueError` for one of another form, or that is not whole."""
    text = source.decode("utf-8-sig")
    version = re.search(r"^# Version: (\d+\.\d+\.\d+)$", text, re.MULTILINE)
    total = _TOTAL.search(text)
    if version is None or total is None:
        raise ValueError("no confusables.txt of Unicode's, or not the whole of it")
    alike: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            found = _LINE.match(line)
            if found is None:
                raise ValueError(f"unknown form: {line[:40]!r}")
            alike[found[2].strip()].append(found[1])
    if sum(map(len, alike.values())) != int(total[1]):
        raise ValueError("not as many characters as it says")
    header = [
        f"# Unicode {version[1]}, UTS #39: {SOURCE.format(version=version[1])}",
        f"# {total[1]} characters; sha256 of the source: {hashlib.sha256(source).hexdigest()}",
        "# © Unicode, Inc., under the licence in LICENSE.txt. Written by lambda_package/confusables.py.",
    ]
    lines = [f"{target}:{' '.join(sorted(each, key=_number))}" for target, each in alike.items()]
    return "\n".join([*header, *sorted(lines, key=lambda line: _number(line.partition(":")[0]))]) + "\n"


def _number(characters: str) -> tuple[int, ...]:
    return tuple(int(each, 16) for each in characters.split())


if __name__ == "__main__":
    TARGET.write_text(converted(Path(sys.argv[1]).read_bytes()), encoding="utf-8")
