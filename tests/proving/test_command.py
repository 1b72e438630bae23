"""The command line: what is wrong is a sentence and status 2, what was found is a status, and nothing of the chat is needed."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proving.__main__ import main
from proving.servers.serve import people, server_of
from proving.servers.wire import serving

from .conftest import SAMPLE

URL = "http://127.0.0.1:1/graphql"


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    path.write_text("ann secret1\nben secret2\ncleo secret3\n", encoding="utf-8")
    return path


def asked(*arguments: object) -> int:
    return main(["conformance", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "https://example.com/graphql"], "--i-own-this example.com"),
        (["--url", URL, "--realtime", "wss://example.com/graphql"], "--i-own-this example.com"),
        (["--url", URL, "--mapping", "nowhere.toml"], "nowhere.toml"),
        (["--url", URL, "--mapping", __file__], "test_command.py"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(
    tokens: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert asked(*arguments, "--tokens", tokens) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "secret" not in printed.err + printed.out


def test_a_plan_says_what_would_be_made_and_asks_nobody(
    tokens: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At this address nobody listens."""
    assert asked("--url", URL, "--tokens", tokens, "--mapping", SAMPLE, "--plan") == 0
    printed = capsys.readouterr().out
    assert "checks will make at most" in printed
    assert "Every room is ended afterwards" in printed


@pytest.mark.parametrize(("design", "status"), [("sound", 0), ("no-idempotency", 1)])
async def test_reports_are_written_and_the_status_says_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], design: str, status: int
) -> None:
    present, tokens = people(), tmp_path / "tokens"
    tokens.write_text("".join(f"{each.user_id} {each.token}\n" for each in present), encoding="utf-8")
    async with serving(server_of(design, present)) as url:
        options = ["--url", url, "--tokens", tokens, "--mapping", SAMPLE, "--only", "chat.send.repeat"]
        options += ["--json", tmp_path / "found.json", "--junit", tmp_path / "found.xml"]
        assert await asyncio.to_thread(asked, *options) == status
    (found,) = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["checks"]
    assert found["status"] == ("fail" if status else "pass")
    assert "<testsuites>" in (tmp_path / "found.xml").read_text(encoding="utf-8")
    assert not any(each.token in capsys.readouterr().out for each in present)


def test_designs_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--design", "list", "--tokens", str(tmp_path / "tokens")]) == 0
    assert "no-fence: " in capsys.readouterr().out


ALONE = """if True:
    import sys
    for name in ("chat", "chat_lambda", "simulator", "botocore", "pydantic", "graphql"):
        sys.modules[name] = None
    from proving.__main__ import main
    sys.exit(main(["conformance", "--url", "http://127.0.0.1:1/graphql", "--tokens", sys.argv[1], "--plan"]))
"""


def test_it_needs_nothing_of_the_chat_and_no_graphql(tokens: Path, project: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, "-B", "-c", ALONE, str(tokens)]
    subprocess.run(command, cwd=tokens.parent, env=environment, check=True, timeout=60, capture_output=True)
