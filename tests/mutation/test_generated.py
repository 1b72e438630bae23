"""The generator makes the mutants that it should, and what survivors.toml explains is still among them."""

from pathlib import Path

import pytest

from tests.mutation.generated import Mutant, mutants
from tests.mutation.run import TESTS, all_mutants, survivors

SAMPLE = '''"""A module."""

MOST: int = 10


@dataclass(frozen=True)
class Rate:
    """A rate."""

    step: int = 0

    def wait(self, tat: int | None, now: int) -> int:
        """How long."""
        if tat is None or not now < self.step:
            raise ValueError
        return max(
            tat - now,
            0,
        )


def write(é: str, on: bool = True) -> Write:
    return Write(é, condition="attribute_not_exists(#tat) OR #tat <= :now", set={"as": "old"} | {"é": é}, at=é[1])
'''


def changed(**options: bool) -> list[tuple[int, bool, str]]:
    """Line, whether it runs at import, and the line as it becomes, of each mutant of the sample."""
    return [
        (mutant.line, mutant.imported, mutant.key.partition(" → ")[2])
        for mutant in mutants("rules/sample.py", SAMPLE, **options)
    ]


def test_each_kind_of_change_is_made() -> None:
    head = "return Write(é, "
    condition = 'condition="attribute_not_exists(#tat) OR #tat <= :now", '
    rest = 'set={"as": "old"} | {"é": é}, at=é[1])'
    true, false = "attribute_not_exists(noSuch)", "attribute_exists(noSuch)"
    assert changed() == [
        (3, True, "MOST: int = 11"),
        (3, True, "MOST: int = 9"),
        (10, True, "step: int = 1"),
        (10, True, "step: int = -1"),
        (14, False, "if (tat is None or not now < self.step) and False:"),
        (14, False, "if False or not now < self.step:"),
        (14, False, "if tat is not None or not now < self.step:"),
        (14, False, "if tat is None and not now < self.step:"),
        (14, False, "if tat is None or False:"),
        (14, False, "if tat is None or now < self.step:"),
        (14, False, "if tat is None or not now <= self.step:"),
        (16, False, "return min("),
        (17, False, "tat + now,"),
        (18, False, "1,"),
        (18, False, "-1,"),
        (22, True, "def write(é: str, on: bool = False) -> Write:"),
        (23, False, f'{head}condition="(attribute_not_exists(#tat) OR {true}) OR #tat <= :now", {rest}'),
        (23, False, f'{head}condition="(attribute_not_exists(#tat) AND {false}) OR #tat <= :now", {rest}'),
        (23, False, f'{head}condition="attribute_exists(#tat) OR #tat <= :now", {rest}'),
        (23, False, f'{head}condition="attribute_not_exists(#tat) OR (#tat <= :now OR {true})", {rest}'),
        (23, False, f'{head}condition="attribute_not_exists(#tat) OR (#tat <= :now AND {false})", {rest}'),
        (23, False, f'{head}condition="attribute_not_exists(#tat) OR #tat < :now", {rest}'),
        (23, False, f'{head}{condition}set={{"as": "old"}} , at=é[1])'),
        (23, False, f'{head}{condition}set={{"as": "old"}} | {{"é": é}}, at=é[2])'),
        (23, False, f'{head}{condition}set={{"as": "old"}} | {{"é": é}}, at=é[0])'),
    ]


def test_elsewhere_only_the_conditions_of_commits_are_changed() -> None:
    assert [line for line, _, _ in changed(conditions_only=True)] == [23] * 6


def test_a_condition_that_is_put_together_loses_each_of_its_parts() -> None:
    source = 'def same(each):\n    return f"{each.condition} AND #rev = :rev"\n'
    found = [mutant.key.partition(" → ")[2] for mutant in mutants("steps/sample.py", source)]
    assert found == [
        'return f"({each.condition} OR attribute_not_exists(noSuch)) AND #rev = :rev"',
        'return f"{each.condition} AND (#rev = :rev OR attribute_not_exists(noSuch))"',
        'return f"{each.condition} AND #rev <> :rev"',
    ]


def test_types_are_left_alone() -> None:
    source = (
        "Rules = dict[str, str | float | None]\nodd = isinstance(rules, int | kind)\nboth = one | other\n"
    )
    assert [mutant.key for mutant in mutants("rules/sample.py", source)] == [
        "module: both = one | other → both = one"
    ]


def test_a_mutant_keeps_its_lines_and_tells_equal_ones_apart() -> None:
    source = "def two(a, b):\n    if a == (\n        b\n    ):\n        return a == 1\n    return a == 1\n"
    found = mutants("rules/sample.py", source)
    assert {mutant.source.count("\n") for mutant in found} == {6}
    assert len({mutant.key for mutant in found}) == len(found)
    assert [mutant.key for mutant in found if mutant.key.endswith("]")] == [
        "two: return a == 1 → return a != 1 [2]",
        "two: return a == 1 → return a == 2 [2]",
        "two: return a == 1 → return a == 0 [2]",
    ]


@pytest.fixture(scope="module")
def every_mutant() -> list[Mutant]:
    return all_mutants()


def test_mutants_of_every_rule_are_made(every_mutant: list[Mutant]) -> None:
    modules = {mutant.module for mutant in every_mutant}
    assert {
        "rules/access.py",
        "storage/charging.py",
        "steps/roster.py",
        "steps/revision.py",
    } <= modules
    assert len({(mutant.module, mutant.key) for mutant in every_mutant}) == len(every_mutant)


def test_every_survivor_in_the_list_is_a_mutant_still(every_mutant: list[Mutant]) -> None:
    listed = [(each.module, each.key) for each in survivors()]
    assert set(listed) - {(mutant.module, mutant.key) for mutant in every_mutant} == set()
    assert len(set(listed)) == len(listed)
    assert all(each.reason for each in survivors())


@pytest.mark.parametrize("folder", TESTS)
def test_the_folders_whose_tests_are_run_are_there(project: Path, folder: str) -> None:
    assert list((project / folder).glob("test_*.py")) or list((project / folder).glob("*/test_*.py"))
