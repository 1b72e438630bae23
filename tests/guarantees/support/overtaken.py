"""Two who write at once, without threads: the order in which they meet is given."""

from collections.abc import Callable
from typing import Any


class Overtaken:
    """A client before whose first update something else happens, so that what was read is there no more."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self._client = client
        self._happens: Callable[[], object] | None = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return self._client.update_item(**request)
