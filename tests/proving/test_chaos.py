"""Chaos against the sample: a sound chat stays right under every fault, and each wrong design is red by its line."""

import asyncio
import io
import itertools
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from proving.chaos.callers import ATTEMPTS, Stubborn, Unanswered
from proving.chaos.command import BadChaos, Request, chaos
from proving.chaos.faults import BadSchedule
from proving.chaos.rounds import Asked, Chaos, casts_of
from proving.endpoint import endpoint
from proving.mapping import load
from proving.people import Person
from proving.servers.designs import KNOWN_BAD
from proving.servers.serve import people, server_of
from proving.servers.store import Store
from proving.servers.wire import Server, serving

from .conftest import SAMPLE

SEED = 20_261_128
RED = {
    "client-timestamp": "chaos.order",
    "unconditional-put": "chaos.lost",
    "no-idempotency": "chaos.twice",
    "after-by-time": "chaos.catch-up",
    "no-fence": "chaos.leaked",
    "partial-selection": "chaos.live",
    "unread-counter": "chaos.unread",
    "cursor-without-tie-break": "chaos.pages",
}


async def said(folder: Path, design: str, *, crowd: int = 0, **more: object) -> tuple[int, str]:
    """The status, and what was printed, after which no room is left. `crowd`: so many people beside the usual three."""
    present, tokens, out = people(), folder / "tokens", io.StringIO()
    present += tuple(Person(f"p{number}", f"token-of-p{number}") for number in range(crowd))
    tokens.write_text("".join(f"{each.user_id} {each.token}\n" for each in present), encoding="utf-8")
    server = server_of(design, present)
    async with serving(server) as url:
        given = {"mapping": SAMPLE, "seed": SEED, "rooms": 2, "trials": 2, **more}
        status = await chaos(Request(url, tokens, **given), out)  # type: ignore[arg-type]
    print(out.getvalue())
    assert server.store.conversations == {}
    return status, out.getvalue()


async def test_a_sound_chat_is_right_whatever_happens(tmp_path: Path) -> None:
    status, text = await said(tmp_path, "sound", faults=100)
    assert (status, "0 failed" in text) == (0, True)


@pytest.mark.parametrize("design", KNOWN_BAD, ids=lambda each: each.name)
async def test_a_wrong_design_is_red_by_its_line(tmp_path: Path, design: type[Store]) -> None:
    status, text = await said(tmp_path, design.name, faults=1_000)
    assert status == 1
    assert f"✗ fail  {RED[design.name]}" in text
    assert "--seed 2026" in text
    assert "the smallest schedule" in text


def test_every_known_bad_design_has_its_line() -> None:
    assert RED.keys() == {each.name for each in KNOWN_BAD}


async def test_rounds_of_several_casts_go_at_once(tmp_path: Path) -> None:
    """As many as are needed, each with people and a seed of its own."""
    status, text = await said(tmp_path, "sound", crowd=9, faults=600, at_once=8, trials=0)
    assert (status, "0 failed" in text) == (0, True)
    assert "3 at once, as ann to p8, 4 in each" in text
    began = [line.split(":")[0] for line in text.splitlines() if line.startswith("round ")]
    assert sorted(began)[:2] == [f"round 1, seed {SEED}", f"round 2, seed {SEED + 1}"]


async def test_what_fails_ends_the_rounds_beside_it_and_leaves_no_room(tmp_path: Path) -> None:
    status, text = await said(tmp_path, "no-idempotency", crowd=9, faults=5_000, trials=1)
    assert (status, "✗ fail  chaos.twice" in text) == (1, True)
    assert text.count("violations\n") - text.count(" 0 violations\n") == 1


async def test_a_round_that_is_cancelled_while_it_makes_rooms_takes_them_away() -> None:
    present = people()
    server = server_of("sound", present)
    async with serving(server) as url, aiohttp.ClientSession() as http:
        asked = Asked(SEED, faults=1, rooms=10, share=0, trials=0, at_once=1, patience_s=20)
        found = Chaos(endpoint(url, None, ()), load(SAMPLE), (present,), http, asked, io.StringIO())
        running = asyncio.create_task(found.round(present, SEED, ()))
        while not server.store.conversations:
            await asyncio.wait([running], timeout=0.001)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert (server.store.conversations, found.left) == ({}, [])


@pytest.mark.parametrize(("failures", "is_answered"), [(3, True), (ATTEMPTS, False)])
async def test_a_failure_of_the_server_is_no_answer(failures: int, is_answered: bool) -> None:
    """The call is made again, as after a lost answer."""
    statuses = itertools.chain(itertools.repeat(503, failures), itertools.repeat(200))

    class Failing(Server):
        async def post(self, request: web.Request) -> web.Response:
            return web.json_response({"data": {"path": request.path}}, status=next(statuses))

    async with serving(Failing(Store(), {})) as url, aiohttp.ClientSession() as http:
        caller = Stubborn(endpoint(url, None, ()), "authorization", http)
        with nullcontext() if is_answered else pytest.raises(Unanswered, match="HTTP 503"):
            assert (await caller.post(None, b"{}")).status == 200
        assert len(caller.failed) == failures


async def test_a_line_that_was_never_judged_does_not_pass(tmp_path: Path) -> None:
    """Here no message can be sent, as where a mapping's document is wrong."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        SAMPLE.read_text(encoding="utf-8").replace("createMessage(", "creatMessage("), encoding="utf-8"
    )
    status, text = await said(tmp_path, "sound", mapping=wrong, faults=1, trials=0)
    assert (status, "0 passed, 1 failed, 11 skipped" in text) == (1, True)


def test_casts_are_of_four_or_of_three_where_there_are_no_more() -> None:
    crowd = [Person(str(number), "token") for number in range(11)]
    assert [[each.user_id for each in cast] for cast in casts_of(crowd[:9])] == [list("0123"), list("4567")]
    assert [len(cast) for cast in casts_of(crowd[:3])] == [3]


async def test_a_schedule_is_one_round_of_these_faults_alone(tmp_path: Path) -> None:
    """The report says which."""
    path = tmp_path / "found.json"
    status, text = await said(
        tmp_path, "sound", rooms=1, schedule="0/send/1:cut=5,1/call/1:drop=5", json=path
    )
    told = json.loads(path.read_text(encoding="utf-8"))["chaos"]
    assert told.pop("sends") > 0
    assert told.pop("seconds") > 0
    assert told == {
        "seed": SEED, "rounds": 1, "faults": {"cut": 1, "drop": 1}, "on": {"send": 1, "call": 1}, "isEnough": True,
        "failedSeed": None, "schedule": "",
    }  # fmt: skip
    assert status == 0
    assert "2 faults (1 cut, 1 drop) on 1 call, 1 send" in text


async def test_what_was_refused_and_comes_again_late_comes_before_its_sender_is_added(tmp_path: Path) -> None:
    """Else it is stored, and rightly, since they are in the room by then."""
    schedule = ",".join(f"2/send/{number}:late=60" for number in range(1, 12))
    status, text = await said(tmp_path, "sound", rooms=1, schedule=schedule)
    assert (status, "0 failed" in text) == (0, True)


async def test_a_plan_says_what_would_be_made_and_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("ann a\nben b\ncleo c\n", encoding="utf-8")
    out = io.StringIO()
    request = Request("http://127.0.0.1:1/graphql", tmp_path / "tokens", mapping=SAMPLE, is_plan=True, seed=7)
    assert await chaos(request, out) == 0
    assert "At most 25 rounds" in out.getvalue()
    assert "Seed 7" in out.getvalue()


@pytest.mark.parametrize(
    ("more", "wrong"),
    [({"faults": 0}, BadChaos), ({"share": 0.9}, BadChaos), ({"schedule": "boom"}, BadSchedule)],
)
async def test_arguments_that_cannot_be_used_are_named(
    tmp_path: Path, more: dict[str, Any], wrong: type[Exception]
) -> None:
    with pytest.raises(wrong):
        await said(tmp_path, "sound", **more)
