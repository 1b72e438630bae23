"""Pieces of an export: what lies in the person's own partition, and their picture."""

from chat.rules.export_files import MOST_LINES, FileRecord, lines_file, skipped, to_line
from chat.rules.export_lines import ITEM_KINDS, item_line
from chat.rules.people import Profile
from chat.rules.rooms import Table
from chat.steps.export_context import Export
from chat.steps.export_copies import copied
from chat.storage.items import is_expired
from chat.storage.places import profile_place
from chat.storage.uploads import avatar_key


def items(
    export: Export, number: int, kind_at: int, table_at: int, start: str | None, page: int
) -> FileRecord:
    """A page of one kind of items in one table."""
    kind = ITEM_KINDS[kind_at]
    table: Table = kind.tables[table_at]
    found, position = export.retried(
        lambda: export.deployment.store.tables.query_page(
            table,
            export.partition_key,
            kind.low,
            kind.high,
            forward=True,
            count=MOST_LINES,
            consistent=True,
            start=start,
        )
    )
    if position is not None:
        following = ["items", kind_at, table_at, position, page + 1]
    elif table_at + 1 < len(kind.tables):
        following = ["items", kind_at, table_at + 1, None, 1]
    elif kind_at + 1 < len(ITEM_KINDS):
        following = ["items", kind_at + 1, 0, None, 1]
    else:
        following = ["messages", "core", None, 0]
    lines = [item_line(kind, item) for item in found if not is_expired(item, export.begun_s)]
    if not lines:
        return export.put(number, skipped(to_line(following)))
    name = f"person/{kind.name}-{table}-{page:06d}.jsonl"
    return export.put(number, lines_file(name, kind.name, lines, to_line(following)))


def picture(export: Export, number: int) -> FileRecord:
    """The person's uploaded picture, if there is one."""
    following, place = to_line(["schema"]), profile_place(export.request.user_id)
    profile = Profile.found(export.retried(lambda: export.deployment.store.tables.get(place)))
    if profile is None or profile.avatar_id is None:
        return export.put(number, skipped(following))
    key = avatar_key(export.request.user_id, profile.avatar_id)
    return copied(export, number, key, profile.avatar_id, "picture", following)
