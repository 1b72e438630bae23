"""Which of a room's messages were sent under which retention, as its head keeps it."""

from dataclasses import replace

from chat.rules.models import DAY_MS, Head
from chat.rules.retention_runs import MOST, Run, runs_of, runs_with

NOW = 1_800_000_000_000
HEAD = Head(rev=1, seq=9, ts=NOW, epoch=1)
DATED = replace(HEAD, dated_seq=3, dated_ts=NOW, dated_days=30)


def test_a_head_that_never_said_how_long_has_no_runs_and_one_without_changes_has_one() -> None:
    assert runs_of(HEAD) == []
    assert runs_of(DATED) == [Run(0, 0, 30)]


def test_a_change_begins_a_run_and_what_has_expired_is_forgotten() -> None:
    once = replace(DATED, retention_runs=runs_with(DATED, 10, NOW, 7))
    assert runs_of(once) == [Run(0, 0, 30), Run(10, NOW, 7)]
    twice = runs_with(once, 20, NOW + DAY_MS, 30)
    assert runs_of(replace(DATED, retention_runs=twice)) == [
        Run(0, 0, 30), Run(10, NOW, 7), Run(20, NOW + DAY_MS, 30),
    ]  # fmt: skip
    later = NOW + 31 * DAY_MS
    assert runs_of(replace(DATED, retention_runs=runs_with(once, 20, later, 30))) == [
        Run(10, NOW, 7),
        Run(20, later, 30),
    ]


def test_a_head_keeps_so_many_and_never_forgets_where_the_oldest_begins() -> None:
    head = DATED
    for change in range(1, 41):
        runs = runs_with(head, 9 + change, NOW + change, 30 + change % 2)
        head = replace(head, retention_runs=runs, dated_days=30 + change % 2)
    kept = runs_of(head)
    assert (len(kept), kept[0], kept[-1]) == (MOST, Run(0, 0, 30), Run(49, NOW + 40, 30))
    assert [run.seq for run in kept[1:]] == list(range(35, 50))
