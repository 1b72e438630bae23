"""Each game day, with little time for what goes wrong: whatever it checks holds."""

from pathlib import Path

import pytest

from simulator.engine_host import CREDENTIALS
from tests.game_days.__main__ import DAYS, play

SHORT_S = 2.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DAYS)
async def test_everything_holds_that_the_day_checks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for each, value in CREDENTIALS.items():
        monkeypatch.setenv(each, value)
    assert await play(DAYS[name], tmp_path, SHORT_S, seed=1) == []
    shown = capsys.readouterr().out
    assert "check  yes" in shown
    assert "check  NO" not in shown
