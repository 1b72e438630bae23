"""docs/people.md says what there is: the example, the limits and the settings."""

import csv
import re
from pathlib import Path

import pytest

from chat.hooks import Profile
from chat.rules.avatars import AVATAR_TYPES, MAX_AVATAR_BYTES
from chat.rules.confusables import TABLE
from chat.rules.name_search import MOST_FOLDED
from chat.rules.people import CHANGING, DEFAULT_FOUND, MAX_NAME, MOST_FOUND, MOST_PEOPLE
from chat.steps.directory import KNOWN_S, MOST_KNOWN, SPARED_S
from chat.steps.look_alikes import KNOWN_S as COMPARED_S
from chat.steps.look_alikes import MOST_COMPARED, MOST_LISTED
from chat.steps.people_search import SMALL_ROOM, SPARE
from chat_lambda.hook_process import answer, hooks_of, load
from chat_lambda.settings import Settings, read
from simulator.engine import PROJECT
from tests.contract.test_pages import PAGES, section

PAGE = "docs/people.md"
TEXT = " ".join(PAGES[PAGE].split())
EXAMPLE = PROJECT / "docs" / "hooks" / "directory.py"


def test_the_example_is_the_file() -> None:
    assert re.findall(r"^```python\n(.*?)^```$", PAGES[PAGE], re.MULTILINE | re.DOTALL) == [
        EXAMPLE.read_text(encoding="utf-8")
    ]


def test_the_example_answers_as_a_directory_does(tmp_path: Path) -> None:
    place = tmp_path / "directory.py"
    place.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    with (tmp_path / "people.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("id", "name", "picture"), ("ann", "Ann", ""), ("bob", "Bob", "https://a.example/b")]
        )
    module = load(f"file:{place}")
    hook = hooks_of(module, "directory")["people"]
    assert answer(module, hook, "people", {"user_ids": ["bob", "ann", "eve"]}) == {
        "people": {
            "bob": {"name": "Bob", "avatar_url": "https://a.example/b"},
            "ann": {"name": "Ann", "avatar_url": None},
        }
    }
    assert set(Profile.__annotations__) == {"name", "avatar_url"}


SAID = (
    f"has at most {MAX_NAME} code points",
    f"up to {MOST_PEOPLE} people at once",
    f"{MOST_PEOPLE}; {DEFAULT_FOUND}, at most {MOST_FOUND}",
    f"in a room of up to {MOST_COMPARED} people everybody in it",
    f"among the first {MOST_LISTED:,} of",
    f"Of a name {MOST_FOLDED} code points count",
    f"of up to {SMALL_ROOM} people",
    f"for {MOST_KNOWN:,} people at most",
)


@pytest.mark.parametrize("sentence", SAID)
def test_a_number_is_the_codes_own(sentence: str) -> None:
    assert sentence in TEXT


def test_times_and_rates_are_the_codes_own() -> None:
    assert (KNOWN_S, SPARED_S, COMPARED_S, SPARE) == (300, 5, 60, 10)
    assert (CHANGING.burst, round(CHANGING.per_second * 3_600)) == (10, 10)
    assert MAX_AVATAR_BYTES == 2**20
    assert {each.partition("/")[2] for each in AVATAR_TYPES} == {"png", "jpeg", "gif", "webp", "avif"}


def test_the_page_names_the_tables_version() -> None:
    (version,) = re.findall(r"^# Unicode ([\d.]+),", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"(Unicode {version}," in TEXT


def test_settings_have_their_lines_and_defaults() -> None:
    own = read({})
    names = [name for name in Settings.__annotations__ if name.startswith(("people_", "avatar_"))]
    page = section(PAGE, "A directory in place of profiles")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) ?\|", page, re.MULTILINE))
    assert rows == {name.upper(): str(getattr(own, name) or "") for name in names}


def test_every_metric_is_named() -> None:
    source = (PROJECT / "layers/chat/python/chat/steps/directory.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(Directory[A-Z]\w+)"', source)) == set(
        re.findall(r"`(Directory[A-Z]\w+)`", TEXT)
    )
