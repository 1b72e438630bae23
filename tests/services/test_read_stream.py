"""read_stream: an event source mapping's batch in, from which record on it is to be sent again out."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import botocore.exceptions
import pytest

from chat.rules.outgoing import Outgoing, Target
from chat.steps.emission import Emitter
from chat.storage.dead_letters import DeadLetterFile
from chat.storage.event_bus import EventBus
from chat.storage.event_consumers import EventConsumers
from chat.storage.event_publisher import MOST_BYTES, EventPublisher
from chat.storage.event_queue import EventQueue
from services import read_stream
from simulator.functions import Function, Functions
from tests.guarantees.events.stream_records import Records, other, sent
from tests.guarantees.events.unreliable_targets import Api, Bus

NAME = "read_stream"


@pytest.fixture
def event(project: Path) -> Any:
    return json.loads((project / "events" / "read_stream.json").read_text(encoding="utf-8"))


class Reader:
    """The function over targets of a test."""

    def __init__(
        self, folder: Path, *targets: Target, with_text: bool = False, publishes: bool = False
    ) -> None:
        emitter = Emitter(targets, with_text=with_text, publishes=publishes, monotonic=lambda: 0.0)
        self._letters = folder / "letters.jsonl"
        handler = read_stream.reading(lambda: emitter, lambda: DeadLetterFile(self._letters))
        self._functions = Functions({NAME: Function(NAME, handler)})

    def read(self, event: Any) -> Any:
        return self._functions.call(NAME, event)

    @property
    def letters(self) -> list[Any]:
        return (
            [json.loads(line) for line in self._letters.read_text().splitlines()]
            if self._letters.exists()
            else []
        )


def bus(failing: float = 0.0, never: Callable[[str], bool] = lambda _: False) -> Bus:
    return Bus(Random(1), failing, never)  # noqa: S311  repeatable


def test_a_batch_reaches_the_bus_as_the_contract_says(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    taken = bus()
    assert Reader(tmp_path, EventBus(taken, "b", "chat")).read(event) == {"batchItemFailures": []}
    message, removal = map(json.loads, taken.taken)
    assert (message["kind"], message["id"], message["rev"], message["seq"]) == (
        "MESSAGE_SENT",
        "019abf3c-7a10-7b44-8e21-94d0c2f6b1aa.48",
        48,
        42,
    )
    assert "text" not in message["message"]
    assert (removal["kind"], removal["rev"], removal["notices"][0]["nextEpoch"]) == ("MEMBER_REMOVED", 49, 4)


def test_texts_go_out_where_the_deployment_wants_them(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    taken = bus()
    Reader(tmp_path, EventBus(taken, "b", "chat"), with_text=True).read(event)
    assert json.loads(taken.taken[0])["message"]["text"] == "hello"


def test_without_targets_everything_is_done(functions_environ: None, tmp_path: Path, event: Any) -> None:
    assert Reader(tmp_path).read(event) == {"batchItemFailures": []}


def test_the_first_record_that_is_not_done_is_reported(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    failing = bus(failing=1.0)
    answer = Reader(tmp_path, EventBus(failing, "b", "chat")).read(event)
    first = event["Records"][0]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": first}]}


def test_a_target_is_given_nothing_that_the_one_before_it_lacks(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    second = bus()
    Reader(tmp_path, EventBus(bus(failing=1.0), "b", "chat"), EventBus(second, "b", "chat")).read(event)
    assert second.taken == []


def test_what_the_bus_never_takes_is_pointed_to_and_logged_without_what_is_in_it(
    functions_environ: None, tmp_path: Path, event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(
        tmp_path, EventBus(bus(never=lambda each: each.endswith("48")), "b", "chat"), with_text=True
    )
    with caplog.at_level(logging.INFO):
        assert reader.read(event) == {"batchItemFailures": []}
    (letter,) = reader.letters
    record = event["Records"][0]["dynamodb"]
    assert letter == {
        "version": 1,
        "table": "gg_core",
        "keys": {name: value["S"] for name, value in record["Keys"].items()},
        "sequenceNumber": record["SequenceNumber"],
        "reason": "MalformedDetail",
        "at": letter["at"],
    }
    assert "hello" not in json.dumps([vars(each) for each in caplog.records], default=str)
    answered = next(vars(each) for each in caplog.records if each.msg == "Answered")
    assert {name: answered[name] for name in ("EventsRead", "EventsPut", "EventsPoisoned")} == {
        "EventsRead": 2,
        "EventsPut": 1,
        "EventsPoisoned": 1,
    }


def records_of(*items: Any) -> dict[str, Any]:
    records = Records(Random(1))  # noqa: S311  repeatable
    return {"Records": [records.record(each) for each in items]}


def test_an_event_that_is_too_large_goes_without_its_text(functions_environ: None, tmp_path: Path) -> None:
    from chat.rules.rooms import Room

    taken = bus()
    large = sent(Room.parse("lobby"), 1, text="\\" * 200_000)
    reader = Reader(tmp_path, EventBus(taken, "b", "chat"), with_text=True)
    assert reader.read(records_of(large)) == {"batchItemFailures": []}
    (document,) = map(json.loads, taken.taken)
    assert "text" not in document["message"]
    assert "attachments" not in document["message"]
    assert reader.letters == []


def test_one_that_is_too_large_without_text_too_is_pointed_to(
    functions_environ: None, tmp_path: Path
) -> None:
    from chat.rules.rooms import Room

    item = other(Room.parse("lobby"), 1)
    notice = json.loads(item["notices"]["S"])[0]
    item["notices"]["S"] = json.dumps([notice] * 3_000)
    taken = bus()
    reader = Reader(tmp_path, EventBus(taken, "b", "chat"))
    assert reader.read(records_of(item)) == {"batchItemFailures": []}
    assert [each["reason"] for each in reader.letters] == ["TooLarge"]
    assert taken.taken == []


def test_a_message_that_appsync_would_drop_is_pointed_to_and_the_next_is_published(
    functions_environ: None, tmp_path: Path
) -> None:
    from chat.rules.rooms import Room

    api, room = Api(Random(1), 0.0), Room.parse("lobby")  # noqa: S311  repeatable
    reader = Reader(tmp_path, EventPublisher(api.post, "mutation"), publishes=True)
    batch = records_of(sent(room, 1, text="x" * MOST_BYTES), sent(room, 2))
    assert reader.read(batch) == {"batchItemFailures": []}
    assert api.taken == ["m-lobby-2"]
    assert [each["reason"] for each in reader.letters] == ["TooLarge"]


def test_every_notice_of_an_event_is_published_by_itself(functions_environ: None, tmp_path: Path) -> None:
    from chat.rules.rooms import Room

    api, item = Api(Random(1), 0.0), other(Room.parse("lobby"), 1)  # noqa: S311  repeatable
    notice = json.loads(item["notices"]["S"])[0]
    item["notices"]["S"] = json.dumps([notice, notice | {"userId": "cay"}])
    Reader(tmp_path, EventPublisher(api.post, "mutation"), publishes=True).read(records_of(item))
    assert api.taken == ["e-lobby-1.0", "e-lobby-1.1"]


@pytest.mark.parametrize(
    ("status", "answer", "is_refused"),
    [
        (200, {"errors": [{"errorType": "InvalidInput"}], "data": {"publishMessage": None}}, True),
        (200, {"errors": [{"errorType": "IdentityRefused"}], "data": {"publishMessage": None}}, False),
        (200, {"errors": [{"message": "Validation error of type FieldUndefined"}], "data": None}, False),
        (200, {"data": None}, False),
        (200, [], False),
        (401, {"errors": [{"errorType": "UnauthorizedException"}]}, False),
        (429, {"errors": [{"errorType": "ThrottledException"}]}, False),
        (500, {}, False),
    ],
)
def test_only_a_message_that_is_none_is_refused_for_good(
    functions_environ: None, tmp_path: Path, event: Any, status: int, answer: Any, is_refused: bool
) -> None:
    publisher = EventPublisher(lambda *_: (status, json.dumps(answer).encode()), "mutation")
    reader = Reader(tmp_path, publisher, publishes=True)
    assert bool(reader.read(event)["batchItemFailures"]) is not is_refused
    assert len(reader.letters) == (2 if is_refused else 0)


def test_a_consumer_of_our_own_gets_each_event_and_is_asked_again_after_it_failed(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    got: list[Any] = []

    def consume(each: Any) -> None:
        got.append(each.id)
        if len(got) == 2:
            raise OSError

    reader = Reader(tmp_path, EventConsumers([consume]))
    second = event["Records"][1]["dynamodb"]["SequenceNumber"]
    assert reader.read(event) == {"batchItemFailures": [{"itemIdentifier": second}]}
    assert reader.read({"Records": event["Records"][1:]}) == {"batchItemFailures": []}
    assert got[1] == got[2]


class Slow:
    """Takes an event at a time, for as long as it may go on."""

    metric = "EventsTaken"

    def __init__(self) -> None:
        self.taken = 0

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Any:
        from chat.rules.outgoing import LATE, Outcome

        for index, _ in enumerate(events):
            if index and not go_on():
                return Outcome(index, failure=LATE)
            self.taken += 1
        return Outcome(len(events))


def test_a_batch_that_takes_too_long_ends_in_time_and_goes_on_where_it_was(
    functions_environ: None, tmp_path: Path
) -> None:
    from itertools import count

    from chat.rules.rooms import Room

    seconds, slow = count(), Slow()
    emitter = Emitter((slow,), with_text=False, publishes=False, monotonic=lambda: float(next(seconds)))
    handler = read_stream.reading(lambda: emitter, lambda: DeadLetterFile(tmp_path / "letters"))
    functions = Functions({NAME: Function(NAME, handler)})
    batch = records_of(*(sent(Room.parse("lobby"), rev) for rev in range(1, 101)))["Records"]
    calls = 0
    while batch:
        calls += 1
        failures: list[Any] = functions.call(NAME, {"Records": batch})["batchItemFailures"]
        numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
        batch = batch[numbers.index(failures[0]["itemIdentifier"]) :] if failures else []
    assert slow.taken == 100
    assert 4 < calls < 10


@pytest.mark.parametrize("data", [{"publishMessage": None}, {}, [], 7, "published"])
def test_an_answer_without_the_message_is_no_success(
    functions_environ: None, tmp_path: Path, event: Any, data: object
) -> None:
    """AppSync publishes nothing where the mutation's field is null, with errors or without."""
    publisher = EventPublisher(lambda *_: (200, json.dumps({"data": data}).encode()), "mutation")
    reader = Reader(tmp_path, publisher, publishes=True)
    assert reader.read(event)["batchItemFailures"]
    assert reader.letters == []


class Seconds:
    """A clock that each look at it, and each request, moves."""

    def __init__(self, of_request: float) -> None:
        self.now, self.of_request = 0.0, of_request

    def __call__(self) -> float:
        return self.now

    def request(self) -> None:
        self.now += self.of_request


class SlowLetters(DeadLetterFile):
    def __init__(self, path: Path, seconds: Seconds) -> None:
        super().__init__(path)
        self._seconds = seconds

    def put(self, letter: Any) -> None:
        self._seconds.request()
        super().put(letter)


def read_to_the_end(handler: Any, batch: list[Any], seconds: Seconds, most_s: float) -> int:
    """How many calls it takes. None may take longer than `most_s`."""
    functions, calls = Functions({NAME: Function(NAME, handler)}), 0
    while batch:
        calls, seconds.now = calls + 1, 0.0
        failures: list[Any] = functions.call(NAME, {"Records": batch})["batchItemFailures"]
        assert seconds.now <= most_s
        numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
        rest = batch[numbers.index(failures[0]["itemIdentifier"]) :] if failures else []
        assert len(rest) < len(batch)
        batch = rest
    return calls


def test_many_dead_letters_take_more_than_one_batch_where_their_queue_is_slow(
    functions_environ: None, tmp_path: Path
) -> None:
    seconds, records = Seconds(2.0), Records(Random(1))  # noqa: S311  repeatable
    emitter = Emitter((), with_text=False, publishes=False, monotonic=seconds)
    letters = tmp_path / "letters"
    handler = read_stream.reading(lambda: emitter, lambda: SlowLetters(letters, seconds))
    assert read_to_the_end(handler, [records.poisoned() for _ in range(40)], seconds, 25.0) > 2
    assert len(letters.read_text().splitlines()) == 40


def test_an_event_of_many_notices_ends_in_time_too(functions_environ: None, tmp_path: Path) -> None:
    from chat.rules.rooms import Room

    seconds, taken = Seconds(1.0), []

    def post(body: bytes, _traceparent: str | None = None, /) -> tuple[int, bytes]:
        seconds.request()
        taken.append(json.loads(json.loads(body)["variables"]["message"])["id"])
        return 200, b'{"data": {"publishMessage": {"id": "1"}}}'

    item = other(Room.parse("lobby"), 2)
    notice = json.loads(item["notices"]["S"])[0]
    item["notices"]["S"] = json.dumps([notice] * 15)
    batch = records_of(sent(Room.parse("lobby"), 1), item, item, sent(Room.parse("lobby"), 3))["Records"]
    emitter = Emitter((EventPublisher(post, "m"),), with_text=False, publishes=True, monotonic=seconds)
    handler = read_stream.reading(lambda: emitter, lambda: DeadLetterFile(tmp_path / "letters"))
    assert read_to_the_end(handler, batch, seconds, 20.0) > 1
    assert set(taken) == {"m-lobby-1", "m-lobby-3", *(f"e-lobby-2.{n}" for n in range(15))}


def test_no_target_is_begun_with_when_there_is_no_time(functions_environ: None, tmp_path: Path) -> None:
    from chat.rules.rooms import Room

    seconds = Seconds(4.0)

    class Target(Slow):
        def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Any:
            assert go_on() or not self.taken
            seconds.request()
            return super().send(events, lambda: True)

    emitter = Emitter([Target() for _ in range(4)], with_text=False, publishes=False, monotonic=seconds)
    handler = read_stream.reading(lambda: emitter, lambda: DeadLetterFile(tmp_path / "letters"))
    batch = records_of(*(sent(Room.parse("lobby"), rev) for rev in range(1, 41)))["Records"]
    assert read_to_the_end(handler, batch, seconds, 22.0) == 4


class Refusing:
    """A service that refuses a request as a whole, with this code, for one entry of it."""

    def __init__(self, code: str) -> None:
        self.code, self.taken = code, list[str]()

    def _call(self, bodies: list[str]) -> Any:
        if any('"rev":2' in each for each in bodies):
            answer = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise botocore.exceptions.ClientError(answer, "Put")  # type: ignore[arg-type]
        self.taken += bodies

    def put_events(self, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803  as AWS has it
        self._call([each["Detail"] for each in Entries])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803
        assert QueueUrl
        self._call([each["MessageBody"] for each in Entries])
        return {}


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("ValidationException", lambda service: EventBus(service, "b", "chat")),
        ("InvalidMessageContents", lambda service: EventQueue(service, "https://sqs/e.fifo")),
    ],
    ids=["bus", "queue"],
)
def test_a_request_that_is_refused_as_a_whole_sets_aside_only_what_is_refused_alone(
    functions_environ: None, tmp_path: Path, code: str, target: Callable[[Any], Target]
) -> None:
    from chat.rules.rooms import Room

    service = Refusing(code)
    reader = Reader(tmp_path, target(service))
    rooms = [Room.parse(f"room-{number}") for number in range(1, 5)]
    batch = records_of(*(sent(room, rev) for rev, room in enumerate(rooms, 1)))
    assert reader.read(batch) == {"batchItemFailures": []}
    assert [json.loads(each)["rev"] for each in service.taken] == [1, 3, 4]
    assert [(each["reason"], each["keys"]["PK"]) for each in reader.letters] == [(code, "ROOM#room-2")]


def test_an_answer_of_the_bus_that_is_not_whole_is_a_failure(
    functions_environ: None, tmp_path: Path, event: Any
) -> None:
    for answer in (
        {"FailedEntryCount": 1},
        {"FailedEntryCount": 1, "Entries": []},
        {"FailedEntryCount": 2, "Entries": [{"EventId": "1"}]},
    ):
        client = SimpleNamespace(put_events=lambda Entries, answer=answer: answer)  # noqa: ARG005, N803
        failures = Reader(tmp_path, EventBus(client, "b", "chat")).read(event)["batchItemFailures"]
        assert failures == [{"itemIdentifier": event["Records"][0]["dynamodb"]["SequenceNumber"]}]


def test_keys_that_are_no_unicode_are_pointed_to(functions_environ: None, tmp_path: Path, event: Any) -> None:
    event["Records"][0]["dynamodb"]["Keys"]["PK"]["S"] = "\ud800"
    event["Records"][0]["dynamodb"]["NewImage"]["ts"] = {"S": "no instant"}
    reader = Reader(tmp_path)
    assert reader.read(event) == {"batchItemFailures": []}
    assert reader.letters[0]["keys"]["PK"] == "\ud800"


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("besides", "expected"),
    [
        ({"traceId": {"S": TRACE}}, [f"00-{TRACE}-00000000000000ab-00"]),
        ({}, [None]),
        ({"traceId": {"S": "somebody@example.com"}}, [None]),
        (
            {"traceId": {"S": TRACE}, "rev": {"N": "9"}, "editedAt": {"N": "1785000000000"}},
            [f"00-{TRACE}-00000000000000ab-00"],
        ),
    ],
    ids=["stored", "none", "no id", "an edit"],
)
def test_a_message_is_published_in_the_trace_in_which_it_was_made_or_changed(
    functions_environ: None, tmp_path: Path, besides: dict[str, Any], expected: list[str | None]
) -> None:
    from chat.rules.rooms import Room

    api, item = Api(Random(1), 0.0), sent(Room.parse("lobby"), 1) | besides  # noqa: S311  repeatable
    publisher = EventPublisher(api.post, "mutation", lambda: "00000000000000ab")
    reader = Reader(tmp_path, publisher, publishes=True)
    assert reader.read(records_of(item)) == {"batchItemFailures": []}
    assert (api.traces, reader.letters) == (expected, [])
