"""What other tests have left that would be counted."""

from typing import Any

import pytest

from tests.guarantees.support.fixtures import partition


@pytest.fixture(autouse=True)
def no_holds(client: Any) -> None:
    for item in partition(client, "gg_core", "HOLDS"):
        client.delete_item(TableName="gg_core", Key={name: item[name] for name in ("PK", "SK")})
