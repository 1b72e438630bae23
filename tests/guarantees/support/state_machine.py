"""Runs a state machine of hypothesis: briefly in the suite, at length with
PROVE=1, without shrinking with UNSHRUNK=1, and with the same chance again
with SEED and the number that a failure prints."""

import os
from random import SystemRandom

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.database import ExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def check(
    machine: type[RuleBasedStateMachine],
    *,
    examples: tuple[int, int],
    steps: tuple[int, int],
    **attributes: object,
) -> None:
    """Run `machine` with these class attributes. Of `examples` and `steps` the
    first is for the suite, the other for PROVE=1."""
    prove = bool(os.environ.get("PROVE"))
    repeated = os.environ.get("SEED")
    chosen = int(repeated) if repeated else SystemRandom().randrange(2**32)
    print(f"SEED={chosen}")
    database: ExampleDatabase | None = None if repeated else settings().database
    run_state_machine_as_test(
        seed(chosen)(type(machine.__name__, (machine,), attributes)),
        settings=settings(
            max_examples=examples[prove],
            stateful_step_count=steps[prove],
            deadline=None,
            database=database,
            print_blob=True,
            phases=[phase for phase in Phase if phase is not Phase.shrink or "UNSHRUNK" not in os.environ],
            suppress_health_check=list(HealthCheck),
        ),
    )
