"""What proving found is recorded as it was reported, and the page says all of it and nothing else."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from proving.chaos.lines import checks as chaos_checks
from proving.check import Check, Cost
from proving.checks import CHECKS
from proving.report import as_json
from proving.run import Plan, Result
from reference.record import BadReport, endpoint, main, report
from reference.results import RESULTS, Record, as_text, read, records
from reference.results_page import results_page

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SEED = 20_261_129
CHAOS = {
    "isEnough": True,
    "seed": 7,
    "rounds": 3,
    "faults": {"cut": 41, "drop": 1},
    "on": {"send": 2, "call": 30, "live": 10},
    "sends": 90,
    "seconds": 5.1,
    "failedSeed": None,
    "schedule": "",
}
LOAD = {
    "load": {"people": 12, "rooms": 2, "rate": 5, "seconds": 30, "seed": 9, "reads": 1},
    "acknowledged": 150,
    "totals": {"live": 1700, "repaired": 8, "overtaken": 2, "lost": 0, "twice": 0, "disorder": 0},
    "latencies": {
        "send": {"count": 150, "ms": {"p50": 4.25, "max": 31.0}, "buckets": []},
        "storm": {"count": 0, "ms": {"p50": None}},
    },
}


def told(checks: list[Check], outcome: dict[str, tuple[str, str]], **more: Any) -> Any:
    """A report as proving writes it. `outcome`: what did not pass, and why."""
    results = [Result(each, *outcome.get(each.id, ("pass", "")), 0.1) for each in checks]  # type: ignore[arg-type]
    return json.loads(
        as_json("http://127.0.0.1:1/graphql", "ours", Plan(checks, Cost()), results, [], **more)
    )


def conformance(outcome: dict[str, tuple[str, str]]) -> Any:
    return told(list(CHECKS.values()), outcome)


def record(reports: dict[str, Any], *not_run: str, version: str = "0.9.0") -> Record:
    return Record(version=version, endpoints={"simulator": endpoint(COMMIT, reports, not_run)})


NOT_RUN = "chaos: no time; load: no machine"
SOUND = record({"conformance": conformance({})}, NOT_RUN)


def wrong(given: Any, *places: Any, value: Any = None) -> str:
    """A record's text in which something is another."""
    found = json.loads(as_text(given))
    at = found
    for each in places[:-1]:
        at = at[each]
    at[places[-1]] = value
    return json.dumps(found)


HERE = ("endpoints", "simulator")


@pytest.mark.parametrize(
    ("places", "value"),
    [
        (("release",), "0.9.0"),
        (("version",), "../0.9.0"),
        (("endpoints", "production"), {}),
        ((*HERE, "commit"), "main"),
        ((*HERE, "soak"), {}),
        ((*HERE, "notRun", "load"), ""),
        ((*HERE, "notRun", "soak"), "no time"),
        ((*HERE, "notRun", "conformance"), "it is there"),
        ((*HERE, "notRun"), {"load": "of chaos nothing is said"}),
        ((*HERE, "conformance", "checks"), []),
        ((*HERE, "conformance", "checks", 0, "id"), "theirs.send.once"),
        ((*HERE, "conformance", "checks", 0, "id"), "chat.send.repeat"),
        ((*HERE, "conformance", "checks", 0, "status"), "flaky"),
        ((*HERE, "conformance", "checks", 0, "status"), "fail"),
        ((*HERE, "conformance", "checks", 0, "reason"), "it passed"),
        ((*HERE, "conformance", "checks", 0, "seconds"), 1),
    ],
    ids=str,
)
def test_a_record_with_what_is_unknown_or_without_a_reason_is_refused(
    tmp_path: Path, places: Any, value: Any
) -> None:
    path = tmp_path / "0.9.0.json"
    path.write_text(as_text(SOUND), encoding="utf-8")
    assert read(path) == SOUND
    path.write_text(wrong(SOUND, *places, value=value), encoding="utf-8")
    with pytest.raises(ValidationError):
        read(path)


def test_a_record_lies_in_the_file_of_its_version_and_the_newest_comes_first(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "unreleased", "0.2.10"):
        text = as_text(record({"conformance": conformance({})}, NOT_RUN, version=version))
        (tmp_path / f"{version}.json").write_text(text, encoding="utf-8")
    assert [each.version for each in records(tmp_path)] == ["unreleased", "0.10.0", "0.9.0", "0.2.10"]
    (tmp_path / "0.9.1.json").write_text(as_text(SOUND), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^0\.9\.1\.json is of 0\.9\.0$"):
        records(tmp_path)


def test_a_report_with_a_check_that_there_is_not_is_refused() -> None:
    given = conformance({})
    given["checks"][3]["id"] = "chat.send.thrice"
    with pytest.raises(BadReport, match=r"^There is no check chat\.send\.thrice\.$"):
        endpoint(COMMIT, {"conformance": given}, [NOT_RUN])
    with pytest.raises(BadReport, match=r"^There is no check appsync\.http\.bad-token, "):
        endpoint(COMMIT, {"chaos": conformance({}) | {"chaos": CHAOS}}, ["conformance: no; load: no"])


@pytest.mark.parametrize("lacks", ["chaos", "leftBehind", "checks"])
def test_a_report_that_lacks_something_is_refused(lacks: str) -> None:
    given = told(chaos_checks(), {}, chaos=CHAOS)
    del given[lacks]
    with pytest.raises(BadReport, match=rf"^The report of chaos lacks something: '{lacks}'$"):
        endpoint(COMMIT, {"chaos": given}, ["conformance: no; load: no"])


def test_a_run_of_too_few_faults_proves_nothing() -> None:
    given = told(chaos_checks(), {}, chaos=CHAOS | {"isEnough": False})
    with pytest.raises(BadReport, match="nothing is proven"):
        endpoint(COMMIT, {"chaos": given}, ["conformance: no; load: no"])


def test_what_is_no_report_is_a_sentence_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "found"
    path.write_bytes(b"\xff")
    with pytest.raises(BadReport):
        report(path)
    assert main(["0.9.0", "simulator", "--conformance", str(path)], tmp_path / "results") == 2
    assert "is no report" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_the_page_says_every_line_that_did_not_pass_and_counts_the_rest() -> None:
    """Of any outcome."""
    chance = random.Random(SEED)  # noqa: S311  repeatable on purpose
    print(f"seed {SEED}")
    for _ in range(20):
        names = chance.sample(sorted(CHECKS), chance.randint(0, len(CHECKS)))
        outcome = {name: (chance.choice(["fail", "skip"]), f"seen <{chance.random()}> &") for name in names}
        failed = [name for name, (status, _) in outcome.items() if status == "fail"]
        shown = results_page([record({"conformance": conformance(outcome)}, NOT_RUN)])
        skipped = len(names) - len(failed)
        assert f"{len(CHECKS) - len(names)} passed, {len(failed)} failed, {skipped} skipped" in shown
        row = r"<tr><td>[^\n]*?<br><code>(.*?)</code>(?:<p>(.*?)</p>)?</td><td>(?:<strong>)?(\w+)"
        rows = re.findall(row, shown)
        said = {name: (status, reason) for name, reason, status in rows}
        assert said.keys() == CHECKS.keys()
        assert [name for name, *_ in rows][: len(failed)] == [each for each in CHECKS if each in failed]
        for name, (status, reason) in outcome.items():
            seen = reason.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            assert said[name] == ("failed" if status == "fail" else "skipped", seen)


def test_the_page_says_seeds_faults_figures_and_what_was_not_run() -> None:
    schedule = "0/send/3:cut=20"
    chaos = told(
        chaos_checks(),
        {"chaos.lost": ("fail", "one of 90")},
        chaos=CHAOS | {"failedSeed": 8, "schedule": schedule},
    )
    shown = results_page([record({"chaos": chaos, "load": LOAD}, "conformance: the tests have it")])
    for words in (
        COMMIT,
        "42 faults (41 cut, 1 drop) on 2 sends, 30 other requests, 10 frames; 90 sends; rounds: 3, seeds: 7 to 9; 5 s.",
        f'--seed 8 --schedule "{schedule}"',
        "<p>one of 90</p></td><td><strong>failed</strong>",
        "12 people in 2 rooms, 5 sends a second for 30 s, seed 9: 150 acknowledged, 1,700 live, 8 repaired",
        "<td>send</td><td>4.2</td><td>31.0</td>",
        "<strong>Conformance</strong>: not run: the tests have it.",
    ):
        assert words in shown


def test_no_figure_stands_on_the_page_without_a_record() -> None:
    (shown,) = re.findall(r"</h1>(.*)</main>", results_page([]), re.DOTALL)
    assert re.findall(r"\d", shown) == []


def test_what_is_recorded_names_checks_that_there_are() -> None:
    for each in records():
        if each.version == "unreleased":
            for found in each.endpoints.values():
                named = {line.id for line in (found.conformance.checks if found.conformance else ())}
                assert named <= CHECKS.keys()
    assert {path.suffix for path in RESULTS.glob("*")} <= {".json"}
