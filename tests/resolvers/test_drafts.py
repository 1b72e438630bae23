"""Query.drafts: what the caller is writing, of the rooms that they are in, and nobody else's."""

import time
import uuid

import pytest

from tests.resolvers.composed import composed
from tests.resolvers.harness import Harness
from tests.resolvers.test_save_draft import save

EVENT = "Query.drafts"


def test_all_of_ones_own_are_listed_page_by_page(harness: Harness) -> None:
    user = f"u-{uuid.uuid4()}"
    assert harness.invoke(harness.event(EVENT, user)) == {"items": [], "nextToken": None}
    guild = harness.room({user: "owner"}, guild=True)
    rooms = sorted(harness.room({user: "owner"}) for _ in range(2))
    saved = [save(harness, room, f"to {room}", user=user) for room in (guild, *rooms)]
    wanted = [{**each, "saved": None} for each in saved]
    assert harness.run(harness.event(EVENT, user), writes=[]) == {"items": wanted, "nextToken": None}
    found, token = [], None
    while True:
        page = harness.invoke(harness.event(EVENT, user, limit=1, nextToken=token))
        found += page["items"]
        token = page["nextToken"]
        if token is None:
            break
    assert found == wanted
    assert harness.invoke(harness.event(EVENT, "mallory"))["items"] == []


def test_what_is_deleted_expired_or_of_a_room_that_one_is_not_in_is_none(harness: Harness) -> None:
    user = f"u-{uuid.uuid4()}"
    kept, gone, old, banned, ended, earlier = (harness.room({user: "owner"}) for _ in range(6))
    for room in (kept, gone, old, banned, ended, earlier):
        first = save(harness, room, "hi", user=user)
        if room == gone:
            save(harness, room, None, first["rev"], user)
    harness.change("lobby", f"USER#{user}", f"DRAFT#ROOM#{old}", expiresAt=int(time.time()) - 5)
    harness.member(banned, user, status="banned")
    harness.head(ended, endedAt=5)
    harness.member(earlier, user, joinedSeq=3)
    page = harness.invoke(harness.event(EVENT, user))
    assert [each["roomId"] for each in page["items"]] == [kept]


def test_a_deployment_keeps_drafts_for_as_long_as_it_says(harness: Harness) -> None:
    user = f"u-{uuid.uuid4()}"
    room = harness.room({user: "owner"})
    with composed(harness, DRAFT_DAYS="7"):
        first = save(harness, room, "hi", user=user)
        stored = harness.item("lobby", f"DRAFT#ROOM#{room}", user)
        assert (stored["expiresAt"] - stored["savedAt"] / 1_000) / 86_400 == pytest.approx(7, abs=0.01)
    # From when it was 90 days, and eight days old: gone at once where it is 7 now, though DynamoDB keeps it.
    saved = stored["savedAt"] - 8 * 86_400_000
    ends = saved // 1_000 + 90 * 86_400
    harness.change("lobby", f"USER#{user}", f"DRAFT#ROOM#{room}", savedAt=saved, expiresAt=ends)
    listed = harness.event(EVENT, user)
    assert [each["text"] for each in harness.invoke(listed)["items"]] == ["hi"]
    with composed(harness, DRAFT_DAYS="7"):
        assert harness.invoke(listed)["items"] == []
        again = save(harness, room, "ho", user=user)
        assert (again["saved"], again["text"]) == (True, "ho")
        assert again["rev"] > first["rev"]


def test_a_token_is_its_owners(harness: Harness) -> None:
    user = f"u-{uuid.uuid4()}"
    for _ in range(2):
        save(harness, harness.room({user: "owner"}), "hi", user=user)
    token = harness.invoke(harness.event(EVENT, user, limit=1))["nextToken"]
    harness.refused(harness.event(EVENT, "mallory", nextToken=token), "InvalidInput", argument="nextToken")


@pytest.mark.parametrize("limit", [0, 101, "7", True])
def test_a_limit_that_is_none_is_refused(harness: Harness, limit: object) -> None:
    harness.refused(harness.event(EVENT, limit=limit), "InvalidInput", argument="limit", max=100)
