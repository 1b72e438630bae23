"""What users do in several rooms, step by step, each answer compared with the oracle's."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
)

from chat.operations.run_jobs import run_jobs
from chat.rules.instants import to_wire
from chat.rules.room_rules import RESETS
from chat.rules.tally import Tally
from tests.guarantees.rooms.clients import Follower
from tests.guarantees.rooms.comparison import ComparedRooms
from tests.guarantees.rooms.message_oracle import Markers, Refusal, StoredMessage
from tests.guarantees.rooms.requests import call
from tests.guarantees.rooms.room_oracle import RoomOracle
from tests.guarantees.rooms.rooms_under_test import ASKING
from tests.guarantees.support.fixtures import DAY_MS

PROCESSES = st.integers(0, 2)
USERS = st.integers(0, 5)
ACTORS = st.integers(0, 9)
"""One of the users, or a member with a role in the room: else most requests would be refused."""

ROOMS = st.integers(0, 3)
ROLES = st.sampled_from(["member", "member", "moderator", "owner"])
NAMES = st.one_of(st.none(), st.sampled_from(["m1", "m2", "m3"]))
TEXT_VALUES = ("hi", "ho")
TEXTS = st.sampled_from(TEXT_VALUES)
MEMBER_MUTATIONS = (
    *("joinRoom", "leaveRoom", "addMember", "addMember", "removeMember"),
    *("banMember", "unbanMember", "setRole", "muteMember"),
)
DISTURBANCES: tuple[str | int, ...] = (
    *(1, 300, 3_000, 12_000, 40_000, 3 * DAY_MS, 8 * DAY_MS, 31 * DAY_MS, 61 * DAY_MS, 91 * DAY_MS),
    *("early", "right", "late", "a new process", "a new process", "delete all", "delete half"),
)
LIMITS = st.sampled_from([1, 1, 2, 100])
PLACES = st.integers(0, 20)


class Steps(RuleBasedStateMachine):
    """The steps that change something."""

    client: Any
    publish: str

    def __init__(self) -> None:
        super().__init__()
        self.chat = ComparedRooms(self.client, self.publish)
        self.refused: dict[tuple[int, str, str], float] = {}
        self.seen: set[tuple[int, str, str, str]] = set()
        self.repeats: dict[tuple[int, str, str], int] = {}
        self.followers: list[Follower] = []

    @property
    def now(self) -> int:
        return self.chat.clock.now()

    def rooms_are_made(self) -> None:
        """A private one, a public one and a guild's, each with messages."""
        ann, bob, cat, dan, _, root = self.chat.users
        run = self.chat.run
        self.chat.create_room(0, ann, f"private-{run}", [bob, cat, dan])
        self.chat.create_room(0, bob, f"public-{run}", [ann, cat], public=True)
        self.chat.create_room(1, root, f"GUILD#{run}", [ann, dan])
        private = self.chat.room(0)
        for user in (bob, cat):
            self._change_members(0, private, "setRole", ann, user, "moderator")
        for room in self.chat.rooms.values():
            for user in room.active_members()[:2]:
                self._send(0, user, room, None, "hi")

    # messages

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, name=NAMES, text=TEXTS)
    def somebody_sends(self, number: int, who: int, place: int, name: str | None, text: str) -> None:
        room = self.chat.room(place)
        self._send(number, self.chat.actor(room, who), room, name, text)

    @rule(number=PROCESSES, place=ROOMS, count=st.integers(2, 5))
    def members_send_several(self, number: int, place: int, count: int) -> None:
        room = self.chat.room(place)
        for index in range(count if room.active_members() else 0):
            members = room.active_members()
            self._send(number, members[index % len(members)], room, None, "hi")

    @rule(number=PROCESSES, place=ROOMS, index=PLACES, text=st.one_of(st.none(), TEXTS))
    def somebody_retries(self, number: int, place: int, index: int, text: str | None) -> None:
        room = self.chat.room(place)
        if room.messages:
            each = room.messages[-1 - index % len(room.messages)]
            self._send(number, each.was_sent_by or each.sender, room, each.name, text or each.raw)

    def _send(self, number: int, user: str, room: RoomOracle, name: str | None, text: str) -> None:
        key, count = (number, user, room.id), len(room.messages)
        from_memory = self._may_refuse_from_memory(key, name)
        may_be_refused = from_memory or isinstance(deepcopy(room).send(self.now, user, name, text), Refusal)
        before = self.chat.stored_items(room.id) if may_be_refused else None
        arguments = {"roomId": room.id, "text": text, "clientMessageId": name}
        answer = call(self.chat.processes[number], user, "sendMessage", **arguments)
        if from_memory and answer == Refusal("RateLimited"):
            assert self.chat.stored_items(room.id) == before
            return
        expected = room.send(self.now, user, name, text)
        if isinstance(expected, StoredMessage) and len(room.messages) == count:
            expected = self._within_budget(key, room, expected)
        before = before if isinstance(expected, Refusal) else None
        self.chat.compare_answer(user, "sendMessage", room, expected, answer, before)
        if expected == Refusal("RateLimited"):
            self.refused.setdefault(key, self.chat.clock.monotonic())
        if name and expected not in (Refusal("NotRoomMember"), Refusal("Muted"), Refusal("RateLimited")):
            self.seen.add((*key, name))

    def _may_refuse_from_memory(self, key: tuple[int, str, str], name: str | None) -> bool:
        """For two seconds after the store refused this person, and not
        for a name that the process has seen."""
        if self.chat.clock.monotonic() - self.refused.get(key, -10.0) > 2:
            self.refused.pop(key, None)
            return False
        return name is None or (*key, name) not in self.seen

    def _within_budget(
        self, key: tuple[int, str, str], room: RoomOracle, earlier: StoredMessage
    ) -> StoredMessage | Refusal:
        now = round(self.chat.clock.monotonic() * 1_000_000)
        tat = room.rules.next_tat(room.members[key[1]].role, self.repeats.get(key, 0), now)
        if tat is None:
            return Refusal("RateLimited")
        self.repeats[key] = tat
        return earlier

    @rule(
        number=PROCESSES,
        place=ROOMS,
        changes=st.lists(
            st.tuples(st.sampled_from([*TEXT_VALUES, None]), ACTORS, PLACES), min_size=1, max_size=3
        ),
        by_sender=st.booleans(),
    )
    def messages_are_changed(
        self, number: int, place: int, changes: list[tuple[str | None, int, int]], by_sender: bool
    ) -> None:
        """Edited or, without a text, removed; by their senders, or by anybody."""
        room = self.chat.room(place)
        for text, who, index in changes if room.messages else ():
            each = room.messages[-1 - index % len(room.messages)]
            user = each.sender if by_sender else self.chat.actor(room, who)
            if text:
                expected = room.edit(self.now, user, each.seq, text)
                self.chat.mutate(number, user, "editMessage", room, expected, id=each.id, text=text)
            else:
                expected = room.remove_message(self.now, user, each.seq)
                self.chat.mutate(number, user, "removeMessage", room, expected, id=each.id)

    # members

    @rule(
        number=PROCESSES,
        place=ROOMS,
        changes=st.lists(
            st.tuples(st.sampled_from(MEMBER_MUTATIONS), ACTORS, ACTORS, ROLES), min_size=2, max_size=8
        ),
    )
    def memberships_change(self, number: int, place: int, changes: list[tuple[str, int, int, str]]) -> None:
        room = self.chat.room(place)
        for verb, who, target, role in changes:
            user = self.chat.actor(room, who)
            other = self.chat.user(target) if verb == "joinRoom" else self.chat.actor(room, target)
            self._change_members(number, room, verb, user, other, role)

    def _change_members(
        self, number: int, room: RoomOracle, verb: str, user: str, other: str, role: str
    ) -> None:
        mutate = self.chat.mutate
        room.end_kept_bans(self.now)
        if verb == "joinRoom":
            mutate(number, other, verb, room, room.join(other))
        elif verb == "leaveRoom":
            mutate(number, user, verb, room, room.leave(user))
        elif verb == "addMember":
            expected = room.add(self.now, user, other, role, asks=number == ASKING)
            mutate(number, user, verb, room, expected, userId=other, role=role.upper())
        elif verb == "setRole":
            mutate(
                number, user, verb, room, room.set_role(user, other, role), userId=other, role=role.upper()
            )
        elif verb == "muteMember":
            until = {"member": None, "moderator": self.now + 2_000, "owner": self.now + DAY_MS}[role]
            expected = room.mute(user, other, until or 0)
            mutate(number, user, verb, room, expected, userId=other, until=until and to_wire(until))
        else:
            expected = getattr(room, verb.removesuffix("Member"))(user, other)
            mutate(number, user, verb, room, expected, userId=other)

    @rule(
        number=PROCESSES,
        who=ACTORS,
        place=ROOMS,
        given=st.fixed_dictionaries(
            {},
            optional={
                "slowModeSeconds": st.sampled_from([0, 30, None]),
                "retentionDays": st.sampled_from([7, 40, None]),
                "name": st.sampled_from(["The room", "A room", None]),
                "visibility": st.sampled_from(["PUBLIC", "PRIVATE"]),
                "reset": st.lists(st.sampled_from(list(RESETS)), max_size=3),
            },
        ),
    )
    def rules_change(self, number: int, who: int, place: int, given: dict[str, Any]) -> None:
        room = self.chat.room(place)
        user = self.chat.actor(room, who)
        room.note_expired(self.now)
        self.chat.mutate(number, user, "updateRoom", room, room.update(self.now, user, given), **given)

    @rule(
        number=PROCESSES,
        who=ACTORS,
        place=st.integers(0, 4),
        public=st.booleans(),
        others=st.sets(USERS, max_size=3),
    )
    def somebody_makes_a_room(
        self, number: int, who: int, place: int, public: bool, others: set[int]
    ) -> None:
        """A new one, or one that exists."""
        names = [*self.chat.rooms, f"third-{self.chat.run}", f"GUILD#2-{self.chat.run}"]
        user, name = self.chat.user(who), names[place]
        members = [self.chat.user(each) for each in sorted(others)]
        self.chat.create_room(number, user, name, members, public=public and "GUILD#" not in name)

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, dice=st.integers(0, 5))
    def somebody_ends_a_room(self, number: int, who: int, place: int, dice: int) -> None:
        """Seldom: an ended room refuses everything else."""
        room = self.chat.room(place)
        if dice == 0 or room.ended_by is not None:
            user = self.chat.actor(room, who)
            self.chat.mutate(number, user, "deleteRoom", room, room.delete(user))

    @rule(number=PROCESSES)
    def jobs_are_run(self, number: int) -> None:
        """What is left of rooms that have ended is removed."""
        run_jobs(self.chat.processes[number], 1_000.0, Tally())
        for room in self.chat.rooms.values():
            if room.ended_by is not None and not room.is_removed:
                room.remove_stored()

    # receipts

    @rule(
        number=PROCESSES,
        place=ROOMS,
        changes=st.lists(
            st.tuples(ACTORS, st.integers(-1, 3), st.sampled_from(["read", "in private", "delivered"])),
            min_size=1,
            max_size=3,
        ),
    )
    def members_mark(self, number: int, place: int, changes: list[tuple[int, int, str]]) -> None:
        room = self.chat.room(place)
        for who, back, how in changes:
            self._mark(number, room, self.chat.actor(room, who), max(len(room.messages) - back, 0), how)

    def _mark(self, number: int, room: RoomOracle, user: str, seq: int, how: str) -> None:
        read, private = how != "delivered", how == "in private"
        expected = room.mark(user, seq, read=read, private=private)
        more = {"private": private} if read else {}
        verb = "markRead" if read else "markDelivered"
        answer = self.chat.mutate(number, user, verb, room, expected, seq=seq, **more)
        if isinstance(expected, Markers) and answer:
            found = (answer["userId"], answer["readSeq"], answer["deliveredSeq"])
            assert found == (user, expected.shared, expected.delivered)
            assert answer["roomId"] in ((None,) if private else (None, room.id))
            assert answer["epoch"] == (room.epoch if answer["roomId"] else None)

    @rule(number=PROCESSES, who=USERS, back=st.integers(0, 3))
    def a_heartbeat_comes(self, number: int, who: int, back: int) -> None:
        """What the client reports is delivered, in the rooms where its user is a member."""
        user = self.chat.user(who)
        rooms = {name: max(len(room.messages) - back, 0) for name, room in self.chat.rooms.items()}
        named = [{"roomId": name, "seq": seq} for name, seq in rooms.items()]
        answer = call(self.chat.processes[number], user, "heartbeat", rooms=named)
        for state in () if answer == Refusal("RateLimited") else answer["rooms"]:
            room = self.chat.rooms[state["roomId"]]
            assert state["left"] == (room.member(user) is None)
            if not state["left"]:
                room.mark(user, rooms[room.id], read=False)
                found = (state["seq"], state["rev"], state["epoch"], state["unread"])
                assert found == (
                    len(room.messages),
                    room.rev,
                    room.epoch,
                    room.unread(user, self.chat.clock.now()),
                )

    # time and processes

    @rule(number=PROCESSES, disturbances=st.lists(st.sampled_from(DISTURBANCES), min_size=1, max_size=2))
    def time_passes_or_processes_change(self, number: int, disturbances: list[str | int]) -> None:
        """Time passes (ms), or the clock jumps, a process is replaced, or what has expired is deleted."""
        for disturbance in disturbances:
            if isinstance(disturbance, int):
                self.chat.clock.sleep(disturbance / 1_000)
            elif disturbance == "a new process":
                self._replace(number)
            elif disturbance.startswith("delete"):
                self.chat.delete_expired(1 if disturbance == "delete half" else 0)
            else:
                self.chat.jump({"early": -5_000, "right": 0, "late": 5_000}[disturbance])

    def _replace(self, number: int) -> None:
        self.chat.processes[number] = self.chat.process(number)
        self.refused = {key: at for key, at in self.refused.items() if key[0] != number}
        self.repeats = {key: at for key, at in self.repeats.items() if key[0] != number}
        self.seen = {each for each in self.seen if each[0] != number}
