"""Mutants of the rules, of access, of charging and of the conditions of commits, made from the source as it
stands.

Neither of the usual tools fits. mutmut (3.8) changes a string only as a whole and passes over decorated
functions and constants of modules, so that it drops no term of a DynamoDB condition; cosmic-ray (8.7) changes
no strings, and starts the tests anew for each mutant, with an engine that takes seconds to start.

A mutant keeps the lines of its module, so that one map of which test runs which line serves them all.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

Edit = tuple[int, int, str]
"""Start and end in the source, and what stands there instead."""

OPPOSITES: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
}
"""Each operator as it is written, and what it becomes."""
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}

TERM = re.compile(
    r"attribute_(?:not_)?exists\((?P<attribute>[^()]*)\)"
    r"|(?P<left>#\{?\w+\}?|\b[A-Za-z]\w*) (?P<operator><=|>=|<>|=|<|>) (?P<right>:[\w{}]+)"
)
"""A term of a DynamoDB condition."""
FLIPPED = {"=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
JOINED = re.compile(r"\{\w+(?:\.\w+)?\}")
"""A condition that is put together: `{charge.condition}`."""
TRUE, FALSE = "attribute_not_exists(noSuch)", "attribute_exists(noSuch)"
"""A term is dropped by one that always holds beside it: the values that come with the request must all be
used."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`module` (a path below `chat/`) with one change on `line`. `key` tells it from the module's others, and
    stays the same when lines move: the scope, the line as it was and as it is."""

    module: str
    line: int
    key: str
    source: str
    imported: bool
    """Whether the line runs when the module is imported, and not when something of it is called."""


def mutants(module: str, source: str, *, conditions_only: bool = False) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines; each compiles."""
    visitor = _Visitor(source, conditions_only=conditions_only)
    visitor.visit(ast.parse(source))
    found: list[Mutant] = []
    counts: Counter[str] = Counter()
    seen = {source}
    for scope, edits in sorted(visitor.found, key=lambda each: min(each[1])[:1]):
        start = min(edit[0] for edit in edits)
        changed = applied(source, edits)
        if changed in seen:
            continue
        seen.add(changed)
        compile(changed, module, "exec")
        key = f"{scope}: {_shown(source, changed, edits)}"
        counts[key] += 1
        if counts[key] > 1:
            key += f" [{counts[key]}]"
        line = source.count("\n", 0, start) + 1
        found.append(Mutant(module, line, key, changed, scope not in visitor.functions))
    return found


def applied(source: str, edits: Iterable[Edit]) -> str:
    """The source with these edits, which do not touch each other; as many lines as before."""
    for start, end, text in sorted(edits, reverse=True):
        lost = source.count("\n", start, end) - text.count("\n")
        source = source[:start] + text + "\n" * lost + source[end:]
    return source


def _shown(before: str, after: str, edits: list[Edit]) -> str:
    first = before.count("\n", 0, min(edit[0] for edit in edits))
    last = before.count("\n", 0, max(edit[1] for edit in edits)) + 1
    lines = [" ".join(" ".join(text.split("\n")[first:last]).split()) for text in (before, after)]
    return " → ".join(lines)


class _Visitor(ast.NodeVisitor):
    def __init__(self, source: str, *, conditions_only: bool) -> None:
        self.source = source
        self.found: list[tuple[str, list[Edit]]] = []
        self.functions: set[str] = set()
        self._scope: list[str] = []
        self._conditions_only = conditions_only
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = source.splitlines()

    # Where a node stands

    def _position(self, line: int, column: int) -> int:
        """`ast` counts columns in bytes."""
        text = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(text)

    def _start(self, node: ast.expr) -> int:
        return self._position(node.lineno, node.col_offset)

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._position(node.end_lineno, node.end_col_offset)

    def _add(self, *edits: Edit) -> None:
        if not self._conditions_only:
            self.found.append((".".join(self._scope) or "module", list(edits)))

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Edit:
        """The operator between two nodes, as another."""
        start, end = self._end(left), self._start(right)
        words = r"\s+".join(old.split())
        found = re.search(rf"\b{words}\b" if old[0].isalpha() else re.escape(old), self.source[start:end])
        assert found, (left.lineno, old)
        return start + found.start(), start + found.end(), new

    def _instead(self, node: ast.expr, text: str) -> Edit:
        return self._start(node), self._end(node), f"({text})" if node.end_lineno != node.lineno else text

    # What is passed over: annotations, decorators, and texts of documentation

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._scope.append(node.name)
        self.functions.add(".".join(self._scope))
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    visit_FunctionDef = _visit_function  # noqa: N815  the names that `ast` calls
    visit_AsyncFunctionDef = _visit_function  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`frozenset[Operation]`, `Literal[…]`: types of alias or call, with nothing to be changed in
        them."""
        self.visit(node.value)
        if not (isinstance(node.value, ast.Name) and node.value.id in ("Literal", "Mapping", "Callable")):
            self.visit(node.slice)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    # Python

    def visit_Compare(self, node: ast.Compare) -> None:
        for (left, right), operator in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
            self._add(self._between(left, right, *OPPOSITES[type(operator)]))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        swap = OPPOSITES[type(node.op)]
        self._add(*(self._between(left, right, *swap) for left, right in pairwise(node.values)))
        for value in node.values:
            self._add(self._instead(value, str(isinstance(node.op, ast.And))))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add((self._start(node), self._start(node) + len("not "), ""))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Add | ast.Sub):
            self._add(self._between(node.left, node.right, *OPPOSITES[type(node.op)]))
        elif isinstance(node.op, ast.BitOr) and not _is_union(
            node
        ):  # of sets and mappings: without the right
            start, _, _ = self._between(node.left, node.right, "|", "")
            self._add((start, self._end(node), ""))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add(self._instead(node, str(not value)))
        elif isinstance(value, int | float):
            for other in (value + 1, value - 1):
                self._add(self._instead(node, str(other)))
        elif isinstance(value, str):
            self._conditions(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Only as a condition: before Python 3.12 the parts of an f-string stand nowhere."""
        self._conditions(node)

    def visit_Set(self, node: ast.Set) -> None:
        for element in node.elts:
            if isinstance(element, ast.Constant) and isinstance(element.value, str) and len(node.elts) > 1:
                self._add(self._instead(element, '""'))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
            self._add(self._instead(node.func, SWAPPED[node.func.id]))
        self.visit(node.func)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg != "strict":  # of `zip`: it looks after us, and decides nothing
                self.visit(keyword.value)

    def visit_If(self, node: ast.If) -> None:
        """A refusal, or an early answer, that never comes."""
        if isinstance(node.body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break):
            start, end = self._start(node.test), self._end(node.test)
            self._add((start, start, "("), (end, end, ") and False"))
        self.generic_visit(node)

    # DynamoDB's conditions

    def _conditions(self, node: ast.Constant | ast.JoinedStr) -> None:
        start, end = self._start(node), self._end(node)
        text = self.source[start:end]
        if (node.end_lineno != node.lineno and '"""' in text) or not TERM.search(text):
            return
        scope = ".".join(self._scope) or "module"
        for first, last, new in changes_of_condition(text):
            self.found.append((scope, [(start + first, start + last, new)]))


def _is_union(node: ast.expr) -> bool:
    """Whether `|` joins types: `int | float`, `str | None`."""
    if isinstance(node, ast.BinOp):
        return _is_union(node.left) or _is_union(node.right)
    if isinstance(node, ast.Constant):
        return node.value is None
    return isinstance(node, ast.Name) and node.id in ("int", "float", "str", "bool", "bytes")


def changes_of_condition(text: str) -> Iterator[Edit]:
    """The changes of a condition: each term dropped from its AND or OR, flipped, or its existence asked the
    other way round."""
    for term in TERM.finditer(text):
        first, last = term.span()
        yield first, last, f"({term[0]} OR {TRUE})"
        if " OR " in text:
            yield first, last, f"({term[0]} AND {FALSE})"
        if term["operator"]:
            start, end = term.span("operator")
            yield start, end, FLIPPED[term["operator"]]
        else:
            other = "exists" if term[0].startswith("attribute_not") else "not_exists"
            yield first, last, f"attribute_{other}({term['attribute']})"
    for part in JOINED.finditer(text):
        first, last = part.span()
        if text[:first].endswith(("AND ", "OR ")) or text[last:].startswith((" AND", " OR")):
            yield first, last, f"({part[0]} OR {TRUE})"
            if " OR " in text:
                yield first, last, f"({part[0]} AND {FALSE})"
