"""`make chaos` against this API: nothing is lost, stored twice or told to whoever may not know it, whatever the network does."""

import io
import uuid
from pathlib import Path

import pytest

from proving.chaos.command import Request, chaos

from .conftest import Api

pytestmark = pytest.mark.timeout(120)
SEED = 20_261_128


async def test_a_round_of_faults_changes_nothing_of_what_is_promised(api: Api, tmp_path: Path) -> None:
    mark, tokens, out = uuid.uuid4().hex[:12], tmp_path / "tokens", io.StringIO()
    names = [f"{name}-{mark}" for name in ("ann", "ben", "cleo")]
    tokens.write_text("".join(f"{name} {api.token(name)}\n" for name in names), encoding="utf-8")
    request = Request(api.url, tokens, seed=SEED, faults=20, rooms=1, trials=0)
    status = await chaos(request, out)
    print(out.getvalue())
    assert status == 0
    assert "12 passed, 0 failed, 0 skipped" in out.getvalue()
