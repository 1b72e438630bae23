"""Chaos against the sample: a sound chat stays right under every fault, and each wrong design is red by its line."""

import io
import json
from pathlib import Path

import pytest

from proving.chaos.command import BadChaos, Request, chaos
from proving.chaos.faults import BadSchedule
from proving.servers.designs import KNOWN_BAD
from proving.servers.serve import people, server_of
from proving.servers.store import Store
from proving.servers.wire import serving

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


async def said(folder: Path, design: str, **more: object) -> tuple[int, str]:
    """The status, and what was printed."""
    present, tokens, out = people(), folder / "tokens", io.StringIO()
    tokens.write_text("".join(f"{each.user_id} {each.token}\n" for each in present), encoding="utf-8")
    async with serving(server_of(design, present)) as url:
        given = {"seed": SEED, "rooms": 2, "trials": 2, **more}
        status = await chaos(Request(url, tokens, mapping=SAMPLE, **given), out)  # type: ignore[arg-type]
    print(out.getvalue())
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


async def test_a_schedule_is_one_round_of_these_faults_alone(tmp_path: Path) -> None:
    """The report says which."""
    path = tmp_path / "found.json"
    status, text = await said(
        tmp_path, "sound", rooms=1, schedule="0/send/1:cut=5,1/call/1:drop=5", json=path
    )
    told = json.loads(path.read_text(encoding="utf-8"))["chaos"]
    assert told.pop("sends") > 0
    assert told == {
        "seed": SEED, "rounds": 1, "faults": {"cut": 1, "drop": 1}, "isEnough": True, "schedule": "",
    }  # fmt: skip
    assert status == 0
    assert "2 faults (1 cut, 1 drop)" in text


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
    tmp_path: Path, more: dict[str, object], wrong: type[Exception]
) -> None:
    with pytest.raises(wrong):
        await said(tmp_path, "sound", **more)
