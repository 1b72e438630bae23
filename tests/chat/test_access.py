"""Who gets a room: those who are in it, and all others alike do not."""

import pytest

from chat.access import Access, View, open_room
from chat.errors import NotRoomMember
from chat.models import Head, Member, Role

HEAD = Head(rev=1, seq=0, ts=0, epoch=1)


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_every_active_member_gets_the_room(role: Role) -> None:
    member = Member(role=role, status="active")
    assert open_room(View(HEAD, member)) == Access(HEAD, member)


def test_somebody_muted_is_still_in_the_room() -> None:
    member = Member(muted_until=10**13)
    assert open_room(View(HEAD, member)).member == member


@pytest.mark.parametrize(
    "view",
    [
        View(None, None),
        View(None, Member()),
        View(HEAD, None),
        View(HEAD, Member(status="banned")),
        View(HEAD, Member(role="owner", status="banned")),
    ],
    ids=["no room", "a membership of no room", "no membership", "banned", "banned owner"],
)
def test_no_room_no_membership_and_a_ban_answer_alike(view: View) -> None:
    with pytest.raises(NotRoomMember) as caught:
        open_room(view)
    assert str(caught.value) == str(NotRoomMember())
