"""`python -m lambda_package dist`: build everything for Lambda, and print what it weighs."""

import argparse
import sys
from pathlib import Path

from lambda_package.archive import unpacked_size
from lambda_package.build import build
from lambda_package.release import checksums, distributions

LAMBDA = (3, 13)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m lambda_package", description="Build the zips for Lambda."
    )
    parser.add_argument("target", type=Path)
    parser.add_argument("--architecture", action="append", choices=["x86_64", "arm64"])
    parser.add_argument(
        "--release", action="store_true", help="also the wheel, the sdist and SHA256SUMS over all of them"
    )
    given = parser.parse_args()
    if sys.version_info[:2] != LAMBDA:
        print(
            "Lambda runs Python 3.13, and bytecode is only for the Python that wrote it: use 3.13.",
            file=sys.stderr,
        )
        return 1
    target = given.target.absolute()
    zips = build(target, given.architecture or ["x86_64", "arm64"])
    for archive in zips:
        packed, unpacked = archive.stat().st_size / 1024, unpacked_size(archive) / 1024
        print(f"{archive.relative_to(target)!s:37} {packed:9,.0f} KiB, unpacked {unpacked:9,.0f} KiB")
    if given.release:
        packages = distributions(target)
        for package in packages:
            print(f"{package.name:37} {package.stat().st_size / 1024:9,.0f} KiB")
        print(checksums(target, [*zips, *packages]).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
