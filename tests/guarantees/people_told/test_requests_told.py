"""A person is told that their data is to be exported or erased, whoever asked for it."""

import json
from typing import Any
from uuid import uuid4

import pytest

from chat.operations.publish_mine import publish_mine
from chat.rules.data_requests import OPERATOR, SELF, WAIT_MS, RequestKind
from chat.rules.errors import InvalidInput
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, make_request, progress_write, withdraw_request
from chat.steps.own_item import read_epoch
from chat.steps.tell_people import PeopleTold
from chat.storage.aws import TransientFailure
from tests.guarantees.support.fixtures import Clock, process
from tests.guarantees.support.projected import Projected, Stream


@pytest.mark.parametrize("kind", ["EXPORT", "ERASURE"])
@pytest.mark.parametrize("by", [SELF, OPERATOR])
def test_the_person_is_told_of_a_request_once_it_is_made(
    client: Any, functions_environ: None, kind: RequestKind, by: str
) -> None:
    stream, clock, told = Stream(client), Clock(), list[dict[str, Any]]()
    user = f"u#-{uuid4()}"
    deployment = process(stream.client, clock)
    asking = Asking(by, user if by == SELF else None)
    request = make_request(deployment, user, kind, asking, WAIT_MS[kind], Tally())
    deployment.store.tables.transact([progress_write(request, {"messages": 1})])
    withdraw_request(deployment, user, request.request_id, Tally())
    reader = PeopleTold(
        process(stream.client, clock), lambda text: told.append(publish_mine({"event": text})), 10
    )
    Projected(stream, [reader]).run()
    first = {each["id"]: each for each in told}
    assert first.keys() == {f"request.{request.request_id}"}
    assert all(each == first[each["id"]] for each in told)  # told again, it is the same
    (event,) = first.values()
    assert (event["userId"], event["kind"], event["roomId"]) == (user, "DATA_REQUESTED", None)
    assert (event["epoch"], event["actorId"]) == (read_epoch(deployment, user), None)


def test_what_the_api_does_not_take_is_told_later(client: Any, functions_environ: None) -> None:
    stream, clock, told = Stream(client), Clock(), list[str]()
    user, failures = f"u-{uuid4()}", iter([True, True, False])
    deployment = process(stream.client, clock)
    make_request(deployment, user, "ERASURE", Asking(SELF, user), WAIT_MS["ERASURE"], Tally())

    def publish(text: str) -> None:
        if next(failures, False):
            raise TransientFailure("Status503")
        told.append(json.loads(text)["kind"])

    Projected(stream, [PeopleTold(process(stream.client, clock), publish, 10)]).run()
    assert set(told) == {"DATA_REQUESTED"}


def test_it_names_no_room() -> None:
    event = {
        "userId": "u", "epoch": 1, "id": "request.r", "kind": "DATA_REQUESTED", "roomId": "lobby",
        "ts": "2026-11-28T00:00:00.000Z",
    }  # fmt: skip
    with pytest.raises(InvalidInput):
        publish_mine({"event": json.dumps(event)})
