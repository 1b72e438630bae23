"""The whole configuration is applied with the real provider, asked over
HTTP, planned again, changed and destroyed.

This takes minutes, so it runs where CHAT_DEPLOY=1 says so (`make
prove-deployment`), and prints how long each part took.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.storage.aws import client as aws_client
from simulator.keys import signing_key
from simulator.settings import REGION

from .deployment import PACKAGES_BUCKET, PROJECT, Deployment, Failed, start

PYTHON = PROJECT / ".venv-emulator" / "bin" / "python"
GAPS = Path(__file__).with_name("gaps.toml")

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]


def timed(what: str, step: Callable[[], Any]) -> Any:
    started = time.monotonic()
    result = step()
    sys.__stdout__.write(f"\n{what}: {time.monotonic() - started:.0f} s\n")  # type: ignore[union-attr]
    return result


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "IAM enforced"])
def deployed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Once with the packages of a release in S3, once with packages that are files."""
    home = tmp_path_factory.mktemp("deployment")
    emulator = start(home, python=PYTHON, port=0, auth=request.param, mended=True)
    state = tmp_path_factory.mktemp("state")
    deployment = Deployment(home, emulator, PYTHON, state, packages_in_s3=not request.param)
    try:
        timed("packages", deployment.prepare)
        timed("apply", deployment.apply)
        deployment.fill()
        yield deployment
    finally:
        emulator.stop()


def aws(deployment: Deployment, service: str) -> Any:
    return aws_client(service, region=REGION, endpoint=deployment.emulator.endpoint, timeout=20)


@pytest.fixture(autouse=True)
def _credentials(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in deployed.emulator.credentials.items():
        monkeypatch.setenv(name, value)


def test_the_end_to_end_suite_passes_against_what_came_up(deployed: Deployment) -> None:
    environment = os.environ | {
        "CHAT_API_URL": deployed.url,
        "CHAT_API_STATE": str(deployed.state),
        "CHAT_API_GAPS": str(GAPS),
    }
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=60", "--engine=ministack", "tests/end_to_end"]
    suite = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    sys.__stdout__.write(f"\n{suite.stdout.splitlines()[-1]}\n")  # type: ignore[union-attr]
    assert suite.returncode == 0, suite.stdout[-6000:]


def test_the_smoke_test_sends_once_and_reads_back(deployed: Deployment) -> None:
    token = signing_key(deployed.state / "keys").mint("alice", now=int(time.time()), ttl=600)
    smoke = subprocess.run(
        [sys.executable, "terraform/smoke.py", deployed.url],
        cwd=PROJECT,
        env=os.environ | {"SMOKE_TOKEN": token, "SMOKE_ROOM": "lobby", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert smoke.returncode == 0, smoke.stderr
    assert smoke.stdout.splitlines()[-1] == "4 passed, 0 failed, 1 skipped"  # no WebSocket: gaps.toml


def test_a_second_plan_is_empty(deployed: Deployment) -> None:
    assert timed("second plan", deployed.changes) == {}


def test_changing_one_resolver_changes_one_function(deployed: Deployment) -> None:
    """The function gets the new package. No alias moves: that is for releases/."""
    package = deployed.packages / "functions" / "messages.zip"
    before = package.read_bytes()
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("resolvers/changed.txt", "changed")
    deployed.publish()
    try:
        assert deployed.changes() == {
            'module.chat.aws_lambda_function.chat["messages"]': ["update"],
        }
    finally:
        package.write_bytes(before)
        deployed.publish()


def test_a_package_that_is_not_what_the_checksums_say_never_goes_live(deployed: Deployment) -> None:
    if not deployed.packages_in_s3:
        pytest.skip("files are hashed by Terraform itself")
    alias = {"FunctionName": "chat-local-messages", "Name": "live"}
    before = aws(deployed, "lambda").get_alias(**alias)["FunctionVersion"]
    variables = deployed.variables()
    sums = variables["packages_in_s3"]["sha256sums"]
    wrong = re.sub(r"(?m)^[0-9a-f]{64}(?=  functions/messages.zip$)", "0" * 64, sums)
    assert wrong != sums
    variables["packages_in_s3"]["sha256sums"] = wrong
    deployed.tell(variables)
    try:
        with pytest.raises(Failed, match=r"is not what\s+packages_in_s3\.sha256sums says"):
            deployed.apply()
        assert aws(deployed, "lambda").get_alias(**alias)["FunctionVersion"] == before
    finally:
        deployed.publish()
    deployed.apply()
    assert deployed.changes() == {}


def ask(deployment: Deployment) -> Any:
    query = {"query": '{ messages(roomId: "lobby") { items { seq } } }'}
    token = signing_key(deployment.state / "keys").mint("alice", now=int(time.time()), ttl=600)
    headers = {"authorization": token, "content-type": "application/json"}
    request = urllib.request.Request(deployment.url, json.dumps(query).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_a_right_that_is_taken_away_is_missed(deployed: Deployment, request: pytest.FixtureRequest) -> None:
    """Only what the wiring grants makes the query work, so the role holds no
    more than that; and a plan sees the loss."""
    if "IAM enforced" not in request.node.callspec.id:
        pytest.skip("policies are not enforced here")
    assert "errors" not in ask(deployed)
    iam = aws(deployed, "iam")
    role = {"RoleName": "chat-local-messages", "PolicyName": "wiring"}
    policy = iam.get_role_policy(**role)["PolicyDocument"]
    kept = [each for each in policy["Statement"] if "dynamodb:Query" not in each["Action"]]
    assert len(kept) < len(policy["Statement"])
    iam.put_role_policy(**role, PolicyDocument=json.dumps({**policy, "Statement": kept}))
    (error,) = ask(deployed)["errors"]
    assert error["errorType"] == "InternalError"
    assert deployed.changes() == {'module.chat.aws_iam_role_policy.function["messages"]': ["update"]}
    deployed.apply()
    assert "errors" not in ask(deployed)


def test_destroy_leaves_nothing(deployed: Deployment) -> None:
    sys.__stdout__.write(f"\nresources: {len(deployed.resources())}\n")  # type: ignore[union-attr]
    timed("destroy", deployed.destroy)
    assert deployed.resources() == []
    assert aws(deployed, "dynamodb").list_tables()["TableNames"] == []
    assert aws(deployed, "lambda").list_functions()["Functions"] == []
    assert aws(deployed, "lambda").list_layers()["Layers"] == []
    assert aws(deployed, "iam").list_roles()["Roles"] == []
    assert aws(deployed, "logs").describe_log_groups()["logGroups"] == []
    buckets = [each["Name"] for each in aws(deployed, "s3").list_buckets().get("Buckets", [])]
    assert buckets == (
        [PACKAGES_BUCKET] if deployed.packages_in_s3 else []
    )  # theirs who put the packages there
    assert aws(deployed, "cloudwatch").describe_alarms()["MetricAlarms"] == []
