"""A sound chat is green; each wrong design is red by the lines that name what is wrong with it, and by no other."""

import pytest

from proving.servers.designs import KNOWN_BAD
from proving.servers.store import Store

from .conftest import failed, reasons, results_of, run_against

RED: dict[str, tuple[str, set[str]]] = {
    "client-timestamp": ("chat.send.order", set()),
    "unconditional-put": ("chat.send.at-once", {"chat.read.pages"}),
    "no-idempotency": ("chat.send.repeat", {"chat.send.mismatch", "chat.unread.repeat"}),
    "after-by-time": ("chat.read.after", {"chat.live.reconnect"}),
    "no-fence": ("chat.removed.live", set()),
    "partial-selection": ("chat.live.selection", set()),
    "unread-counter": ("chat.unread.mark", {"chat.unread.repeat"}),
    "cursor-without-tie-break": ("chat.read.pages", set()),
}
"""The line that is red by each design, and those that may be red with it: what follows from the same fault."""


async def test_a_sound_chat_is_green_and_nothing_of_it_is_left() -> None:
    async with run_against("sound") as (run, server):
        results = await results_of(run)
        assert reasons(results) == []
        assert {each.status for each in results.values()} == {"pass", "skip"}
        assert server.store.conversations == {}
        assert server.sockets == []


@pytest.mark.parametrize("design", KNOWN_BAD, ids=lambda each: each.name)
async def test_a_wrong_design_is_red_by_the_line_that_names_it(design: type[Store]) -> None:
    right, others = RED[design.name]
    async with run_against(design.name) as (run, _):
        results = await results_of(run)
    red = failed(results)
    assert right in red
    assert red <= {right, *others}, reasons(results)


def test_every_known_bad_design_has_its_line() -> None:
    assert RED.keys() == {each.name for each in KNOWN_BAD}


async def test_what_is_skipped_says_why() -> None:
    async with run_against("sound") as (run, _):
        results = await results_of(run, "chat.change.*", "chat.removed.ban")
    assert {each.status for each in results.values()} == {"skip"}
    assert all("the mapping has no operation" in each.reason for each in results.values())
