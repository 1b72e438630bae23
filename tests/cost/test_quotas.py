"""Which quota is met first, and the page that says it."""

from dataclasses import replace

import pytest

from cost.quotas import CONNECTS, RUNS, TOKENS, WRITTEN, breaks_at, demands, first
from cost.quotas_page import PAGE, page, workload
from cost.table import units
from cost.usage import usage

TABLE = units()


def test_the_page_is_made_of_what_there_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_busiest_second_is_three_times_the_average_of_the_hours_in_which_people_are_there() -> None:
    work = workload(1_000, "appsync")
    asked, used = demands(work, TABLE), usage(work, TABLE)
    seconds = 30 * 8 * 3_600
    assert asked[TOKENS] == pytest.approx(3 * used.operations / seconds)
    assert asked[WRITTEN] == pytest.approx(3 * used.written / seconds)
    assert asked[CONNECTS] == pytest.approx(3 * 1_000 * (3 + 4) * 30 / seconds)
    assert asked[RUNS] == pytest.approx(3 * used.gb_seconds / seconds)


def test_twice_as_many_people_ask_for_twice_as_much() -> None:
    once, twice = (demands(workload(people, "appsync"), TABLE) for people in (500_000, 1_000_000))
    assert twice == pytest.approx({quota: 2 * demand for quota, demand in once.items()})


def test_at_as_many_people_as_the_page_says_the_first_quota_is_used_up() -> None:
    work = workload(100_000, "appsync")
    people = breaks_at(work, TABLE)
    for many, is_over in ((int(people * 0.9), False), (int(people * 1.1), True)):
        asked = demands(replace(work, people=many, messages=work.messages * many / work.people), TABLE)
        quota = first(asked)
        assert (asked[quota] > quota.limit) is is_over
