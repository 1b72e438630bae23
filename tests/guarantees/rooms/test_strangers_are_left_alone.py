"""What others do with somebody takes nothing from them: rooms that they are put into use up no room of their own,
and whoever adds people is limited, also in adding those again who have gone."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.block_user import block_user
from chat.operations.create_room import create_room
from chat.operations.delete_room import delete_room
from chat.operations.guild_membership import guild_membership
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.my_rooms import my_rooms
from chat.operations.remove_member import remove_member
from chat.operations.run_jobs import run_jobs
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Caller, Member
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.newcomer import AGAIN
from chat.steps.quota import MAX_ROOMS, ROOMS, Quota, quota_place
from chat.storage.places import membership_place
from chat.storage.tables import Write
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import LOST
from tests.guarantees.support.fixtures import CURSOR_KEYS, NOON, Clock, new_room, process, store_of
from tests.guarantees.support.proxy import Fault, Proxy

HOUR_S = 3_600


@pytest.fixture
def name() -> Callable[[str], str]:
    """Users of this test alone: their quotas are theirs over all rooms."""
    mark = uuid.uuid4().hex[:8]
    return lambda who: f"{who}-{mark}"


def make(deployment: Deployment, who: str, *others: str, roles: str = "") -> str:
    caller = Caller(who, frozenset(filter(None, [roles])))
    room_id = f"{'GUILD#' if roles else ''}r-{uuid.uuid4().hex}"
    return str(create_room(deployment, caller, {"roomId": room_id, "members": [*others]}, Tally())["roomId"])


def do(verb: Callable[..., Any], deployment: Deployment, who: str, room: str, user: str | None = None) -> Any:
    return verb(deployment, Caller(who), {"roomId": room, "userId": user}, Tally())


def quota_of(client: Any, user: str) -> Quota:
    return Quota.found(store_of(client).tables.get(quota_place(user))) or Quota()


def set_quota(client: Any, user: str, **rates: int) -> None:
    store_of(client).tables.update(Write(quota_place(user), set=rates))


def member_of(client: Any, room: str, user: str) -> Member | None:
    return Member.found(store_of(client).tables.get(membership_place(Room.parse(room), user)))


def test_who_was_put_into_a_thousand_rooms_joins_and_makes_others(
    client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    """They could do neither, guilds included."""
    ours, victim, friend = process(client, clock), name("victim"), name("friend")
    set_quota(client, victim, addedTat=clock.ms * 1_000 + (MAX_ROOMS - 2) * ROOMS.step)
    rooms = [make(ours, name("mallory"), victim), new_room(client, members={friend: "owner"})]
    do(add_member, ours, friend, rooms[1], victim)
    another = new_room(client, members={friend: "owner"})
    for refused in (
        lambda: do(add_member, ours, friend, another, victim),
        lambda: make(ours, name("mallory"), victim),
    ):
        with pytest.raises(NotAllowed) as caught:
            refused()
        assert caught.value.values == {"reason": "cannotBeAdded"}
    public = new_room(client, members={friend: "owner"}, settings={"visibility": "public"})
    do(join_room, ours, victim, public)
    mine = make(ours, victim)
    guild = f"g-{uuid.uuid4().hex}"
    assert guild_membership(ours, {"guildId": guild, "add": [{"userId": victim}]}, Tally())["added"] == [
        victim
    ]
    assert quota_of(client, victim).own_tat == clock.ms * 1_000 + 2 * ROOMS.step
    listed = my_rooms(ours, CURSOR_KEYS, Caller(victim), {}, Tally())["items"]
    assert {each["room"]["roomId"]: each["added"] for each in listed} == {
        rooms[0]: True, rooms[1]: True, public: False, mine: False, f"GUILD#{guild}": False,
    }  # fmt: skip
    do(leave_room, ours, victim, rooms[0])
    do(add_member, ours, friend, another, victim)
    for room in (rooms[1], another):
        do(leave_room, ours, victim, room)
    assert quota_of(client, victim).added_tat == clock.ms * 1_000 + (MAX_ROOMS - 2) * ROOMS.step


@pytest.mark.parametrize("how", ["removed", "banned", "the room ends", "by time"])
def test_a_room_that_somebody_was_put_into_counts_no_more_once_it_is_gone(
    client: Any, clock: Clock, name: Callable[[str], str], how: str
) -> None:
    ours, mallory, victim = process(client, clock), name("mallory"), name("victim")
    set_quota(client, victim, addedTat=clock.ms * 1_000 + (MAX_ROOMS - 1) * ROOMS.step)
    room = make(ours, mallory, victim)
    with pytest.raises(NotAllowed):
        make(ours, name("friend"), victim)
    if how == "removed":
        do(remove_member, ours, mallory, room, victim)
    elif how == "banned":
        do(ban_member, ours, mallory, room, victim)
    elif how == "the room ends":
        do(delete_room, ours, mallory, room)
        run_jobs(ours, 1_000.0, Tally())
        run_jobs(ours, 1_000.0, Tally())
    else:
        clock.sleep(ROOMS.step / 1_000_000)
    make(ours, name("friend"), victim)
    with pytest.raises(NotAllowed):
        make(ours, name("friend"), victim)


def test_strangers_are_added_a_hundred_times_in_an_hour_whichever_way(
    client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    ours, mallory = process(client, clock), name("mallory")
    room = make(ours, mallory, *(name(f"p{number}") for number in range(40)))
    make(ours, mallory, *(name(f"q{number}") for number in range(40)))
    for number in range(20):
        do(add_member, ours, mallory, room, name(f"s{number}"))
    for refused in (
        lambda: do(add_member, ours, mallory, room, name("victim")),
        lambda: make(ours, mallory, name("victim")),
    ):
        with pytest.raises(RateLimited) as caught:
            refused()
        assert caught.value.values == {"retryAfterMs": 36_000, "scope": "person"}
    assert member_of(client, room, name("victim")) is None
    make(ours, mallory)
    clock.sleep(36)
    do(add_member, ours, mallory, room, name("victim"))
    with pytest.raises(RateLimited):
        do(add_member, ours, mallory, room, name("another"))


@pytest.mark.parametrize("rival", ["addMember", "createRoom"])
def test_two_who_are_added_at_once_are_both_charged(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, name: Callable[[str], str], rival: str
) -> None:
    ours, mallory = process(client, clock), name("mallory")
    room = make(ours, mallory)
    set_quota(client, mallory, addTat=clock.ms * 1_000 + 99 * 36_000_000)

    def act() -> None:
        if rival == "addMember":
            do(add_member, ours, mallory, room, name("first"))
        else:
            make(ours, mallory, name("first"))

    proxy.once("TransactWriteItems", faults.overtaken(act))
    with pytest.raises(RateLimited):
        do(add_member, process(proxied, clock), mallory, room, name("second"))
    assert member_of(client, room, name("second")) is None
    assert quota_of(client, mallory).add_tat == NOON * 1_000 + HOUR_S * 1_000_000


def test_of_two_rooms_that_are_made_at_once_with_too_many_others_one_is(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    ours, mallory = process(client, clock), name("mallory")
    set_quota(client, mallory, addTat=clock.ms * 1_000 + 98 * 36_000_000)
    proxy.once(
        "TransactWriteItems", faults.overtaken(lambda: make(ours, mallory, name("first"), name("second")))
    )
    with pytest.raises(RateLimited):
        make(process(proxied, clock), mallory, name("third"))
    mine = my_rooms(ours, CURSOR_KEYS, Caller(mallory), {}, Tally())["items"]
    assert len(mine) == 1


def test_who_left_is_dragged_back_three_times_and_then_once_in_two_hours(
    client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    ours, mallory, victim = process(client, clock), name("mallory"), name("victim")
    room = make(ours, mallory, victim)
    for _ in range(3):
        do(leave_room, ours, victim, room)
        do(add_member, ours, mallory, room, victim)
    do(leave_room, ours, victim, room)
    with pytest.raises(RateLimited) as caught:
        do(add_member, ours, mallory, room, victim)
    assert caught.value.values == {"retryAfterMs": 2 * HOUR_S * 1_000, "scope": "person"}
    assert caught.value.key == "room.addedTooOften"
    left = member_of(client, room, victim)
    assert left
    assert (left.status, left.left_by_self) == ("left", 1)
    add_member(ours, Caller("root", frozenset({"admin"})), {"roomId": room, "userId": victim}, Tally())
    do(leave_room, ours, victim, room)
    clock.sleep(2 * HOUR_S)
    do(add_member, ours, mallory, room, victim)
    do(leave_room, ours, victim, room)
    with pytest.raises(RateLimited):
        do(add_member, ours, mallory, room, victim)


def test_who_is_taken_out_and_added_again_in_a_loop_comes_back_sixty_times(
    client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    """Each going makes everybody else subscribe again."""
    ours, mallory, victim = process(client, clock), name("mallory"), name("victim")
    room = make(ours, mallory, victim)
    for _ in range(AGAIN.burst):
        do(remove_member, ours, mallory, room, victim)
        do(add_member, ours, mallory, room, victim)
    do(remove_member, ours, mallory, room, victim)
    with pytest.raises(RateLimited):
        do(add_member, ours, mallory, room, victim)


def test_whoever_comes_back_by_themself_and_is_taken_out_has_not_left(
    client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    ours, olga, ann = process(client, clock), name("olga"), name("ann")
    room = new_room(client, members={olga: "owner", ann: "member"}, settings={"visibility": "public"})
    do(leave_room, ours, ann, room)
    do(join_room, ours, ann, room)
    member = member_of(client, room, ann)
    assert member
    assert (member.added, member.left_by_self, member.again_tat) == (0, 0, 0)
    do(remove_member, ours, olga, room, ann)
    do(add_member, ours, olga, room, ann)
    member = member_of(client, room, ann)
    assert member
    assert (member.added, member.again_tat) == (1, clock.ms * 1_000 + AGAIN.step)


def test_two_who_drag_somebody_back_at_once_are_both_counted(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    """The rate is a condition of its own: the person looks as they did before."""
    ours, olga, victim = process(client, clock), name("olga"), name("victim")
    room = make(ours, olga, victim)
    do(leave_room, ours, victim, room)

    def add_and_leave() -> None:
        do(add_member, ours, olga, room, victim)
        do(leave_room, ours, victim, room)

    proxy.once("TransactWriteItems", faults.overtaken(add_and_leave))
    do(add_member, process(proxied, clock), olga, room, victim)
    member = member_of(client, room, victim)
    assert member
    assert member.again_tat == NOON * 1_000 + 40 * AGAIN.step


def test_a_block_that_comes_while_somebody_is_added_keeps_them_out(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, name: Callable[[str], str]
) -> None:
    ours, mallory, victim = process(client, clock), name("mallory"), name("victim")
    room = make(ours, mallory)
    block = faults.overtaken(lambda: block_user(ours, Caller(victim), {"userId": mallory}, Tally()))
    proxy.once("TransactWriteItems", block)
    with pytest.raises(NotAllowed) as caught:
        do(add_member, process(proxied, clock), mallory, room, victim)
    assert caught.value.values == {"reason": "cannotBeAdded"}
    assert member_of(client, room, victim) is None
    assert quota_of(client, mallory).add_tat == 0


@pytest.mark.parametrize("fault", LOST)
def test_a_block_is_made_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, name: Callable[[str], str], fault: Fault
) -> None:
    victim = name("victim")
    proxy.once("TransactWriteItems", fault)
    block_user(process(proxied, clock), Caller(victim), {"userId": name("mallory")}, Tally())
    assert quota_of(client, victim).block_tat == NOON * 1_000 + 10_000_000
