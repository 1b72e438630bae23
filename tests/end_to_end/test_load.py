"""`make load` against this API: nothing is lost, told twice or out of order, though everybody reconnects in the middle."""

import io
import json
import uuid
from pathlib import Path

import pytest

from proving.load.command import Request, load

from .conftest import Api

pytestmark = pytest.mark.timeout(120)
SEED = 20_261_129


async def test_a_few_people_miss_nothing_of_what_is_sent_at_fixed_instants(api: Api, tmp_path: Path) -> None:
    mark, tokens, out = uuid.uuid4().hex[:12], tmp_path / "tokens", io.StringIO()
    names = [f"{name}-{mark}" for name in ("ann", "ben", "cleo")]
    tokens.write_text(
        "".join(f"{name} {api.token(name, roles=['admin'])}\n" for name in names), encoding="utf-8"
    )
    request = Request(
        api.url, tokens, people=6, rooms=2, rate=10, seconds=2, reads=2, joins=1, repeats=0.1, seed=SEED,
        is_go=True, json=tmp_path / "load.json",
    )  # fmt: skip
    status = await load(request, out, io.StringIO())
    print(out.getvalue())
    found = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    totals = found["totals"]
    assert (status, totals["lost"], totals["twice"], totals["disorder"]) == (0, 0, 0, 0)
    assert found["begun"] == {"send": 20, "repeat": 2, "read": 4, "join": 2, "storm": 1}
    assert all("ServiceUnavailable" in each["type"] for each in found["refused"]), "but for a busy machine"
    assert totals["live"] + totals["repaired"] >= found["acknowledged"] * 3 > 0
