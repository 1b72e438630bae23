"""The command line: `python -m proving conformance --url http://127.0.0.1:4000/graphql --tokens FILE`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from proving.chaos.command import AT_ONCE, BadChaos, chaos
from proving.chaos.command import Request as ChaosRequest
from proving.chaos.faults import BadSchedule
from proving.check import Failed
from proving.client import Unreachable
from proving.conformance import OWN, Request, conformance
from proving.endpoint import BadAddress
from proving.limits import PATIENCE_S
from proving.load.command import DOLLARS, load
from proving.load.command import Request as LoadRequest
from proving.load.plan import BadLoad
from proving.load.precise_loop import precise_loop
from proving.mapping import BadMapping
from proving.people import BadTokens
from proving.preflight import NotReady
from proving.run import BadPlan


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="proving", description="Proves on any endpoint what an AppSync chat promises."
    )
    commands = made.add_subparsers(dest="command", required=True)
    _conformance(
        commands.add_parser(
            "conformance", help="a line for each promise: pass, fail, or skip with its reason"
        )
    )
    _chaos(
        commands.add_parser(
            "chaos", help="people chat through a proxy that fails, and their history is judged"
        )
    )
    _load(
        commands.add_parser(
            "load", help="people listen and send at fixed instants: latencies, and what each of them missed"
        )
    )
    served = commands.add_parser(
        "serve", help="a small chat in the manner of AWS's sample, sound or with one wrong design"
    )
    served.add_argument("--design", default="sound", help="which; `list` names them")
    served.add_argument("--port", type=int, default=0, help="0: any free one")
    served.add_argument(
        "--tokens", type=Path, required=True, help="the file that it writes its people's tokens to"
    )
    return made


def _conformance(made: argparse.ArgumentParser) -> None:
    _where(made)
    _plan_and_junit(made)
    made.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="checks by their ids: 'chat.send.*'"
    )
    made.add_argument(
        "--gaps", type=Path, help="a file of what the endpoint is known to lack: asked, and not red"
    )


def _chaos(made: argparse.ArgumentParser) -> None:
    _where(made)
    _plan_and_junit(made)
    made.add_argument("--seed", type=int, help="of the first round; each round's is one higher")
    made.add_argument("--faults", type=int, default=500, help="so many are met before it ends")
    made.add_argument("--rooms", type=int, default=3, help="in which people chat at once")
    made.add_argument("--share", type=float, default=0.5, help="of requests and frames that meet a fault")
    made.add_argument(
        "--at-once", type=int, default=AT_ONCE, help="rounds, where the file has four people for each"
    )
    made.add_argument("--trials", type=int, default=30, help="rounds that minimising a failure may take")
    made.add_argument("--schedule", help="these faults and no others, in one round: what a failure printed")


def _load(made: argparse.ArgumentParser) -> None:
    _where(made)
    usual = LoadRequest("", Path())
    for name, what in (
        ("people", "who listen, each on a connection of their own"),
        ("rooms", "that they are in"),
        ("rate", "sends a second, of all together"),
        ("seconds", "how long"),
        ("reads", "pages of history read a second"),
        ("joins", "a second, of people who come, subscribe, read and go"),
        ("storms", "how often everybody reconnects at once"),
        ("repeats", "the share of sends that are sent once more"),
    ):
        value = getattr(usual, name)
        made.add_argument(f"--{name}", type=type(value), default=value, help=f"{what} ({value:g})")
    made.add_argument("--seed", type=int, help="of the schedule; it is printed")
    made.add_argument("--dollars", type=float, default=DOLLARS, help="what it may cost elsewhere than here")
    made.add_argument("--go", dest="is_go", action="store_true", help="does it: without, it is only planned")
    made.add_argument("--html", type=Path, help="where a page with the plots goes")


def _plan_and_junit(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--plan", dest="is_plan", action="store_true", help="says what would be made, and asks nothing"
    )
    made.add_argument("--junit", type=Path, help="where a report in JUnit's XML goes")


def _where(made: argparse.ArgumentParser) -> None:
    made.add_argument("--url", required=True, help="of GraphQL: http://127.0.0.1:4000/graphql")
    made.add_argument("--realtime", help="of the WebSocket, where AppSync's rules do not give it")
    made.add_argument(
        "--tokens", type=Path, required=True, help="a file of lines USER-ID TOKEN, of three people at least"
    )
    made.add_argument(
        "--mapping",
        type=Path,
        default=OWN,
        help="what the chat calls what; without it, this repository's API",
    )
    made.add_argument(
        "--i-own-this",
        dest="owned",
        action="append",
        default=[],
        metavar="HOST",
        help="another host than this machine may be asked",
    )
    made.add_argument("--json", type=Path, help="where a report in JSON goes")
    made.add_argument(
        "--patience",
        dest="patience_s",
        type=_seconds,
        default=PATIENCE_S,
        help="seconds that an answer is waited for",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 300:
        raise argparse.ArgumentTypeError("0.1 to 300 seconds")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    given = vars(parser().parse_args(arguments))
    try:
        command = given.pop("command")
        if command == "chaos":
            return asyncio.run(chaos(ChaosRequest(**given), sys.stdout))
        if command == "load":
            with asyncio.Runner(loop_factory=precise_loop) as runner:
                return runner.run(load(LoadRequest(**given), sys.stdout, sys.stderr))
        if command == "serve":
            from proving.servers.serve import serve  # noqa: PLC0415  it needs graphql-core, and proving does not

            return asyncio.run(serve(**given))
        return asyncio.run(conformance(Request(**given), sys.stdout))
    except (BadAddress, BadMapping, BadTokens, BadPlan, BadChaos, BadSchedule, BadLoad, NotReady) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        return 2
    except (Failed, Unreachable) as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
