"""What Lambda's event source mapping does with a shard's records, by the pages that say it."""

from typing import Any

from simulator.stream_mapping import ShardMapping, given_up, is_projected, number_of, tells_event


def record(number: int, sort_key: str = "MSG#1", name: str = "INSERT") -> dict[str, Any]:
    keys = {"PK": {"S": "ROOM#lobby"}, "SK": {"S": sort_key}}
    change = {
        "Keys": keys,
        "SequenceNumber": str(number),
        "ApproximateCreationDateTime": 1_795_737_600 + number,
    }
    return {"eventName": name, "dynamodb": change}


def numbers(records: list[Any]) -> list[int]:
    return [int(number_of(each)) for each in records]


def failed(number: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(number)}]}


DONE: dict[str, Any] = {"batchItemFailures": []}


def of(count: int, **parts: Any) -> ShardMapping:
    mapping = ShardMapping(**parts)
    mapping.add([record(number) for number in range(1, count + 1)])
    return mapping


def test_events_are_messages_and_what_else_happens() -> None:
    wanted = [("MSG#1", "INSERT"), ("MSG#1", "MODIFY"), ("EVT#1", "INSERT")]
    others = [("MSG#1", "REMOVE"), ("HEAD", "MODIFY"), ("CHG#1", "INSERT"), ("IN#ROOM#lobby", "INSERT")]
    assert [each for each in (*wanted, *others) if tells_event(record(1, *each))] == wanted


def test_events_are_requests_and_holds_too_and_of_these_requests_are_projected() -> None:
    def at(partition_key: str, sort_key: str) -> dict[str, Any]:
        keys = {"PK": {"S": partition_key}, "SK": {"S": sort_key}}
        return {"eventName": "MODIFY", "dynamodb": {"Keys": keys}}

    wanted = [("USER#u", "REQUEST#1"), ("ERASURES", "p#1"), ("HOLDS", "ROOM#lobby#1")]
    others = [("USER#u", "REQUESTS"), ("ROOM#lobby", "REQUEST#1"), ("USER#u", "IN#ROOM#lobby")]
    assert [each for each in (*wanted, *others) if tells_event(at(*each))] == wanted
    assert [each for each in (*wanted, *others) if is_projected(at(*each))] == wanted[:1]


def test_records_come_in_batches_and_are_done_with_them() -> None:
    mapping = of(5, batch_size=2)
    seen = []
    while batch := mapping.batch():
        seen.append(numbers(batch))
        assert mapping.done(batch, DONE) == []
    assert seen == [[1, 2], [3, 4], [5]]
    assert mapping.checkpoint == "5"


def test_the_checkpoint_passes_what_the_filter_leaves_out() -> None:
    mapping = ShardMapping()
    mapping.add([record(1, "HEAD"), record(2), record(3, "HEAD"), record(4, "HEAD")])
    assert (numbers(mapping.batch()), mapping.checkpoint) == ([2], "1")
    mapping.done(mapping.batch(), DONE)
    assert (mapping.batch(), mapping.checkpoint) == ([], "4")


def test_what_lies_before_the_reported_record_is_done_and_the_rest_is_sent_again() -> None:
    mapping = of(5)
    assert mapping.done(mapping.batch(), failed(3)) == []
    assert numbers(mapping.batch()) == [3, 4, 5]
    assert mapping.checkpoint == "2"


def test_of_several_reported_records_the_first_counts() -> None:
    mapping = of(5)
    answer = {"batchItemFailures": [{"itemIdentifier": "4"}, {"itemIdentifier": "2"}]}
    mapping.done(mapping.batch(), answer)
    assert numbers(mapping.batch()) == [2, 3, 4, 5]


def test_a_number_that_is_none_of_the_batch_fails_all_of_it() -> None:
    for number in ("", None, "99"):
        mapping = of(3)
        mapping.done(mapping.batch(), {"batchItemFailures": [{"itemIdentifier": number}]})
        assert numbers(mapping.batch()) == [1, 2, 3]


def test_a_function_that_fails_gets_half_until_it_is_one_record() -> None:
    mapping = of(8, attempts=3)
    sizes = []
    while numbers(mapping.batch())[:1] == [1]:
        sizes.append(len(mapping.batch()))
        mapping.done(mapping.batch(), None)
    assert sizes == [8, 4, 2, 1, 1, 1]
    assert numbers(mapping.batch()) == [2, 3, 4, 5, 6, 7, 8]


def test_what_is_tried_in_vain_is_given_up_with_its_place_and_the_rest_goes_on() -> None:
    mapping = of(3, batch_size=2, attempts=2)
    assert mapping.done(mapping.batch(), failed(1)) == []
    lost = mapping.done(mapping.batch(), failed(1))
    assert numbers(lost) == [1, 2]
    assert numbers(mapping.batch()) == [3]
    place = given_up(lost, "arn:stream", "shard-1", 2)["DDBStreamBatchInfo"]
    assert place == {
        "shardId": "shard-1",
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "2026-11-27T00:00:01.000Z",
        "approximateArrivalOfLastRecord": "2026-11-27T00:00:02.000Z",
        "batchSize": 2,
        "streamArn": "arn:stream",
    }
