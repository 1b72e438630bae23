"""What a release holds beside the zips for Lambda: the wheel and the sdist of our packages, and checksums."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from lambda_package.archive import EARLIEST
from lambda_package.build import run_python


def distributions(target: Path) -> list[Path]:
    """The sdist and the wheel, in `target`. hatchling must be installed beside the running Python.

    No file's own time gets in: https://reproducible-builds.org/specs/source-date-epoch/
    """
    epoch = datetime(*EARLIEST, tzinfo=UTC).timestamp()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        build = ["-m", "hatchling", "build", "--directory", scratch]
        run_python(build, SOURCE_DATE_EPOCH=f"{epoch:.0f}", HATCH_QUIET="1")
        return [Path(shutil.move(made, target / made.name)) for made in sorted(Path(scratch).iterdir())]


def checksums(target: Path, files: Iterable[Path]) -> Path:
    """`SHA256SUMS` in `target` over these files below it, as `sha256sum --check SHA256SUMS` reads it."""
    sums = {path.relative_to(target).as_posix(): hashlib.sha256(path.read_bytes()) for path in files}
    written = target / "SHA256SUMS"
    written.write_text(
        "".join(f"{sums[name].hexdigest()}  {name}\n" for name in sorted(sums)), encoding="utf-8"
    )
    return written
