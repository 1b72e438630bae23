"""Pieces of an export that are about the others: the index, what lines hold, the manifest and its signature."""

import json
from collections.abc import Sequence

from chat.rules.export_files import SKIPPED, FileRecord, lines_file, to_line, whole_file
from chat.rules.export_lines import schema
from chat.rules.export_manifest import MANIFEST, SIGNATURE, manifest_of, public_key_of, signature_of
from chat.rules.export_pages import IndexPage, index_name, index_page
from chat.rules.export_words import WORDS
from chat.rules.instants import to_wire
from chat.steps.export_context import Export

NAMED = "attachmentsNamed"
"""How many files the messages name: as many as there are of the kind `attachment`, but for those that are gone."""
AT_ONCE = 200
"""Pieces that a page of the index, or a part of the manifest, is about: each is looked at by itself."""


def schema_file(export: Export, number: int) -> FileRecord:
    content = (json.dumps(schema(), indent=1, sort_keys=True) + "\n").encode()
    following = to_line(["index", 0, 1, number])
    return export.put(
        number, whole_file("schema.json", "schema", content, "application/schema+json", following)
    )


def index(export: Export, number: int, language_at: int, page: int, total: int) -> FileRecord:
    """A page of the index in one language, about the first `total` pieces."""
    language, is_last = list(WORDS)[language_at], page * AT_ONCE >= total
    if not is_last:
        following = ["index", language_at, page + 1, total]
    elif language_at + 1 < len(WORDS):
        following = ["index", language_at + 1, 1, total]
    else:
        following = ["manifest", 1, number]
    content = index_page(
        IndexPage(
            language=language,
            number=page,
            is_last=is_last,
            user_id=export.request.user_id,
            request_id=export.request.request_id,
            begun=to_wire(export.request.begun_at),
            files=_files(export, page, total),
        )
    )
    name = index_name(language, page)
    return export.put(number, whole_file(name, "index", content, "text/html", to_line(following)))


def manifest(export: Export, number: int, part: int, total: int) -> FileRecord:
    """A part of the manifest, about some of the first `total` pieces."""
    files = _files(export, part, total)
    counts = {"files": len(files), "bytes": sum(each.size for each in files)}
    for each in files:
        counts[each.kind] = counts.get(each.kind, 0) + (1 if each.lines is None else each.lines)
        counts[NAMED] = counts.get(NAMED, 0) + each.files
    following = ["sealed", total + 1] if part * AT_ONCE >= total else ["manifest", part + 1, total]
    lines = [to_line(each.to_manifest()) for each in files]
    name = f"manifest-{part:06d}.jsonl"
    return export.put(number, lines_file(name, "manifest", lines, to_line(following), counts=counts))


def sealed(export: Export, number: int, first: int) -> FileRecord:
    """The manifest, which names its parts: the pieces from `first` on."""
    parts = [export.record(each) for each in range(first, number)]
    request, key = export.request, public_key_of(export.deployment.export_key())
    content = manifest_of(request.request_id, request.user_id, request.begun_at, parts, key)
    following = to_line(["signature"])
    return export.put(number, whole_file(MANIFEST, "manifest", content, "application/json", following))


def signature(export: Export, number: int) -> FileRecord:
    """The signature of the manifest, which is the piece before it. It is the last."""
    content = signature_of(export.deployment.export_key(), export.read_whole(number - 1))
    return export.put(number, whole_file(SIGNATURE, "signature", content, "text/plain"))


def _files(export: Export, page: int, total: int) -> Sequence[FileRecord]:
    """The files among a page of the first `total` pieces."""
    numbers = range((page - 1) * AT_ONCE + 1, min(page * AT_ONCE, total) + 1)
    return [each for each in map(export.record, numbers) if each.kind != SKIPPED]
