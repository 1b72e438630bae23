import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.deployment import Failed, Workspace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    is_absent = shutil.which("terraform") is None and not os.environ.get("CI")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))
            item.add_marker(pytest.mark.skipif(is_absent, reason="terraform is not on PATH"))


@pytest.fixture(scope="session")
def wiring(project: Path) -> Any:
    return json.loads((project / "resolvers" / "wiring.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, wiring: Any) -> Workspace:
    """The module's folder, initialised, with a package for each function that only its name makes one, where `make
    package` puts it and the module looks when nobody says otherwise."""
    home = tmp_path_factory.mktemp("workspace")
    wired = (wiring["authorizer"], *wiring["fields"].values(), *wiring["services"].values())
    modules = [each["module"] for each in wired]
    for name in ("layer-chat", "layer-dependencies-arm64", *(f"functions/{module}" for module in modules)):
        package = home / "dist" / f"{name}.zip"
        package.parent.mkdir(parents=True, exist_ok=True)
        package.write_text(name)
    workspace = Workspace(home, at="")
    try:
        workspace.prepare(backend=False)
    except Failed as failure:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"neither the registry nor a folder of providers can be had: {str(failure)[-300:]}")
    return workspace
