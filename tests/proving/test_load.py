"""Load against the sample: of a sound chat nothing is lost, twice or out of order, whatever is missed live; each chat that
loses, doubles or disorders is red by what it does."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proving.__main__ import main
from proving.load.command import Request, load
from proving.load.plan import BadLoad, schedule
from proving.servers.designs import DESIGNS
from proving.servers.serve import people
from proving.servers.store import Message, Store
from proving.servers.wire import serving

from .altered import AlteredServer, AlterFrame, instead, twice
from .conftest import SAMPLE

SEED = 20_261_129


def as_it_is(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame]


def every(number: int) -> AlterFrame:
    """Of the frames that bring a message each so-and-so-many-th does not come."""
    seen = 0

    def alter(frame: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal seen
        seen += frame["type"] == "data"
        return [] if frame["type"] == "data" and seen % number == 0 else [frame]

    return alter


@asynccontextmanager
async def serving_store(
    folder: Path, store: Store, frames: AlterFrame = as_it_is
) -> AsyncIterator[dict[str, Any]]:
    """What a request says of a chat that is served. Nothing of a run is left there."""
    present, tokens = people(), folder / "tokens"
    tokens.write_text("".join(f"{each.user_id} {each.token}\n" for each in present), encoding="utf-8")
    server = AlteredServer(store, {each.token: each.user_id for each in present}, frames=frames)
    async with serving(server) as url:
        yield {"url": url, "tokens": tokens, "mapping": SAMPLE, "seed": SEED}
        assert server.store.conversations == {}


async def loaded(
    folder: Path, design: str, frames: AlterFrame = as_it_is, **more: Any
) -> tuple[int, dict[str, Any]]:
    """The status, and the report."""
    out, progress, report = io.StringIO(), io.StringIO(), folder / "load.json"
    usual = {
        "people": 6,
        "rooms": 2,
        "rate": 40.0,
        "seconds": 2.0,
        "reads": 5.0,
        "joins": 1.0,
        "repeats": 0.1,
        "patience_s": 60.0,
    }
    async with serving_store(folder, DESIGNS[design](), frames) as where:
        request = Request(**where, **usual | more, is_go=True, json=report, html=folder / "load.html")
        status = await load(request, out, progress)
    print(out.getvalue(), progress.getvalue())
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return status, found


async def test_a_sound_chat_is_right_and_what_a_storm_hid_is_repaired(tmp_path: Path) -> None:
    status, found = await loaded(tmp_path, "sound")
    totals = found["totals"]
    assert (status, totals["lost"], totals["twice"], totals["disorder"]) == (0, 0, 0, 0)
    assert found["acknowledged"] == 80
    assert totals["live"] + totals["repaired"] == 80 * 3
    assert found["begun"] == {"send": 80, "repeat": 8, "read": 10, "join": 2, "storm": 1}
    latencies = found["latencies"]
    assert {kind: latencies[kind]["count"] for kind in ("send", "read", "join", "storm")} == {
        "send": 80, "read": 10, "join": 2, "storm": 6,
    }  # fmt: skip
    assert latencies["live"]["count"] == totals["live"] > 0
    assert (found["refused"], found["unanswered"], found["leftBehind"]) == ([], {}, [])


async def test_no_run_asks_for_more_than_its_estimate_where_all_is_told_live(tmp_path: Path) -> None:
    _, found = await loaded(tmp_path, "sound", storms=0)
    assert found["totals"]["repaired"] == 0
    for name in ("operations", "updates", "minutes", "dollars"):
        assert 0 < found["spent"][name] <= found["estimate"][name]


async def test_the_page_needs_nothing_beside_itself_and_has_both_plots(tmp_path: Path) -> None:
    await loaded(tmp_path, "sound", seconds=1.0)
    page = (tmp_path / "load.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 * 2  # for wide and for narrow screens
    assert page.count("<polyline") == 2 * 4
    for words in (
        "seconds since the beginning",
        "latency in milliseconds",
        "live p50",
        "send p99",
        "a storm",
    ):
        assert words in page
    assert '<rect class="bar"' in page
    assert "0 lost, 0 twice, 0 out of order" in page
    assert not re.search(r"<script|src=|href=|url\(|@import", page)


async def test_what_does_not_come_live_is_repaired_and_not_lost(tmp_path: Path) -> None:
    status, found = await loaded(tmp_path, "sound", every(5), storms=0)
    assert (status, found["totals"]["lost"]) == (0, 0)
    assert found["totals"]["repaired"] == found["latencies"]["repaired"]["count"] > 20


async def test_frames_that_the_protocol_does_not_have_are_counted(tmp_path: Path) -> None:
    """Of each listener one before the storm, and one after it."""
    status, found = await loaded(tmp_path, "sound", instead("ka", "boom"), joins=0)
    assert (status, found["faults"]) == (0, 12)


RED: dict[str, tuple[str, AlterFrame]] = {
    "unconditional-put": ("lost", as_it_is),
    "no-idempotency": ("twice", as_it_is),
    "client-timestamp": ("disorder", as_it_is),
    "sound": ("twice", twice),
}
"""What is red by which count: designs, and a sound one whose live events are doubled on their way."""


@pytest.mark.parametrize("design", RED)
async def test_a_chat_that_loses_or_doubles_or_disorders_is_red_by_that_count_alone(
    tmp_path: Path, design: str
) -> None:
    count, frames = RED[design]
    status, found = await loaded(tmp_path, design, frames)
    totals = found["totals"]
    assert status == 1
    assert {name for name in ("lost", "twice", "disorder") if totals[name]} == {count}
    assert any(each[count] for each in found["wrongListeners"])


async def test_who_cannot_read_on_after_what_they_have_loses_what_was_not_told(tmp_path: Path) -> None:
    status, found = await loaded(tmp_path, "after-by-time", every(3), storms=0)
    assert (status, found["totals"]["lost"] > 0) == (1, True)


class Gated(Store):
    """Nobody's send is served until the gate opens, but for the first ones, from before a run."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def send(self, user: str, conversation_id: str, id_: str, content: str, created_at: str) -> Message:
        if content.startswith("load"):
            await self.gate.wait()
        return await super().send(user, conversation_id, id_, content, created_at)


@dataclass
class Opener(io.StringIO):
    """Opens a gate with the first line of progress, which comes a second after the beginning."""

    gate: asyncio.Event

    def write(self, text: str) -> int:
        self.gate.set()
        return super().write(text)


async def test_what_is_late_counts_from_the_instant_that_it_was_meant_for(tmp_path: Path) -> None:
    """Whoever waits for each answer before the next send would measure one late send, and not forty."""
    store = Gated()
    async with serving_store(tmp_path, store) as where:
        request = Request(**where, rate=40, seconds=1, storms=0, is_go=True, json=tmp_path / "load.json")
        assert await load(request, io.StringIO(), Opener(store.gate)) == 0
    found = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    meant = sorted(each.at for each in schedule(request.load) if each.kind == "send")
    least_ms = [1_000 * (1 - at) for at in meant]
    assert found["latencies"]["send"]["ms"]["max"] >= max(least_ms)
    assert found["latencies"]["send"]["ms"]["p50"] >= sorted(least_ms)[len(meant) // 2 - 1]


async def test_the_command_does_it_where_it_is_told_to_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving_store(tmp_path, DESIGNS["sound"]()) as where:
        options = ["--url", where["url"], "--tokens", str(where["tokens"]), "--mapping", str(SAMPLE)]
        options += ["--people", "4", "--rate", "20", "--seconds", "2", "--seed", str(SEED), "--go"]
        assert await asyncio.to_thread(main, ["load", *options]) == 0
    printed = capsys.readouterr()
    assert "0 lost, 0 twice, 0 out of order" in printed.out
    assert f"Seed {SEED}." in printed.out
    assert "1/2 s" in printed.err


# Before anything is asked


def request_of(folder: Path, **more: Any) -> Request:
    (folder / "tokens").write_text("ann a\nben b\ncleo c\n", encoding="utf-8")
    given: dict[str, Any] = {"url": "http://127.0.0.1:1/graphql", "mapping": SAMPLE, "seed": 7, **more}
    return Request(tokens=folder / "tokens", **given)


async def test_without_go_it_says_what_would_be_done_and_asks_nobody(tmp_path: Path) -> None:
    out = io.StringIO()
    assert await load(request_of(tmp_path, people=100, rooms=4), out, io.StringIO()) == 0
    said = out.getvalue()
    for part in (
        "100 people listen in 4 rooms",
        "150 sends",
        "Seed 7",
        "operations",
        "$0.",
        "2026",
        "--go does it",
    ):
        assert part in said


@pytest.mark.parametrize(
    "more",
    [
        {"people": 2_001}, {"rooms": 101}, {"rate": 501}, {"seconds": 3_601},
        {"url": "https://chat.example.com/graphql", "owned": ("chat.example.com",), "dollars": 0.0001},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_too_much_is_refused_before_anything_is_asked(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    with pytest.raises(BadLoad):
        await load(request_of(tmp_path, is_go=True, **more), io.StringIO(), io.StringIO())


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--url", "https://chat.example.com/graphql"], 2, "--i-own-this chat.example.com"),
        (["--url", "https://chat.example.com/graphql", "--i-own-this", "example.com"], 2, "--i-own-this chat.example.com"),
        (["--url", "https://chat.example.com/graphql", "--i-own-this", "chat.example.com"], 0, ""),
        (["--url", "http://127.0.0.1:1/graphql", "--people", "5000"], 2, "--people is 1 to 2,000"),
        (["--url", "http://127.0.0.1:1/graphql", "--go"], 2, "no answer"),
    ],
)  # fmt: skip
def test_the_command_refuses_by_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int, said: str
) -> None:
    (tmp_path / "tokens").write_text("ann secret1\nben secret2\ncleo secret3\n", encoding="utf-8")
    assert main(["load", "--tokens", str(tmp_path / "tokens"), "--mapping", str(SAMPLE), *options]) == status
    printed = capsys.readouterr()
    assert said in printed.err
    assert "secret" not in printed.err + printed.out
