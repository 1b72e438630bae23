"""Each rule that `make prove` takes out of the engine is still there to be taken out."""

import pytest

from simulator.engine import PROJECT
from tests.mutation.hand_picked import CHAT, Mutant, mutants, mutated


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_of_the_engine(mutant: Mutant) -> None:
    source = (PROJECT / CHAT / mutant.module).read_text(encoding="utf-8")
    assert mutated(mutant, source) != source
