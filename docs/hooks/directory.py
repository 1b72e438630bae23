"""What people are called, as a file that somebody exports each night says it: ids, names and addresses of pictures."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from chat.hooks import Profile

EXPORT = Path(__file__).parent / "people.csv"


def people(user_ids: Sequence[str]) -> Mapping[str, Profile | None]:
    everybody = exported()
    return {user_id: everybody.get(user_id) for user_id in user_ids}


@cache
def exported() -> Mapping[str, Profile]:
    with EXPORT.open(encoding="utf-8", newline="") as rows:
        return {
            row["id"]: Profile(name=row["name"], avatar_url=row["picture"] or None)
            for row in csv.DictReader(rows)
        }
