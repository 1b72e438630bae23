"""Chance that a failure can be repeated with."""

from random import Random, SystemRandom


def seeded(seed: int | None = None) -> Random:
    """Chance with a seed that is printed: pytest shows it with a failure."""
    chosen = SystemRandom().randrange(2**32) if seed is None else seed
    print(f"seed {chosen}")
    return Random(chosen)  # noqa: S311  of a test
