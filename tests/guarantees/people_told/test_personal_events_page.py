"""What docs/personal-events.md says that telling people costs is what is computed, and what is computed is what is requested."""

from typing import Any

import pytest

from chat.steps.tell_people import PeopleTold
from simulator.engine import PROJECT
from tests.guarantees.people_told.arithmetic import Told, rows, told
from tests.guarantees.support.fixtures import Clock, new_room, process, send
from tests.guarantees.support.projected import Projected, Stream

EVERY_S = 10


def test_the_table_is_what_is_computed() -> None:
    page = (PROJECT / "docs" / "personal-events.md").read_text(encoding="utf-8")
    assert [row for row in rows() if row not in page] == []


class Requests:
    """Counts what the projection asks of DynamoDB, in units: of small items read consistently, each is one."""

    def __init__(self, client: Any) -> None:
        self._inner = client
        self.read, self.written = 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def batch_get_item(self, **request: Any) -> Any:
        self.read += sum(len(each["Keys"]) for each in request["RequestItems"].values())
        return self._inner.batch_get_item(**request)

    def query(self, **request: Any) -> Any:
        assert request["ConsistentRead"]
        self.read += 1
        return self._inner.query(**request)

    def update_item(self, **request: Any) -> Any:
        self.written += 1
        return self._inner.update_item(**request)


@pytest.mark.parametrize("window", [1, 2, 10])
@pytest.mark.parametrize("members", [2, 6, 21])
def test_a_message_takes_what_is_computed(
    client: Any, functions_environ: None, members: int, window: int
) -> None:
    users = [f"w{number}-{members}-{window}" for number in range(members)]
    stream, clock, published = Stream(client), Clock(), list[str]()
    room_id, people = new_room(stream.client, *users), process(stream.client, clock)
    requests = Requests(client)
    projected = Projected(stream, [PeopleTold(process(requests, clock), published.append, EVERY_S)])
    projected.run()
    published.clear()
    windows = 2
    requests.read = requests.written = 0
    for number in range(windows * window):
        clock.sleep(60.0 if number % window == 0 else 0.01)
        send(people, room_id, users[number % window % members], "hello")
        projected.run()
    count = windows * window
    found = Told(len(published) / count, requests.read / count, requests.written / count)
    expected = told(members, window)
    assert (found.publishes, found.written) == pytest.approx((expected.publishes, expected.written))
    assert found.read == pytest.approx(expected.read)
