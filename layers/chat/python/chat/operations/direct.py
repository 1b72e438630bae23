"""The direct room of two people: found, made, or entered again."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import Access, RoomAccess
from chat.rules.arguments import check_user
from chat.rules.direct import direct_room, other_of, pair_attribute
from chat.rules.errors import NotAllowed
from chat.rules.generations import in_generation
from chat.rules.models import NOT_ADOPTED, Caller, Head, Member, Notice, NoticeKind
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.blocks import refuse_blocked, still_not_blocked
from chat.steps.new_room import founding, room_writes
from chat.steps.newcomer import Newcomer, charge_addition, charge_joining, read_newcomer
from chat.steps.person_marks import marks_of, still_not_erased
from chat.steps.quota import (
    adding,
    charge_added_room,
    charge_making,
    charge_own_room,
    charge_room,
    check_added_rooms,
    check_adding,
    check_making,
    check_own_rooms,
)
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import add_writes, invite_writes
from chat.storage.aws import ConditionFailed, TransientFailure
from chat.storage.items import values
from chat.storage.tables import Write

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutPeople


def direct(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Room` of the caller and the person whom `arguments` (`userId`) name: the one that they have, or made
    now. Whichever of them has left it comes back: the caller by themself, the other as `addMember` would add them.

    What holds for people holds for administrators, who are in it as anybody is. Raises `InvalidInput`, `NotAllowed`
    (oneself, `cannotBeAdded`, `tooManyRooms`), `RateLimited`, `ServiceUnavailable`, and what a rule of the deployment's
    own says.
    """
    user_id = check_user(arguments)
    if user_id == caller.user_id:
        raise NotAllowed("room.self", reason="self")
    room = direct_room(deployment.direct_key(), caller.user_id, user_id)
    meeting = _Meeting(deployment, room, caller, user_id, deployment.may_add(tally))
    return until_room_is_changed(deployment, tally, room, meeting.step)


class _Meeting:
    """The caller and the other on their way into their room."""

    def __init__(
        self,
        deployment: Deployment,
        room: Room,
        caller: Caller,
        user_id: str,
        may_add: "AskAboutPeople | None",
    ) -> None:
        self._deployment = deployment
        self._room = room
        self._caller = caller
        self._user_id = user_id
        self._may_add = may_add

    def step(self) -> dict[str, Any] | None:
        """The room, where both are; else one of them comes, and it has to be looked at again (`None`)."""
        seen = read_newcomer(self._deployment, self._room, self._caller, self._user_id, mutual=True)
        head, mine, theirs = seen.view.head, seen.view.member, seen.person
        if head is None:
            return self._made(seen)
        if other_of(head, self._caller.user_id) != self._user_id:
            # What is left of one that another service has removed, or the room of somebody who was erased since.
            raise NotAllowed("room.cannotBeAdded", reason="cannotBeAdded")
        is_here = mine is not None and mine.status == "active"
        if theirs is not None and theirs.status in ("active", "invited"):
            if mine and is_here:
                return self._answer(head, mine, theirs)
            self._come(seen, head)
            return None
        # What keeps the other out is said before the caller comes back.
        entry = RoomAccess(head, mine if is_here else None, "member")
        added, charges = self._addition(seen, entry)
        if is_here:
            self._add(seen, head, added, charges)
        else:
            self._come(seen, head)
        return None

    def _check_blocks(self, seen: Newcomer) -> list[Write]:
        """Whether neither has blocked the other, and the looks at that at the commit. Raises `NotAllowed`, which does not
        tell who has."""
        mine, theirs = self._caller.user_id, self._user_id
        refuse_blocked(seen.found, [theirs], mine)
        refuse_blocked(seen.found, [mine], theirs)
        return [still_not_blocked(theirs, mine), still_not_blocked(mine, theirs)]

    def _ask(self, entry: Access | RoomAccess) -> None:
        if self._may_add:
            self._may_add({self._user_id: "member"}, self._room, entry, self._caller)

    def _made(self, seen: Newcomer) -> dict[str, Any]:
        """The room, made now. Being told why there is none costs as much, as in `createRoom`."""
        deployment, now = self._deployment, self._deployment.now()
        check_making(seen.callers, now)
        check_adding(adding(deployment), seen.callers, 1, now)
        try:
            check_own_rooms(seen.callers, now)
            looks = self._check_blocks(seen)
            marks = {each: marks_of(seen.found, each) for each in (self._caller.user_id, self._user_id)}
            check_added_rooms(seen.persons, now)
            self._ask(Access(NOT_ADOPTED, Member()))
        except NotAllowed:
            self._charge_refused(seen, now)
            raise
        mine, theirs, invites = self._caller.user_id, self._user_id, deployment.adding_needs_consent
        writes = room_writes(
            self._room,
            {mine: "member", theirs: "member"},
            {"direct": pair_attribute(mine, theirs)},
            founding(deployment, mine),
            [theirs],
            invited=invites,
            marks=marks,
        )
        looks += [still_not_erased(seen.found, each) for each in marks]
        charges = [
            charge_room(mine, seen.callers, adding(deployment), 1, now),
            charge_added_room(theirs, seen.persons, now),
        ]
        deployment.store.tables.transact([*writes, *charges, *looks])
        head = Head.of(in_generation(values(writes[0].set), deployment.store.tables.generation))
        return self._answer(head, Member(), Member(status="invited" if invites else "active"))

    def _charge_refused(self, seen: Newcomer, now: int) -> None:
        """Raises `TransientFailure` where others of theirs are charged at the same time: then it is judged again."""
        try:
            self._deployment.store.tables.update(charge_making(self._caller.user_id, seen.callers, now))
        except ConditionFailed:
            raise TransientFailure("ConditionalCheckFailed") from None

    def _addition(self, seen: Newcomer, entry: RoomAccess) -> tuple[Mapping[str, int], list[Write]]:
        """What it takes to add the other, who has left. Raises the refusal."""
        looks = self._check_blocks(seen)
        marks = marks_of(seen.found, self._user_id)
        added, charges = charge_addition(self._deployment, self._caller, entry, self._user_id, seen)
        self._ask(entry)
        return {**added, **marks}, [*charges, looks[1], still_not_erased(seen.found, self._user_id)]

    def _add(self, seen: Newcomer, head: Head, added: Mapping[str, int], charges: Sequence[Write]) -> None:
        invites = self._deployment.adding_needs_consent
        comes = invite_writes if invites else add_writes
        kind: NoticeKind = "MEMBER_INVITED" if invites else "MEMBER_ADDED"
        writes = comes(self._room, self._user_id, seen.person, "member", head.seq, added)
        self._commit(head, kind, self._user_id, [*writes, *charges])

    def _come(self, seen: Newcomer, head: Head) -> None:
        """The caller comes back, or accepts the other's invitation."""
        mine, user_id, now, charges = seen.view.member, self._caller.user_id, self._deployment.now(), []
        looks = [*self._check_blocks(seen), still_not_erased(seen.found, user_id)]
        marks = marks_of(seen.found, user_id)
        if mine is None:
            check_own_rooms(seen.callers, now)
            charges = [charge_own_room(user_id, seen.callers, now)]
        more = {**charge_joining(mine, now), **marks}
        writes = add_writes(self._room, user_id, mine, "member", head.seq, more)
        self._commit(head, "MEMBER_JOINED", user_id, [*writes, *charges, *looks])

    def _commit(self, head: Head, kind: NoticeKind, user_id: str, writes: Sequence[Write]) -> None:
        notice = Notice(kind=kind, user_id=user_id, role="member")
        revision = next_revision(self._deployment, self._room, head, self._caller, notice)
        commit(self._deployment, revision, writes)

    def _answer(self, head: Head, mine: Member, theirs: Member) -> dict[str, Any]:
        user_id, deployment = self._caller.user_id, self._deployment
        me = member_to_wire(user_id, mine, deployment.now())
        count = 1 + (theirs.status == "active")
        return room_to_wire(self._room, head, deployment.defaults, viewer=user_id, me=me, member_count=count)
