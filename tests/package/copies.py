"""The project as another machine has it: in another folder, with other times and modes of files."""

import os
import shutil
from pathlib import Path

PARTS = ("cost", "lambda_package", "layers", "proving", "resolvers", "services")
FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore")
EARLIER = 981_173_106
"""Epoch seconds of a day in 2001."""


def copy_of(project: Path, target: Path) -> Path:
    """What packages are built from, in the new folder `target`."""
    for part in PARTS:
        shutil.copytree(project / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(project / name, target)
    for path in target.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            os.utime(path, (EARLIER, EARLIER))
    return target
