"""What `make deploy-page` brings to the page's bucket, on an S3 on this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.page import files as served
from terraform.upload_page import ANEW, IMMUTABLE, TYPES, NoPage, files, upload

BUCKET = "page-of-a-test"

BUILT = {
    "index.html": "<!doctype html>",
    "sw.js": "const FILES = [];",
    "before.js": "",
    "manifest.webmanifest": "{}",
    "icon.svg": "<svg/>",
    "config.json": '{"signIn": [{"kind": "demo", "people": []}]}',
    ".sources": "a hash",
    "assets/main-Ab12.js": "export {};",
    "assets/main-Cd34.css": "body {}",
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name, text in BUILT.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "dist"


def test_each_file_says_what_it_is_and_how_long_it_may_be_kept(objects: Any, built: Path) -> None:
    objects.create_bucket(Bucket=BUCKET)
    upload(objects, BUCKET, built, lambda _: None)
    stored = {
        each["Key"]: objects.head_object(Bucket=BUCKET, Key=each["Key"])
        for each in objects.list_objects_v2(Bucket=BUCKET)["Contents"]
    }
    assert {key: (each["ContentType"], each["CacheControl"]) for key, each in stored.items()} == {
        "assets/main-Ab12.js": ("text/javascript; charset=utf-8", IMMUTABLE),
        "assets/main-Cd34.css": ("text/css; charset=utf-8", IMMUTABLE),
        "before.js": ("text/javascript; charset=utf-8", ANEW),
        "icon.svg": ("image/svg+xml", ANEW),
        "index.html": ("text/html; charset=utf-8", ANEW),
        "manifest.webmanifest": ("application/manifest+json", ANEW),
        "signed-in": ("text/html; charset=utf-8", ANEW),
        "sw.js": ("text/javascript; charset=utf-8", ANEW),
    }
    assert stored["signed-in"]["ETag"] == stored["index.html"]["ETag"]  # of the same bytes


def test_no_page_is_there_before_its_parts_are(built: Path) -> None:
    keys = [file.key for file in files(built)]
    assert keys[:2] == ["assets/main-Ab12.js", "assets/main-Cd34.css"]
    assert set(keys[-3:]) == {"index.html", "signed-in", "sw.js"}


def test_what_was_not_built_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(NoPage, match="npm run build"):
        files(tmp_path)


def test_a_file_of_an_unknown_kind_stops_before_anything_is_sent(built: Path) -> None:
    (built / "page.wasm").write_text("")
    with pytest.raises(NoPage, match=r"page\.wasm"):
        files(built)


def test_the_page_is_of_the_same_kinds_everywhere() -> None:
    """A file that only the local server knows would stop the upload; JSON is config.json, which is Terraform's, and no font is the
    page's, but the explorer's."""
    local = {ending: kind for ending, kind in served.TYPES.items() if ending not in (".json", ".ttf")}
    assert {ending: kind.partition(";")[0] for ending, kind in TYPES.items()} == local
    assert served.IMMUTABLE == IMMUTABLE


def test_the_program_says_in_a_sentence_why_there_is_no_page(tmp_path: Path, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "terraform.upload_page", BUCKET, f"--built={tmp_path}"],
        cwd=project,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"The page was not deployed: .* has no index\.html: .*\n", done.stderr)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("page", "status", "ran"),
    [
        ({"bucket": BUCKET, "url": "https://chat.example.com"}, 0, f"-m terraform.upload_page {BUCKET}\n"),
        (None, 2, ""),
    ],
)
def test_a_deployment_says_where_its_page_goes(
    tmp_path: Path, project: Path, page: dict[str, str] | None, status: int, ran: str
) -> None:
    """`terraform/run page`, with a Terraform that only knows this output, and a Python that only says what it would run."""
    run = tmp_path / "terraform" / "run"
    run.parent.mkdir()
    shutil.copy(project / "terraform" / "run", run)
    (run.parent / "environments").mkdir()
    for kind in ("tfvars", "s3.tfbackend"):
        (run.parent / "environments" / f"dev.{kind}").touch()
    terraform = program(
        tmp_path / "bin" / "terraform", f"case $* in *'output -json page') echo '{json.dumps(page)}' ;; esac"
    )
    python = program(
        tmp_path / "bin" / "python",
        f'case $1 in -c) exec {sys.executable} "$@" ;; esac; echo "$@" > {tmp_path / "ran"}',
    )
    (tmp_path / "ran").touch()
    done = subprocess.run(
        [run, "page", "dev"],
        env={"PATH": f"{terraform.parent}:{os.environ['PATH']}", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, (tmp_path / "ran").read_text()) == (status, ran), done.stderr
    if page:
        assert json.loads(done.stdout) == page
    else:
        assert "This deployment has no page" in done.stderr
