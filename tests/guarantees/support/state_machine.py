"""Runs a state machine of hypothesis: briefly in the suite, at length with
PROVE=1, and without shrinking with UNSHRUNK=1."""

import os

from hypothesis import HealthCheck, Phase, settings
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
    run_state_machine_as_test(
        type(machine.__name__, (machine,), attributes),
        settings=settings(
            max_examples=examples[prove],
            stateful_step_count=steps[prove],
            deadline=None,
            print_blob=True,
            phases=[phase for phase in Phase if phase is not Phase.shrink or "UNSHRUNK" not in os.environ],
            suppress_health_check=list(HealthCheck),
        ),
    )
