"""The structure of the sources, as their imports show it: which module imports which, how often back up a
floor, and in what circles.

    python -m tests.contract.structure [another checkout]

Prints files and arrows of each floor of `chat`, then the same of the programs.
"""

import ast
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.engine import PROJECT

PROGRAMS: Mapping[str, str] = {
    "chat": "layers/chat/python/chat",
    "chat_lambda": "layers/chat/python/chat_lambda",
    "resolvers": "resolvers",
    "services": "services",
    "schema": "schema",
    "reference": "reference",
    "simulator": "simulator",
    "gateway": "gateway",
    "migration": "migration",
    "releases": "releases",
    "restore": "restore",
    "privacy": "privacy",
    "stream": "stream",
    "cost": "cost",
    "proving": "proving",
}
"""The folder of each top-level package."""
FLOORS = ("operations", "steps", "deployment", "identity", "hooks", "storage", "rules")
"""From the top down. `identity` and `hooks` stand on `rules` alone, `deployment` is one module between steps and
storage."""


@cache
def imported(path: Path) -> frozenset[str]:
    """What a file imports, wherever in it: modules, and `package.name` where a name of one is. There are no
    relative imports. A file is read once: many tests ask for all of them."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@dataclass(frozen=True, slots=True)
class Structure:
    """`arrows`: what each module imports of the others, by their dotted names. `lines`: how long each is."""

    arrows: Mapping[str, frozenset[str]]
    lines: Mapping[str, int]

    @classmethod
    def of(cls, project: Path, folders: Mapping[str, str]) -> "Structure":
        """Of the packages in these folders of a checkout, as far as they are there; without `__init__`, which
        holds nothing."""
        files = {
            ".".join((package, *path.relative_to(project / folder).with_suffix("").parts)): path
            for package, folder in folders.items()
            for path in sorted((project / folder).rglob("*.py"))
            if path.name != "__init__.py"
        }
        arrows = {
            name: frozenset(other for other in imported(path) if other in files and other != name)
            for name, path in files.items()
        }
        lines = {name: path.read_text(encoding="utf-8").count("\n") for name, path in files.items()}
        return cls(arrows, lines)

    def pairs(self) -> list[tuple[str, str]]:
        """Every arrow, as the two modules that it joins."""
        return [(module, other) for module, others in self.arrows.items() for other in sorted(others)]

    def floor_of(self, module: str) -> str:
        """`chat.rules.access` → `rules`, `chat.deployment` → `deployment`; where `chat` lies flat, `chat` for
        all."""
        flat = all(name.count(".") == 1 for name in self.arrows)
        parts = module.split(".")
        return parts[0] if flat or parts[1] not in FLOORS else parts[1]

    def back_up(self) -> list[tuple[str, str]]:
        """The arrows that run from a floor to one above it."""
        places = {floor: place for place, floor in enumerate(FLOORS)}
        return [
            (module, other)
            for module, other in self.pairs()
            if places.get(self.floor_of(other), -1) < places.get(self.floor_of(module), -1)
        ]

    def circles(self) -> list[tuple[str, ...]]:
        """The modules that import each other in a circle, however long: each such group once."""
        reached = {name: self._reached(name) for name in self.arrows}
        groups = {
            tuple(sorted(other for other in reached[name] if name in reached[other]))
            for name in self.arrows
            if name in reached[name]
        }
        return sorted(groups)

    def depth(self) -> int:
        """The most modules one above the other, a circle counting once."""
        groups = {name: group for group in self.circles() for name in group}
        depths: dict[str | tuple[str, ...], int] = {}

        def of(name: str) -> int:
            group = groups.get(name, (name,))
            if group not in depths:
                below = {other for each in group for other in self.arrows[each]} - set(group)
                depths[group] = 1 + max((of(other) for other in below), default=0)
            return depths[group]

        return max(map(of, self.arrows), default=0)

    def _reached(self, start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for other in self.arrows[waiting.pop()]:
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found


def report(project: Path) -> Iterator[str]:
    """The lines that tell a checkout's structure."""
    chat = Structure.of(project, {"chat": PROGRAMS["chat"]})
    yield from _table("floor of chat", chat, chat.floor_of)
    yield f"{len(chat.arrows)} modules, {len(chat.pairs())} arrows between them, {chat.depth()} modules deep"
    yield from _listed("arrows back up", [f"{module} → {other}" for module, other in chat.back_up()])
    yield from _listed("circles", [" ↔ ".join(group) for group in chat.circles()])
    yield ""
    whole = Structure.of(project, PROGRAMS)
    yield from _table("program", whole, lambda module: module.partition(".")[0])
    yield from _listed("circles", [" ↔ ".join(group) for group in whole.circles()])


def _table(title: str, structure: Structure, part_of: Callable[[str], str]) -> Iterator[str]:
    """A line for each part: its files and their lines, the arrows within it, and those to each other part."""
    files = Counter(part_of(module) for module in structure.arrows)
    lines: Counter[str] = Counter()
    for module, count in structure.lines.items():
        lines[part_of(module)] += count
    arrows = Counter((part_of(module), part_of(other)) for module, other in structure.pairs())
    yield f"{title:14}{'files':>6}{'lines':>7}{'within':>8}  to others"
    order = {part: place for place, part in enumerate((*FLOORS, *PROGRAMS))}
    for part in sorted(files, key=order.__getitem__):
        outward = ", ".join(
            f"{other} {n}" for (one, other), n in sorted(arrows.items()) if one == part != other
        )
        yield f"{part:14}{files[part]:6}{lines[part]:7}{arrows[part, part]:8}  {outward}".rstrip()


def _listed(name: str, found: Collection[str]) -> Iterator[str]:
    yield f"{name}: {len(found)}"
    yield from (f"  {each}" for each in found)


if __name__ == "__main__":
    print(*report(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT), sep="\n")
