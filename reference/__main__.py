"""`python -m reference [folder]`: writes what is committed of the reference to docs/reference/, and all its pages to a folder."""

import json
import sys
from pathlib import Path

from reference.asyncapi import asyncapi
from reference.gateway_page import ASYNCAPI, OPENAPI
from reference.openapi import openapi
from reference.pages import KEPT, pages
from reference.pictures import pictures


def kept() -> dict[str, str]:
    """What is to be in docs/reference/."""
    documents = {ASYNCAPI: asyncapi(), OPENAPI: openapi()}
    texts = {name: json.dumps(each, indent=2, ensure_ascii=False) + "\n" for name, each in documents.items()}
    return texts | pictures()


def main(folder: Path) -> None:
    KEPT.mkdir(exist_ok=True)
    for name, text in kept().items():
        (KEPT / name).write_text(text, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in pages().items():
        (folder / name).write_bytes(contents)
    print(f"{folder / 'index.html'} and docs/reference/ are written.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path("build/docs"))
