"""`make load`: says what would be done and what it would cost, and with `--go` does it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import aiohttp

from proving.client import Client
from proving.conformance import OWN, people_of
from proving.endpoint import Endpoint, endpoint, is_loopback
from proving.graphql_http import Answer
from proving.limits import PATIENCE_S
from proving.load.estimate import Estimate, estimate
from proving.load.page import page
from proving.load.plan import BadLoad, Load
from proving.load.report import Outcome, as_json, lines
from proving.load.traffic import Traffic
from proving.mapping import Mapping as ChatMapping
from proving.mapping import load as load_mapping
from proving.people import Person
from proving.preflight import answers, listens, writable
from proving.run import clean_up
from proving.world import Run

HTTP_CONNECTIONS = 512
"""At once, beside those that listen; what finds none free waits, and the wait counts."""
FILES_BESIDE = HTTP_CONNECTIONS + 100
DOLLARS = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """`dollars`: what a run may cost elsewhere than on this machine, by the estimate; `is_go`: whether anything is done;
    `html`, `json`: where reports go; a `seed` of None is chosen; the rest as of a conformance run and of a `Load`."""

    url: str
    tokens: Path
    realtime: str | None = None
    mapping: Path = OWN
    owned: Sequence[str] = ()
    people: int = 10
    rooms: int = 1
    rate: float = 5.0
    seconds: float = 30.0
    reads: float = 1.0
    joins: float = 0.5
    storms: int = 1
    repeats: float = 0.02
    seed: int | None = None
    dollars: float = DOLLARS
    is_go: bool = False
    json: Path | None = None
    html: Path | None = None
    patience_s: float = PATIENCE_S

    @property
    def load(self) -> Load:
        """Raises `BadLoad`."""
        seed = random.SystemRandom().randrange(1_000_000_000) if self.seed is None else self.seed
        made = Load(
            self.people,
            self.rooms,
            self.rate,
            self.seconds,
            self.reads,
            self.joins,
            self.storms,
            self.repeats,
            seed,
        )
        made.check()
        return made


@dataclass(frozen=True, slots=True)
class Counted(Client):
    """`asked`: an entry for each operation."""

    asked: list[None] = field(default_factory=list)

    async def post(self, token: str | None, body: bytes) -> Answer:
        self.asked.append(None)
        return await Client.post(self, token, body)


async def load(request: Request, out: TextIO, progress: TextIO) -> int:
    """The exit status: 0 where nothing is lost, twice or out of order, and nothing is left behind. `progress`: where a line
    goes each second. Raises `BadAddress`, `BadMapping`, `BadTokens`, `BadLoad` and `OSError` before anything is asked, `NotReady` before anything is made;
    `Failed` and `Unreachable` where a run cannot begin or cannot be judged, after its rooms are ended."""
    asked = request.load
    where = endpoint(request.url, request.realtime, request.owned)
    mapping = load_mapping(request.mapping)
    people = people_of(request.tokens)
    if "subscribe" not in mapping.operations:
        raise BadLoad("The mapping has no operation subscribe: there is nobody to listen.")
    expected = estimate(asked, len(people), mapping.operations.keys())
    print(_planned(asked, where, people, mapping, expected), file=out, flush=True)
    if not is_loopback(urlsplit(where.url).hostname or "") and expected.dollars > request.dollars:
        raise BadLoad(
            f"That is more than ${request.dollars:g}: ask for less, or say --dollars {expected.dollars:.2f}."
        )
    if not request.is_go:
        print("Nothing was asked: --go does it.", file=out)
        return 0
    writable(request.json, request.html)
    _allow_files(asked.people + FILES_BESIDE)
    outcome, storms = await _gone(request, asked, where, mapping, people, expected, progress)
    for line in lines(outcome):
        print(line, file=out)
    if request.json:
        request.json.write_text(as_json(outcome), encoding="utf-8")
    if request.html:
        request.html.write_text(page(outcome, storms), encoding="utf-8")
    return outcome.status


def _planned(
    asked: Load, where: Endpoint, people: Sequence[Person], mapping: ChatMapping, expected: Estimate
) -> str:
    ended = (
        "are ended afterwards"
        if "end_room" in mapping.operations
        else "stay: the mapping has no operation end_room"
    )
    return (
        f"{asked.people:,} people listen in {asked.rooms} rooms at {where.url}, as {len(people)} users in turn; the rooms {ended}. "
        f"For {asked.seconds:g} s, at instants that are fixed beforehand: {asked.sends:,} sends, {asked.repeated:,} of them once more, "
        f"{asked.deliveries:,} deliveries; {round(asked.reads * asked.seconds):,} pages read; {round(asked.joins * asked.seconds):,} joins; "
        f"{asked.storms} storms. Seed {asked.seed}.\n"
        f"At the most {expected}. What is not told live and read again is not counted."
    )


def _allow_files(needed: int) -> None:
    """Each connection is an open file. Raises `BadLoad` where the system allows fewer."""
    try:
        import resource  # noqa: PLC0415  Unix alone has it
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BadLoad(f"{needed:,} open files are needed, and the system allows {hard:,} (ulimit -Hn).")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


async def _gone(
    request: Request,
    asked: Load,
    where: Endpoint,
    mapping: ChatMapping,
    people: tuple[Person, ...],
    expected: Estimate,
    progress: TextIO,
) -> tuple[Outcome, list[float]]:
    """What came of it, and when the storms were. The rooms are ended."""
    async with _session(HTTP_CONNECTIONS) as http, _session(0) as sockets:
        client = Counted(where, mapping.header, http, request.patience_s)
        live = Client(where, mapping.header, sockets, request.patience_s)
        await answers(client, people)
        await listens(live, people[0])
        run = Run(client, mapping, people)
        made = Traffic(run, live, asked, lambda found: print(told(found), file=progress, flush=True))
        try:
            await made.go()
        finally:
            left = [f"{room.id}: {why}" for room, why in await clean_up(run)]
            for each in left:
                print(f"left behind: {each}", file=progress)
    stage = made.stage
    spent = Estimate(len(client.asked), stage.frames + 2 * stage.connections, stage.connected_s / 60)
    acknowledged = sum(each.answered is not None for each in stage.ledger.sent)
    outcome = Outcome(
        where.url, mapping.name, asked, expected, spent, acknowledged, stage.measures, made.verdicts, left
    )
    return outcome, [each.at for each in made.moments if each.kind == "storm"]


def _session(limit: int) -> aiohttp.ClientSession:
    """`limit`: of connections at once; 0: any number."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=limit)
    )


def told(found: Traffic) -> str:
    """A line of progress: how far it is, and the last five seconds."""
    measures, second = found.stage.measures, int(found.now())
    parts = [f"{min(second, round(found.load.seconds))}/{found.load.seconds:g} s"]
    parts += [f"{count:,} {kind}" for kind, count in sorted(measures.begun.items())]
    for kind in ("send", "live"):
        recent = measures.recent(kind, second)
        if (half := recent.percentile(50)) is not None and (late := recent.percentile(99)) is not None:
            parts.append(f"{kind} p50 {half / 1_000:.1f} p99 {late / 1_000:.1f} ms")
    parts.append(f"{found.stage.ledger.open:,} on their way")
    parts += [f"{sum(measures.unanswered.values()):,} unanswered, {sum(measures.refused.values()):,} refused"]
    return ", ".join(parts)
