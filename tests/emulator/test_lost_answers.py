"""The AWS provider repeats a create whose answer was lost. On the emulator as it is, that ends the apply."""

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from .deployment import PROJECT, Emulator, Failed, Workspace, plugin_folder, start

PYTHON = PROJECT / ".venv-emulator" / "bin" / "python"
ROLE = """
provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

resource "aws_iam_role" "role" {
  name               = "role"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
"""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]


class Losing(BaseHTTPRequestHandler):
    """Passes requests on, and closes the connection in place of the first answer to a `CreateRole`."""

    protocol_version = "HTTP/1.1"
    port: int
    lost: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        upstream.request("POST", self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if b"Action=CreateRole" in body and not self.lost:
            self.lost.append(self.headers["amz-sdk-invocation-id"])
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that it has
        """Nothing: the test says what happened."""


@contextmanager
def losing(emulator: Emulator) -> Iterator[tuple[Emulator, list[str]]]:
    """The emulator behind a proxy that loses one answer, and the invocation ids of what was lost."""
    lost: list[str] = []
    handler = type("Handler", (Losing,), {"port": emulator.port, "lost": lost})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Emulator(emulator.pid, server.server_address[1]), lost
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("mended", [False, True], ids=["as it is", "mended"])
def test_a_create_whose_answer_was_lost(tmp_path: Path, *, mended: bool) -> None:
    emulator = start(tmp_path, python=PYTHON, port=0, auth=False, mended=mended)
    try:
        folder = tmp_path / "terraform"
        folder.mkdir()
        (folder / "main.tf").write_text(ROLE)
        workspace = Workspace(tmp_path, at="")
        mirror = plugin_folder()
        workspace.terraform("init", "-input=false", *([f"-plugin-dir={mirror}"] if mirror else []))
        with losing(emulator) as (behind, lost):
            if mended:
                workspace.terraform("apply", "-auto-approve", environment=behind.credentials)
            else:
                with pytest.raises(Failed) as failed:
                    workspace.terraform("apply", "-auto-approve", environment=behind.credentials)
                assert failed.value.is_there_already
        assert len(lost) == 1
    finally:
        emulator.stop()
