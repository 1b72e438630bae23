"""What the tests of a session share is made by this one, before the session is forked: the engines' tables,
rooms and bucket."""

from typing import Any


def test_the_tables_and_the_bucket_are_there(client: Any, objects: Any) -> None:
    assert len(client.list_tables()["TableNames"]) >= 2
