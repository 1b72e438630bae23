"""A message that is sent to an API of another team is read from the table's stream, published by the API, and told to a queue and
a bus; what cannot be read is set aside."""

import json
import os
import time
from typing import Any

import pytest

from chat.storage.aws import SignedPost
from simulator.settings import REGION

from .deployment import Deployment
from .test_existing_api import THREE, Shop, ask, aws, merged, ours, shop, timed

__all__ = ["shop"]
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("CHAT_DEPLOY") != "1", reason="takes minutes: make prove-deployment"),
]
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _credentials(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shop.deployment.emulator.credentials.items():
        monkeypatch.setenv(name, value)


def take(deployment: Deployment, url: str, kind: str | None = None) -> Any:
    """The next message of a queue, as JSON, when it has come: of an event of this kind, where one is said. What is looked at is
    taken out."""
    sqs, deadline = aws(deployment, "sqs"), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=2)
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found = json.loads(message["Body"])
            if kind in (None, found.get("kind")):
                return found
    said = "\n".join(lines_of_the_reader(deployment)[-20:])
    raise AssertionError(f"nothing came to {url}\n{said}")


def lines_of_the_reader(deployment: Deployment) -> list[str]:
    events = aws(deployment, "logs").filter_log_events(logGroupName="/aws/lambda/chat-local-read-stream")[
        "events"
    ]
    return [str(each["message"]) for each in events]


def follow(deployment: Deployment, bus: str) -> str:
    """A consumer: a rule that sends what comes to the bus to a queue, whose address is answered."""
    sqs, events = aws(deployment, "sqs"), aws(deployment, "events")
    url = sqs.create_queue(QueueName="consumer")["QueueUrl"]
    names = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
    pattern = {"source": ["chat"], "detail-type": ["MESSAGE_SENT"]}
    events.put_rule(Name="consumer", EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="consumer", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    return str(url)


def counted(deployment: Deployment, name: str) -> int:
    """What the reader has counted under this name."""
    counts = [json.loads(line) for line in lines_of_the_reader(deployment) if line.startswith('{"_aws"')]
    return sum(int(each.get(name, 0)) for each in counts)


def test_what_is_sent_is_published_and_told(shop: Shop) -> None:
    shop.apply(merged(THREE, "Chat", publish="stream"), iam=True)
    before = shop.what_is_theirs()
    api = {"id": shop.api_id, "graphql_url": shop.url, "has_iam_mode": True}
    told = {"bus": {}, "queue": {}, "text": True}
    deployment = ours(
        shop, fields=THREE, schema_prefix="Chat", publish="stream", events=told, existing={"api": api}
    )
    timed("with events", deployment.apply)
    deployment.fill()
    places = deployment.output("events")
    consumer = follow(deployment, places["bus"]["name"])

    (sent,) = ask(shop, 'mutation { mine: chatSendMessage(roomId: "lobby", text: "hello") { id } }')[
        "data"
    ].values()
    event = take(deployment, places["queue"]["url"], "MESSAGE_SENT")
    assert (event["version"], event["roomId"]) == (1, "lobby")
    assert (event["message"]["id"], event["message"]["text"]) == (sent["id"], "hello")
    heard = take(deployment, consumer)
    assert (heard["source"], heard["detail-type"], heard["detail"]) == ("chat", "MESSAGE_SENT", event)
    assert counted(deployment, "EventsPublished") >= 1

    poison(deployment)
    letter = take(deployment, places["dead_letters"]["dead"]["url"])
    assert letter["keys"] == {"PK": "ROOM#lobby", "SK": "EVT#0000000000009999"}
    ask(shop, 'mutation { chatSendMessage(roomId: "lobby", text: "after it") { id } }')
    assert take(deployment, places["queue"]["url"], "MESSAGE_SENT")["message"]["text"] == "after it"

    refuse_a_stranger(shop)
    assert deployment.changes() == {}
    timed("destroy", deployment.destroy)
    assert deployment.resources() == []
    assert shop.what_is_theirs() == before


def poison(deployment: Deployment) -> None:
    """An event that nobody can read."""
    item = {
        "PK": {"S": "ROOM#lobby"},
        "SK": {"S": "EVT#0000000000009999"},
        "type": {"S": "Event"},
        "rev": {"S": "nine"},
    }
    aws(deployment, "dynamodb").put_item(TableName=deployment.output("tables")["core"], Item=item)


def refuse_a_stranger(shop: Shop) -> None:
    """The account's root may call any field, and is not the reader."""
    message = {
        "id": "1",
        "roomId": "lobby",
        "senderId": "alice",
        "ts": "2026-07-01T12:00:00.000Z",
        "epoch": 1,
    }
    query = "mutation ($message: AWSJSON!) { chatPublishMessage(message: $message) { id } }"
    body = {"query": query, "variables": {"message": json.dumps(message)}}
    status, answer = SignedPost(shop.url, service="appsync", region=REGION, timeout=30)(
        json.dumps(body).encode()
    )
    (error,) = json.loads(answer)["errors"]
    assert (status, error["errorType"]) == (200, "IdentityRefused")
