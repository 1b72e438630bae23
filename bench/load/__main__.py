"""What `make load` adds to a latency, beside a client in C: `python -m bench.load`.

Both send at the same rate to the same server, which publishes at once, and measure from the intended instant until the
message comes by the subscription. Their runs take turns, so that whatever else the machine does meets both.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proving.conformance import MAPPINGS

SOURCE = Path(__file__).with_name("client.c")
MOST_MS = 1.0
"""By which the medians may differ."""


@contextmanager
def served() -> Iterator[int]:
    """The port of an echo server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.load.echo"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            yield int((server.stdout or sys.stdin).readline())
        finally:
            server.terminate()


def by_c(program: Path, port: int, count: int, rate: float) -> list[float]:
    """Milliseconds of each send: p50 and p99."""
    command = [str(program), str(port), str(count), str(round(1_000_000 / rate))]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    found = sorted(int(line) / 1_000 for line in told.stdout.split())
    return [found[len(found) // 2], found[len(found) * 99 // 100]]


def by_load(folder: Path, port: int, count: int, rate: float) -> list[float]:
    """The same of a run of one listener."""
    tokens, report = folder / "tokens", folder / "load.json"
    tokens.write_text("ann a\nben b\ncleo c\n", encoding="utf-8")
    command = [sys.executable, "-m", "proving", "load", "--url", f"http://127.0.0.1:{port}/graphql", "--go"]
    command += ["--mapping", str(MAPPINGS / "sample.toml"), "--tokens", str(tokens), "--json", str(report)]
    command += ["--people", "1", "--rate", str(rate), "--seconds", str(count / rate)]
    command += ["--reads", "0", "--joins", "0", "--storms", "0", "--repeats", "0", "--seed", "1"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=120)
    found = json.loads(report.read_text(encoding="utf-8"))["latencies"]["live"]["ms"]
    return [found["p50"], found["p99"]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.load", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="sends of each run")
    parser.add_argument("--rate", type=float, default=50.0, help="sends a second")
    given = parser.parse_args()
    compiler = shutil.which("cc")
    if compiler is None:
        print("No C compiler was found (cc): there is nothing to compare with.", file=sys.stderr)
        return 2
    runs: dict[str, list[list[float]]] = {"C": [], "load": []}
    with tempfile.TemporaryDirectory() as named, served() as port:
        folder = Path(named)
        subprocess.run([compiler, "-O2", "-Wall", "-o", str(folder / "client"), str(SOURCE)], check=True)
        for _ in range(given.rounds):
            runs["C"].append(by_c(folder / "client", port, given.count, given.rate))
            runs["load"].append(by_load(folder, port, given.count, given.rate))
    medians = {
        name: [statistics.median(each) for each in zip(*found, strict=True)] for name, found in runs.items()
    }
    print(
        f"{given.rounds} runs of each in turn, {given.count} sends at {given.rate:g}/s; medians of the runs, ms"
    )
    print(f"{'client':<8}{'p50':>10}{'p99':>10}{'p50 of each run':>20}")
    for name, found in medians.items():
        print(
            f"{name:<8}{found[0]:>10.3f}{found[1]:>10.3f}     {' '.join(f'{run[0]:.2f}' for run in runs[name])}"
        )
    more = medians["load"][0] - medians["C"][0]
    print(f"load's own: {more:.3f} ms of {MOST_MS:g}")
    return int(more > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
