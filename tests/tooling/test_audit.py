"""What is asked about the versions in the locks, and what is said of the answer."""

import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from simulator.ports import free_port


@pytest.fixture(scope="module")
def audit(project: Path) -> dict[str, Any]:
    return runpy.run_path(str(project / "scripts" / "audit.py"))


@contextmanager
def service(bad: dict[str, str], asked: list[Any], status: int = 200) -> Iterator[str]:
    """An OSV that knows an advisory of each name in `bad`."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            asked.extend(queries)
            results = [
                {"vulns": [{"id": bad[query["package"]["name"]]}]} if query["package"]["name"] in bad else {}
                for query in queries
            ]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"results": results}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_every_version_of_every_lock_is_asked_about(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []
    with service({}, asked) as url:
        assert audit["main"](url) == 0
    named = {(each["package"]["ecosystem"], each["package"]["name"]) for each in asked}
    assert {("PyPI", "pydantic"), ("PyPI", "checkov"), ("npm", "react"), ("npm", "zod")} <= named
    assert all(each["version"][0].isdigit() for each in asked)
    assert f"{len(asked)} versions of" in capsys.readouterr().out


def test_a_version_with_an_advisory_is_named_and_fails(
    audit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with service({"pydantic": "GHSA-1"}, []) as url:
        assert audit["main"](url) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.startswith("requirements.lock: pydantic ") and line.endswith(": GHSA-1") for line in lines
    )


@pytest.mark.parametrize("status", [None, 503])
def test_a_service_that_is_not_reached_is_said_aloud(
    audit: Any, capsys: pytest.CaptureFixture[str], status: int | None
) -> None:
    if status is None:
        assert audit["main"](f"http://127.0.0.1:{free_port()}/") == 0
    else:
        with service({}, [], status) as url:
            assert audit["main"](url) == 0
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("SKIPPED: no advisory service was reached")) == ("", True)


def test_forms_of_locks(audit: Any, tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text(
        'x[extra]==1.0 ; python_version < "3.12" \\\n    --hash=sha256:0\n    # via y==2\n'
    )
    packages = {
        "": {"version": "9"},
        "node_modules/@s/a": {"version": "1.2.3"},
        "node_modules/b/node_modules/c": {"version": "2.0.0"},
        "node_modules/ours": {"link": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    found = [version[1:] for version in audit["versions"](tmp_path, ["a.lock", "package-lock.json"])]
    assert found == [("PyPI", "x", "1.0"), ("npm", "@s/a", "1.2.3"), ("npm", "c", "2.0.0")]
