"""Brings the built page to its bucket: `python -m terraform.upload_page <bucket>`, which `make deploy-page` runs.

Each file says how long it may be kept. Those under assets/ have their content's hash in their names: they come first, and
are kept for good. What leads to them follows, so that no page is ever there before its parts are. Nothing is removed: people
whose page is open still ask for the parts of theirs. config.json is Terraform's, and never sent.
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

BUILT = Path(__file__).parent.parent / "web" / "dist"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
IMMUTABLE = "public, max-age=31536000, immutable"
ANEW = "no-cache"
INDEX = "index.html"
SIGNED_IN = "signed-in"
"""Where issuers send people back to: the page under another name. Its routes are in the fragment, so there is no other."""


class NoPage(Exception):
    """The folder holds no page that could be served."""


@dataclass(frozen=True, slots=True)
class File:
    """One object of the bucket, and the file that it is made of."""

    key: str
    path: Path

    @property
    def kind(self) -> str:
        """Its media type."""
        return TYPES[self.path.suffix]

    @property
    def kept(self) -> str:
        """Its Cache-Control."""
        return IMMUTABLE if self.key.startswith("assets/") else ANEW


def files(built: Path) -> list[File]:
    """What is sent, in the order in which it is: the parts, what names them, the page itself at last. Raises `NoPage`."""
    if not (built / INDEX).is_file():
        raise NoPage(f"{built} has no {INDEX}: `npm run build` in web/ makes it")
    found = sorted(_files(built), key=lambda file: (_turn(file.key), file.key))
    if unknown := [file.key for file in found if file.path.suffix not in TYPES]:
        raise NoPage(f"terraform/upload_page.py knows no media type for {', '.join(unknown)}")
    return found


def _files(built: Path) -> Iterator[File]:
    for path in built.rglob("*"):
        key = path.relative_to(built).as_posix()
        if path.is_file() and not path.name.startswith(".") and key != "config.json":
            yield File(key, path)
    yield File(SIGNED_IN, built / INDEX)


def _turn(key: str) -> int:
    if key.startswith("assets/"):
        return 0
    return 2 if key in (INDEX, SIGNED_IN, "sw.js") else 1


def upload(client: Any, bucket: str, built: Path, say: Callable[[str], None]) -> None:
    """`client`: one of S3. `say` gets a line for each file. Raises `NoPage`, and what the client raises."""
    for file in files(built):
        client.put_object(
            Bucket=bucket,
            Key=file.key,
            Body=file.path.read_bytes(),
            ContentType=file.kind,
            CacheControl=file.kept,
        )
        say(f"{file.key}  {file.kind}  {file.kept}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m terraform.upload_page", description="Bring the built page to its bucket."
    )
    parser.add_argument("bucket")
    parser.add_argument("--built", type=Path, default=BUILT, help="the folder that it was built into")
    given = parser.parse_args()
    try:
        upload(boto3.client("s3"), given.bucket, given.built, print)
    except (NoPage, BotoCoreError, ClientError) as error:
        print(f"The page was not deployed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
