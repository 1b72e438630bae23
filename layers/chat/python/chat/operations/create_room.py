"""Make a room."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import ADMIN, Access
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.generations import in_generation
from chat.rules.models import NOT_ADOPTED, Caller, Head, Item, Member, Role
from chat.rules.record import record
from chat.rules.room_rules import check_rules, clean_name, default_history, with_history
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.rooms import RESERVED, Room, is_user_id
from chat.rules.tally import Tally
from chat.steps.blocks import block_place, refuse_blocked
from chat.steps.listing import count_members
from chat.steps.new_room import founding, is_occupied, room_writes
from chat.steps.person_marks import marks_of, read_marks, still_not_erased
from chat.steps.quota import (
    NO_QUOTA,
    Quota,
    adding,
    charge_added_room,
    charge_making,
    charge_room,
    check_added_rooms,
    check_adding,
    check_making,
    check_own_rooms,
    quota_place,
)
from chat.steps.retry import until_committed
from chat.storage.aws import Cancelled, ConditionFailed, StoreFailure
from chat.storage.items import values
from chat.storage.places import Found, head_place, membership_place
from chat.storage.tables import Write

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutPeople, AskAboutText

MAX_OTHERS = 40


def create_room(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Room` for a room that `arguments` (`roomId`, `name`, `visibility`, `historyFrom`, `members`) describe,
    made now, or before by the same caller.

    Raises `InvalidInput`, `NotAllowed` (`reserved`, `role`, `taken`, `tooManyRooms`, `cannotBeAdded`), `RateLimited`,
    `ServiceUnavailable`, and what the deployment's own rules say.
    """
    plan = _check(deployment, caller, arguments)
    hooks = deployment.before_text(tally), deployment.may_add(tally)

    def judged() -> _Plan:
        return _judged(plan, caller, *hooks)

    return until_committed(deployment, tally, lambda: _RoomCreation(deployment, plan, judged).step())


@record(frozen=True, slots=True)
class _Plan:
    """A room as it is asked for. `named`: by the caller, so that it may be there already."""

    room: Room
    named: bool
    creator: str
    by_admin: bool
    members: Mapping[str, Role]
    rules: Mapping[str, str | float]

    @property
    def others(self) -> Sequence[str]:
        """Those whom the creator puts there."""
        return [user_id for user_id in self.members if user_id != self.creator]


def _check(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any]) -> _Plan:
    """Raises `InvalidInput`, and `NotAllowed` for guilds' rooms and for ids of direct ones; reads nothing."""
    named = arguments.get("roomId") is not None
    room = Room.parse(arguments["roomId"] if named else deployment.new_id(deployment.now()))
    if room.id.startswith(RESERVED):
        raise NotAllowed("room.reserved", reason="reserved")
    asked = {name: arguments.get(name) for name in ("name", "visibility", "historyFrom")}
    ruled = {**default_history(deployment.history_from), **with_history(check_rules(room, asked), None)}
    rules = {name: value for name, value in ruled.items() if value is not None}
    others = arguments.get("members")
    others = [] if others is None else others
    if not (isinstance(others, list) and all(is_user_id(user_id) for user_id in others)):
        raise InvalidInput("room.userId", argument="members")
    members: dict[str, Role] = {caller.user_id: "owner"}
    for user_id in others:
        members.setdefault(user_id, "member")
    if len(members) > MAX_OTHERS + 1:
        raise InvalidInput("room.firstMembers", argument="members", max=MAX_OTHERS)
    by_admin = ADMIN in caller.roles
    if room.type == "guild" and not by_admin:
        raise NotAllowed("room.role", reason="role")
    return _Plan(room, named, caller.user_id, by_admin, members, rules)


def _judged(
    plan: _Plan, caller: Caller, before_text: "AskAboutText | None", may_add: "AskAboutPeople | None"
) -> _Plan:
    """The plan as the deployment's own rules leave it. Raises what they say."""
    asked = Access(NOT_ADOPTED.ruled(plan.rules), Member(role="owner"))
    if before_text and isinstance(name := plan.rules.get("name"), str):
        name = before_text("room_name", name, clean_name, plan.room, asked, caller)
        plan = replace(plan, rules={**plan.rules, "name": name})
    if may_add:
        may_add({user_id: plan.members[user_id] for user_id in plan.others}, plan.room, asked, caller)
    return plan


class _RoomCreation:
    """One attempt: look, judge, commit. `judged` gives the plan as the deployment's own rules leave it."""

    def __init__(self, deployment: Deployment, plan: _Plan, judged: Callable[[], _Plan]) -> None:
        self._deployment = deployment
        self._plan = plan
        self._judged = judged
        self._now = deployment.now()
        self._quotas: Mapping[str, Quota] = {}
        self._found: Found = {}

    def step(self) -> dict[str, Any] | None:
        """The room, or `None` when others came first. Raises the refusal."""
        room, creator = self._plan.room, self._plan.creator
        head_at, mine = head_place(room), membership_place(room, creator)
        quotas = {user_id: quota_place(user_id) for user_id in self._plan.members}
        blocks = [block_place(user_id, creator) for user_id in self._plan.others]
        places = [head_at, mine, *quotas.values(), *blocks]
        found = self._found = self._deployment.store.tables.batch(places, consistent=True)
        self._quotas = {each: Quota.found(found.get(place)) or NO_QUOTA for each, place in quotas.items()}
        head, member = found.get(head_at), found.get(mine)
        return self._made_before(head, member) or self._charged(taken=bool(head or member))

    def _made_before(self, head_item: Item | None, member_item: Item | None) -> dict[str, Any] | None:
        """The room that is there, for its creator, who is in it yet."""
        head = Head.found(head_item)
        member = Member.found(member_item)
        is_ours = head is not None and head.created_by == self._plan.creator and not head.ended_at
        if not (is_ours and head and member and member.status == "active"):
            return None
        return self._answer(head, member, count_members(self._deployment.store, self._plan.room))

    def _charged(self, *, taken: bool) -> dict[str, Any] | None:
        """The room, made now. Being told why there is none costs as much: else ids could be tried for nothing."""
        plan, quota = self._plan, self._quotas[self._plan.creator]
        check_making(quota, self._now)
        if not plan.by_admin:
            check_adding(adding(self._deployment), quota, len(plan.others), self._now)
        try:
            return self._make(taken=taken)
        except NotAllowed:
            try:
                self._deployment.store.tables.update(charge_making(plan.creator, quota, self._now))
            except ConditionFailed:
                return None
            raise

    def _make(self, *, taken: bool) -> dict[str, Any] | None:
        plan, deployment = self._plan, self._deployment
        if taken or (plan.named and is_occupied(deployment.store, plan.room)):
            raise NotAllowed("room.taken", reason="taken")
        if not plan.by_admin:
            check_own_rooms(self._quotas[plan.creator], self._now)
            refuse_blocked(self._found, plan.others, plan.creator)
            for user_id in plan.others:
                check_added_rooms(self._quotas[user_id], self._now)
        found = read_marks(deployment.store, plan.members)
        marks = {user_id: marks_of(found, user_id) for user_id in plan.members}
        plan = self._judged()
        own = {**plan.rules, "createdBy": plan.creator}
        invites = deployment.adding_needs_consent and not plan.by_admin
        origin = founding(deployment, plan.creator)
        writes = room_writes(plan.room, plan.members, own, origin, plan.others, invited=invites, marks=marks)
        head = Head.of(in_generation(values(writes[0].set), deployment.store.tables.generation))
        try:
            looks = [still_not_erased(found, plan.creator)]
            deployment.store.tables.transact([*writes, self._charge(), *looks])
        except Cancelled as cancelled:
            if _refused_by_people(cancelled):
                raise NotAllowed("room.taken", reason="taken") from None
            return None
        self._count_others()
        return self._answer(head, Member(role="owner"), 1 if invites else len(plan.members))

    def _charge(self) -> Write:
        """What the room takes from its creator, in its transaction."""
        creator, quota = self._plan.creator, self._quotas[self._plan.creator]
        if self._plan.by_admin:
            return charge_making(creator, quota, self._now)
        return charge_room(creator, quota, adding(self._deployment), len(self._plan.others), self._now)

    def _count_others(self) -> None:
        """Count the room for those who were put into it. A transaction has no space for that, so it comes after: what
        is lost lets others put them into a room more."""
        if self._plan.by_admin:
            return
        charges = [charge_added_room(each, self._quotas[each], self._now) for each in self._plan.others]
        for _ in self._deployment.threads().map(self._try, charges):
            pass

    def _try(self, write: Write) -> None:
        with suppress(StoreFailure):
            self._deployment.store.tables.update(write)

    def _answer(self, head: Head, member: Member, member_count: int) -> dict[str, Any]:
        me = member_to_wire(self._plan.creator, member, self._now)
        return room_to_wire(
            self._plan.room, head, self._deployment.defaults, me=me, member_count=member_count
        )


def _refused_by_people(cancelled: Cancelled) -> bool:
    """Whether nothing but memberships stood in the way: left from a room of this name that never had a
    head."""
    head, _, *people, rate, erased = (code == "ConditionalCheckFailed" for code, _ in cancelled.reasons)
    return any(people) and not (head or rate or erased)
