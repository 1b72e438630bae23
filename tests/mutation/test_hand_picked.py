"""Each rule that `make prove` takes out of the engine is still there to be
taken out, and its test to fail for it."""

import pytest

from simulator.engine import PROJECT
from tests.mutation.hand_picked import CHAT, GUARANTEES, Mutant, mutants, mutated


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_of_the_engine(mutant: Mutant) -> None:
    source = (PROJECT / CHAT / mutant.module).read_text(encoding="utf-8")
    assert mutated(mutant, source) != source


def test_every_mutant_names_a_test_that_is_there() -> None:
    named = {tuple(mutant.proof.split("::")) for mutant in mutants()}
    sources = {file: (PROJECT / GUARANTEES / file).read_text(encoding="utf-8") for file, _ in named}
    assert [name for file, name in sorted(named) if f"def {name}(" not in sources[file]] == []
