"""What is generated of the module's variables and outputs: `python -m terraform.reference`, which `make data` runs.

`docs/terraform.md` describes them. `roots/deployment/variables.tf` has each variable once more, since a
configuration can only pass on what it declares; the module alone says what is accepted.
"""
# ruff: noqa: INP001  a program of its own

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent
REFERENCE = MODULE.parent / "docs" / "terraform.md"
PASSED_ON = MODULE / "roots" / "deployment" / "variables.tf"

HEAD = """# The Terraform module

Generated from `terraform/variables*.tf` and `terraform/outputs.tf` by `make data`. How the module is used:
[deployment](deployment.md)."""

PRIMITIVES = ("string", "number", "bool")
LONGEST_DEFAULT = 60

OWN_TO_THE_ROOT = {
    "kms_key_arn": ("string", "From before: `existing = { kms_key = { arn = … } }`."),
    "alarm_topic_arn": ("string", "From before: `existing = { alarm_topic = { arn = … } }`."),
    "existing_tables": (
        "list(string)",
        "From before: `existing = { tables = … }`, with the names of `table_names`.",
    ),
    "guild_service_role_arn": ("string", "From before: `guild_service = { role_arn = … }`."),
}
"""Variables that only the root has, with what takes their place."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One `variable` block. `type` and `default` are HCL; a variable without a default has None."""

    name: str
    type: str
    description: str
    default: str | None


def variables() -> dict[str, list[Variable]]:
    """The module's variables by the first sentence of the file that declares them, in the files' order."""
    first = MODULE / "variables.tf"
    others = sorted(set(MODULE.glob("variables_*.tf")), key=lambda path: ORDER.index(path.stem))
    return {_heading(path): list(_variables(path)) for path in (first, *others)}


ORDER = [
    f"variables_{name}"
    for name in ("existing", "identity", "api", "rooms", "events", "functions", "watching", "gateway", "page")
]


def _heading(path: Path) -> str:
    sentence = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    return sentence.split(". ")[0].rstrip(".")


def _blocks(kind: str, path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}$', text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def _attribute(block: str, name: str) -> str | None:
    """The expression of an attribute, as it is written: to the next line that is indented like the attribute
    and no end of a bracket."""
    found = re.search(rf"^  {name} += (.*?)(?=^  [^ }}\])]|\Z)", block + "\n", re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else None


def _description(block: str) -> str:
    if long := re.search(r"^  description += <<-EOT\n(.*?)\n +EOT$", block, re.MULTILINE | re.DOTALL):
        lines = re.sub(r"^ +(?! *- )", "", long[1], flags=re.MULTILINE)
        return re.sub(r"\n(?!- )", " ", re.sub(r"^ +", "", lines, flags=re.MULTILINE))
    return (_attribute(block, "description") or "").strip('"').replace('\\"', '"')


def _variables(path: Path) -> Iterator[Variable]:
    for name, block in _blocks("variable", path):
        yield Variable(
            name, _attribute(block, "type") or "any", _description(block), _attribute(block, "default")
        )


def outputs() -> dict[str, str]:
    """The module's outputs, and what each is."""
    return {name: _description(block) for name, block in _blocks("output", MODULE / "outputs.tf")}


def reference() -> str:
    """The text of `docs/terraform.md`."""
    parts = [HEAD, "## Variables"]
    for heading, found in variables().items():
        parts += [f"### {heading}", *(_section(each) for each in found)]
    parts += [
        "## Outputs",
        "| output | |\n| --- | --- |\n"
        + "\n".join(f"| `{name}` | {text} |" for name, text in outputs().items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(variable: Variable) -> str:
    is_short = "\n" not in variable.type
    default = "required" if variable.default is None else f"default `{variable.default}`"
    if variable.default and ("\n" in variable.default or len(variable.default) > LONGEST_DEFAULT):
        raise SystemExit(f"{variable.name}: a default this long needs a place in the reference")
    head = f"**`{variable.name}`**, {f'`{variable.type}`, ' if is_short else ''}{default}"
    text = variable.description
    code = (
        ""
        if is_short
        else "\n\n" + "\n".join(f"    {line}" if line else "" for line in _dedented(variable.type))
    )
    return f"{head}\n\n{text}{code}"


def _dedented(code: str) -> list[str]:
    return [re.sub("^  ", "", line) for line in code.splitlines()]


def passed_on() -> str:
    """The text of `roots/deployment/variables.tf`."""
    head = (
        "# Generated by `make data`: the module's variables, which say what each is and what is accepted, and some from"
        " before.\n# Null: the module's default.\n"
    )
    blocks = [
        _declaration(each.name, each.type, None, is_needed=each.default is None)
        for found in variables().values()
        for each in found
    ]
    blocks += [_declaration(name, *said, is_needed=False) for name, said in OWN_TO_THE_ROOT.items()]
    return "\n".join([head, *blocks])


def _declaration(name: str, kind: str, description: str | None, *, is_needed: bool) -> str:
    kind = kind if kind in PRIMITIVES or description else "any"
    lines = {"description": f'"{description}"'} if description else {}
    lines |= {"type": kind} | ({} if is_needed else {"default": "null"})
    width = max(len(key) for key in lines)
    body = "\n".join(f"  {key:{width}} = {value}" for key, value in lines.items())
    return f'variable "{name}" {{\n{body}\n}}\n'


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
    PASSED_ON.write_text(passed_on(), encoding="utf-8")
