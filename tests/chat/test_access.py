"""Who gets a room: those who are in it, once it has a head; all others alike do not."""

import pytest

from chat.access import Access, View, open_history, open_room
from chat.errors import NotAllowed, NotRoomMember
from chat.models import Head, Member, Role

HEAD = Head(rev=1, seq=0, ts=0, epoch=1)


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_every_active_member_gets_the_room(role: Role) -> None:
    member = Member(role=role, status="active")
    assert open_room(View(HEAD, member)) == Access(HEAD, member)
    assert open_history(View(HEAD, member)) == HEAD


def test_somebody_muted_is_still_in_the_room() -> None:
    member = Member(muted_until=10**13)
    assert open_room(View(HEAD, member)).member == member


@pytest.mark.parametrize(
    "view",
    [
        View(None, None),
        View(None, Member(status="banned")),
        View(HEAD, None),
        View(HEAD, Member(status="banned")),
        View(HEAD, Member(role="owner", status="banned")),
    ],
    ids=["no room", "banned before the room was adopted", "no membership", "banned", "banned owner"],
)
def test_no_room_no_membership_and_a_ban_answer_alike(view: View) -> None:
    for opening in (open_room, open_history):
        with pytest.raises(NotRoomMember) as caught:
            opening(view)
        assert str(caught.value) == str(NotRoomMember())


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_a_room_without_a_head_is_read_and_nothing_else(role: Role) -> None:
    view = View(None, Member(role=role))
    assert open_history(view) is None
    with pytest.raises(NotAllowed) as caught:
        open_room(view)
    assert caught.value.values == {"reason": "notMigrated"}
