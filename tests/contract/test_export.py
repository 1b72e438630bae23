"""An export has every kind of item that is in a person's partition, or says why it has not."""

from chat.rules.export_lines import ITEM_KINDS, NOT_AS_ITEMS
from tests.contract.tables_page import rows


def test_each_kind_of_a_persons_items_is_exported_or_left_out_for_a_reason() -> None:
    own = {row.sort_key for row in rows().values() if row.partition_key == "USER#"}
    exported = {kind.low for kind in ITEM_KINDS}
    assert exported <= own
    assert own - exported == NOT_AS_ITEMS.keys()
