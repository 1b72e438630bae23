"""What a scan finds, what it says of it, and what it cannot be taken for."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from chat.rules.text import fingerprint
from chat.rules.traces import MOST_TEXTS, Traces
from chat.storage import keys
from chat.storage.aws import StoreFailure, TransientFailure
from chat.storage.items import key, values
from privacy.places import Finding, Looked
from privacy.scan import findings, kept_of, line_of, scan, traces_of
from privacy.scan_buckets import MOST_BYTES, Bucket
from privacy.scan_logs import LogFile, LogGroups
from privacy.scan_tables import Table, strings_in

TEXT = 'my "heart" is a glacier — é'


@pytest.mark.parametrize(
    ("user_id", "value", "is_found"),
    [
        ("eve", "never", False),
        ("eve", "eve2", False),
        ("eve", "USER#eve", True),
        ("eve", 'say "eve"', True),
        ("eve", "Eve", False),
        ("a#b%", "USER#a%23b%25", True),
        ("zoë", '{"by":"zo\\u00eb"}', True),
        ("a b", "/people/a%20b/", True),
    ],
)
def test_an_id_is_found_in_every_form_and_in_no_other_word(user_id: str, value: str, is_found: bool) -> None:
    assert (traces_of(user_id).found_in(value) == ["id"]) is is_found


def test_a_text_is_found_as_it_is_and_as_json_in_json_has_it() -> None:
    traces = Traces.of("eve", [TEXT])
    once = json.dumps({"text": TEXT})
    for written in (f"x{TEXT}x", once, json.dumps(once), json.dumps({"text": TEXT}, ensure_ascii=False)):
        assert traces.found_in(written) == ["text"]
        assert traces.found_in_bytes(written.encode()) == ["text"]
    assert traces.without_texts(f"NAME#{TEXT}") == "NAME#[text]"


@pytest.mark.parametrize("texts", [[""], ["x"] * (MOST_TEXTS + 1), ["x" * 300_000]])
def test_nothing_and_too_much_is_not_looked_for(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="text"):
        Traces.of("eve", texts)


def test_every_string_of_an_item_is_read_with_its_name() -> None:
    item: dict[str, Any] = {
        "PK": {"S": "a"},
        "n": {"N": "1"},
        "m": {"M": {"l": {"L": [{"S": "b"}, {"BOOL": True}]}}},
        "s": {"SS": ["c"]},
        "raw": {"B": b"d"},
    }
    found = {("PK", "a"), ("m.l[0]", "b"), ("s[0]", "c"), ("raw", "d")}
    assert {*strings_in(item)} == found


@pytest.fixture
def eve(client: Any) -> Iterator[str]:
    """Somebody of whom there are items; they are gone afterwards."""
    user = f"eve-{uuid4()}"
    yield user
    for table in ("gg_core", "gg_guild"):
        for sort_key in ("CHATPROFILE", keys.ERASED, proof_key()):
            client.delete_item(TableName=table, Key=key(keys.user_partition(user), sort_key))


def proof_key() -> str:
    return f"{keys.PROOFS}ROOM#lobby#c1"


def put(client: Any, table: str, user: str, sort_key: str, **attributes: Any) -> None:
    client.put_item(TableName=table, Item=key(keys.user_partition(user), sort_key) | values(attributes))


def test_both_tables_are_read_and_what_is_kept_on_purpose_is_told_apart(client: Any, eve: str) -> None:
    put(client, "gg_core", eve, keys.ERASED, state="erased")
    places = [Table(client, name, 3, kept_of(eve)) for name in ("gg_core", "gg_guild")]
    traces = traces_of(eve, [TEXT])
    assert findings(places, traces) == []
    put(client, "gg_guild", eve, "CHATPROFILE", name=TEXT)
    put(client, "gg_core", eve, proof_key(), hash=fingerprint(TEXT, "c1"))
    *lines, last = scan(places, traces)
    told = {(line["where"], line["attribute"], *line["what"]) for line in lines if "what" in line}
    assert told == {
        *((table, name, "id") for table, name in (("gg_core", "PK"), ("gg_guild", "PK"))),
        ("gg_guild", "name", "text"),
        ("gg_core", "hash", "text"),
    }
    assert (last["found"], last["kept"], last["notLooked"]) == (4, 1, ["buckets", "logs", "gateway"])
    assert last["sha256"] == hashlib.sha256(b"".join(map(line_of, lines))).hexdigest()
    assert TEXT not in json.dumps(lines, ensure_ascii=False)
    assert sum(line["looked"]["items"] for line in lines if "looked" in line) >= 3


def test_a_table_that_cannot_be_read_to_its_end_gives_no_result() -> None:
    class Throttled:
        def scan(self, **_: Any) -> Any:
            raise TransientFailure("ThrottlingException")

    table = Table(Throttled(), "gg_core", sleep=lambda _: None)
    with pytest.raises(StoreFailure, match="Throttled"):
        list(table.look(traces_of("eve")))


class Objects:
    """A bucket of S3, a page of two objects at a time."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content

    def list_objects_v2(self, *, ContinuationToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803
        first = int(ContinuationToken)
        names = sorted(self.content)
        listed = [
            {"Key": name, "Size": len(self.content[name]) or MOST_BYTES + 1} for name in names[first:][:2]
        ]
        more = {"IsTruncated": True, "NextContinuationToken": str(first + 2)} if names[first + 2 :] else {}
        return {"Contents": listed, **more}

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        body = SimpleNamespace(read=lambda _most: self.content[Key])
        return {"Body": body, "ContentDisposition": f"attachment; filename={Key}"}


def test_a_bucket_is_looked_at_by_key_and_by_content() -> None:
    folder = hashlib.sha256(b"eve").hexdigest()[:32]
    s3 = Objects(
        {
            f"avatars/{folder}/1": b"\x89PNG",
            "exports/1": gzip.compress(json.dumps({"text": TEXT}).encode()),
            "kept/1": b"from eve",
            "kept/2": b"",  # a large one
            "kept/3": b"never",
        }
    )
    looked = list(Bucket(s3, "files").look(traces_of("eve", [TEXT])))
    assert looked == [
        Finding("s3://files", f"avatars/{folder}/1", "key", ("id",)),
        Finding("s3://files", f"avatars/{folder}/1", "headers", ("id",)),
        Finding("s3://files", "exports/1", "content", ("text",)),
        Finding("s3://files", "kept/1", "content", ("id",)),
        Looked("s3://files", {"objects": 5, "read": 4, "large": 1}),
    ]


def test_logs_may_name_people_by_pseudonym_alone(tmp_path: Path) -> None:
    said = [{"actor": "0123456789abcdef"}, {"actor": "eve"}, {"room": "never"}]

    class Logs:
        def describe_log_groups(self, **_: Any) -> dict[str, Any]:
            return {"logGroups": [{"logGroupName": "/aws/lambda/chat-send"}]}

        def filter_log_events(self, *, nextToken: int = 0, **_: Any) -> dict[str, Any]:  # noqa: N803
            events = [{"message": json.dumps(said[nextToken]), "eventId": f"e{nextToken}"}]
            return {"events": events, "nextToken": (nextToken + 1) % len(said)}

    traces = traces_of("eve", people=["0123456789abcdef"])
    group = "/aws/lambda/chat-send"
    expected = [
        Finding(group, " e0", "message", ("pseudonym",), "pseudonym"),
        Finding(group, " e1", "message", ("id",)),
        Looked(group, {"events": 3}),
    ]
    assert list(LogGroups(Logs(), "/aws/lambda/chat").look(traces)) == expected
    file = tmp_path / "log"
    file.write_text("x" * 1_048_575 + " eve " + "y" * 9, encoding="ascii")  # across the end of a part
    found, looked = LogFile(file).look(traces)
    assert isinstance(found, Finding)
    assert (found.what, found.kept, looked) == (("id",), None, Looked(str(file), {"bytes": 1_048_589}))
