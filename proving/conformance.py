"""One run of all checks: says what it will make, asks, reports, and takes away what it made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import aiohttp

from proving import report
from proving.checks import CHECKS
from proving.client import Client
from proving.endpoint import Endpoint, endpoint
from proving.limits import PATIENCE_S, TOKENS_BYTES
from proving.mapping import Mapping as ChatMapping
from proving.mapping import load, read_gaps
from proving.people import FEWEST, BadTokens, Person, read_people
from proving.preflight import answers, writable
from proving.run import NO_GAPS, Plan, Result, ask_all, clean_up, plan
from proving.world import Run

MAPPINGS = Path(__file__).with_name("mappings")
OWN = MAPPINGS / "appsync_chat.toml"
TOLD = {"pass": "✓", "fail": "✗", "skip": "–"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `owned`: the hosts that whoever asks owns; `only`: patterns of checks' ids; `is_plan`: whether
    nothing is asked but what would be made; `json`, `junit`: where reports go, or nowhere; `gaps`: a file of what the endpoint is known to lack."""

    url: str
    tokens: Path
    realtime: str | None = None
    mapping: Path = OWN
    owned: Sequence[str] = ()
    only: Sequence[str] = ()
    is_plan: bool = False
    json: Path | None = None
    junit: Path | None = None
    gaps: Path | None = None
    patience_s: float = PATIENCE_S


def people_of(path: Path) -> tuple[Person, ...]:
    """Raises `BadTokens` and `OSError`."""
    with path.open("rb") as file:
        content = file.read(TOKENS_BYTES + 1)
    if len(content) > TOKENS_BYTES:
        raise BadTokens(f"A file of tokens has at most {TOKENS_BYTES} bytes.")
    try:
        return read_people(content.decode())
    except UnicodeDecodeError:
        raise BadTokens("The tokens are not UTF-8.") from None


async def conformance(request: Request, out: TextIO) -> int:
    """The exit status: 0 where no check failed and nothing is left behind. Raises `BadAddress`, `BadMapping`,
    `BadTokens`, `BadPlan` and `OSError` before anything is asked, `NotReady` before anything is made."""
    where = endpoint(request.url, request.realtime, request.owned)
    mapping = load(request.mapping)
    people = people_of(request.tokens)
    gaps = read_gaps(request.gaps) if request.gaps else NO_GAPS
    planned = plan(CHECKS.values(), mapping, request.only)
    print(f"{planned} at {where.url}, as {', '.join(each.user_id for each in people[:3])}.", file=out)
    print(_taken_away(mapping), file=out, flush=True)
    if request.is_plan:
        return 0
    writable(request.json, request.junit)
    results, left = await _asked(request, where, mapping, people, planned, gaps, out)
    if request.json:
        text = report.as_json(where.url, mapping.name, planned, results, left)
        request.json.write_text(text, encoding="utf-8")
    if request.junit:
        request.junit.write_text(report.as_junit(results), encoding="utf-8")
    print(report.summary(results), file=out)
    return int(bool(left) or any(each.status == "fail" for each in results))


def _taken_away(mapping: ChatMapping) -> str:
    if "end_room" in mapping.operations:
        return "Every room is ended afterwards, and its messages with it."
    return "The mapping has no operation end_room: the rooms stay, and are named at the end."


async def _asked(
    request: Request,
    where: Endpoint,
    mapping: ChatMapping,
    people: tuple[Person, ...],
    planned: Plan,
    gaps: Mapping[str, str],
    out: TextIO,
) -> tuple[list[Result], list[str]]:
    """The results, and what is left behind."""

    def tell(result: Result) -> None:
        print(TOLD[result.status], report.line(result), file=out, flush=True)

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        client = Client(where, mapping.header, http, request.patience_s)
        await answers(client, people[:FEWEST])
        run = Run(client, mapping, people)
        try:
            results = await ask_all(run, planned.checks, tell, gaps)
        finally:
            left = [f"{room.id}: {why}" for room, why in await clean_up(run)]
            for each in left:
                print(f"left behind: {each}", file=out)
    return results, left
