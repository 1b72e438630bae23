"""Any choice of root fields that the schema can be had with."""

from collections.abc import Iterator
from random import Random

from schema.source import Publish, ours

SEED = 20_261_126


def any_subsets(count: int, *, with_query: bool = False, publish: Publish = "sender") -> Iterator[list[str]]:
    """Choices of one to all fields, in any order; each subscription among them has one of its mutations.
    `with_query`: at least one is a query, without which a schema is none by itself. `publish`: the way to publish."""
    print(f"seed {SEED}")
    random = Random(SEED)  # noqa: S311  repeatable
    known, links = list(ours(publish).fields), ours(publish).links
    queries = [name for name in known if name.startswith("Query.")]
    for _ in range(count):
        chosen = set(random.sample(known, random.choice((1, 2, 3, 5, 8, 13, len(known)))))
        for name in [each for each in chosen if each in links]:
            chosen.add(f"Mutation.{random.choice(links[name])}")
        if with_query:
            chosen.add(random.choice(queries))
        fields = sorted(chosen)
        random.shuffle(fields)
        yield fields
