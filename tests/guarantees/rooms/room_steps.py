"""What people do in several rooms, step by step, each answer compared with the oracle's."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
)

from chat.rules.instants import to_wire
from chat.rules.room_rules import RESETS
from tests.guarantees.rooms.clients import Follower
from tests.guarantees.rooms.comparison import Compared
from tests.guarantees.rooms.message_oracle import DAY_MS, Marks, No, Said
from tests.guarantees.rooms.requests import ask
from tests.guarantees.rooms.room_oracle import Room

PROCESSES = st.integers(0, 2)
PEOPLE = st.integers(0, 5)
ACTORS = st.integers(0, 9)
"""One of the people, or somebody who has a say in the room: else most of what is asked would be refused."""

ROOMS = st.integers(0, 3)
ROLES = st.sampled_from(["member", "member", "moderator", "owner"])
NAMES = st.one_of(st.none(), st.sampled_from(["m1", "m2", "m3"]))
TEXTS_SAID = ("hi", "ho")
TEXTS = st.sampled_from(TEXTS_SAID)
ACTS = (
    *("joinRoom", "leaveRoom", "addMember", "addMember", "removeMember"),
    *("banMember", "unbanMember", "setRole", "muteMember"),
)
TURNS: tuple[str | int, ...] = (
    *(1, 300, 3_000, 12_000, 40_000, 3 * DAY_MS, 8 * DAY_MS, 31 * DAY_MS, 61 * DAY_MS, 91 * DAY_MS),
    *("early", "right", "late", "a new process", "a new process", "delete all", "delete half"),
)
LIMITS = st.sampled_from([1, 1, 2, 100])
PLACES = st.integers(0, 20)


class Steps(RuleBasedStateMachine):
    """The steps that change something."""

    client: Any

    def __init__(self) -> None:
        super().__init__()
        self.world = Compared(self.client)
        self.refused: dict[tuple[int, str, str], float] = {}
        self.seen: set[tuple[int, str, str, str]] = set()
        self.repeats: dict[tuple[int, str, str], int] = {}
        self.followers: list[Follower] = []

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def rooms_are_made(self) -> None:
        """A private one, a public one and a guild's, and something is said in them."""
        ann, bob, cat, dan, _, root = self.world.users
        run = self.world.run
        self.world.makes(0, ann, f"den-{run}", [bob, cat, dan])
        self.world.makes(0, bob, f"hall-{run}", [ann, cat], public=True)
        self.world.makes(1, root, f"GUILD#{run}", [ann, dan])
        den = self.world.room(0)
        for user in (bob, cat):
            self._act(0, den, "setRole", ann, user, "moderator")
        for room in self.world.rooms.values():
            for user in room.active()[:2]:
                self._send(0, user, room, None, "hi")

    # messages

    @rule(number=PROCESSES, who=ACTORS, place=ROOMS, name=NAMES, text=TEXTS)
    def somebody_sends(self, number: int, who: int, place: int, name: str | None, text: str) -> None:
        room = self.world.room(place)
        self._send(number, self.world.actor(room, who), room, name, text)

    @rule(number=PROCESSES, place=ROOMS, count=st.integers(2, 5))
    def members_send_several(self, number: int, place: int, count: int) -> None:
        room = self.world.room(place)
        for index in range(count):
            people = room.active()
            self._send(number, people[index % len(people)], room, None, "hi")

    @rule(number=PROCESSES, place=ROOMS, index=PLACES, text=st.one_of(st.none(), TEXTS))
    def somebody_retries(self, number: int, place: int, index: int, text: str | None) -> None:
        room = self.world.room(place)
        if room.said:
            each = room.said[-1 - index % len(room.said)]
            self._send(number, each.sender, room, each.name, text or each.raw)

    def _send(self, number: int, user: str, room: Room, name: str | None, text: str) -> None:
        key, count = (number, user, room.id), len(room.said)
        from_memory = self._may_refuse_from_memory(key, name)
        doubtful = from_memory or isinstance(deepcopy(room).send(self.now, user, name, text), No)
        before = self.world.dump(room.id) if doubtful else None
        asked = {"roomId": room.id, "text": text, "clientMessageId": name}
        answer = ask(self.world.processes[number], user, "sendMessage", **asked)
        if from_memory and answer == No("RateLimited"):
            assert self.world.dump(room.id) == before
            return
        expected = room.send(self.now, user, name, text)
        if isinstance(expected, Said) and len(room.said) == count:
            expected = self._within_budget(key, room, expected)
        before = before if isinstance(expected, No) else None
        self.world.settle(user, "sendMessage", room, expected, answer, before)
        if expected == No("RateLimited"):
            self.refused.setdefault(key, self.world.clock.monotonic())
        if isinstance(expected, Said):
            self.world.clients[user].marks(room.id, expected.seq)
        if name and expected not in (No("NotRoomMember"), No("Muted"), No("RateLimited")):
            self.seen.add((*key, name))

    def _may_refuse_from_memory(self, key: tuple[int, str, str], name: str | None) -> bool:
        """For two seconds after the store refused this person, and not for a name that the process has seen."""
        if self.world.clock.monotonic() - self.refused.get(key, -10.0) > 2:
            self.refused.pop(key, None)
            return False
        return name is None or (*key, name) not in self.seen

    def _within_budget(self, key: tuple[int, str, str], room: Room, earlier: Said) -> Said | No:
        now = round(self.world.clock.monotonic() * 1_000_000)
        tat = room.rules.taken(room.people[key[1]].role, self.repeats.get(key, 0), now)
        if tat is None:
            return No("RateLimited")
        self.repeats[key] = tat
        return earlier

    @rule(
        number=PROCESSES,
        place=ROOMS,
        acts=st.lists(
            st.tuples(st.sampled_from([*TEXTS_SAID, None]), ACTORS, PLACES), min_size=1, max_size=3
        ),
        own=st.booleans(),
    )
    def messages_are_changed(
        self, number: int, place: int, acts: list[tuple[str | None, int, int]], own: bool
    ) -> None:
        """Edited or, without a text, removed; by their senders, or by anybody."""
        room = self.world.room(place)
        for text, who, index in acts if room.said else ():
            each = room.said[-1 - index % len(room.said)]
            user = each.sender if own else self.world.actor(room, who)
            if text:
                expected = room.edit(self.now, user, each.seq, text)
                self.world.do(number, user, "editMessage", room, expected, id=each.id, text=text)
            else:
                expected = room.remove_message(self.now, user, each.seq)
                self.world.do(number, user, "removeMessage", room, expected, id=each.id)

    # people

    @rule(
        number=PROCESSES,
        place=ROOMS,
        acts=st.lists(st.tuples(st.sampled_from(ACTS), ACTORS, ACTORS, ROLES), min_size=2, max_size=8),
    )
    def people_come_and_go(self, number: int, place: int, acts: list[tuple[str, int, int, str]]) -> None:
        room = self.world.room(place)
        for verb, who, whom, role in acts:
            user = self.world.actor(room, who)
            other = self.world.user(whom) if verb == "joinRoom" else self.world.actor(room, whom)
            self._act(number, room, verb, user, other, role)

    def _act(self, number: int, room: Room, verb: str, user: str, other: str, role: str) -> None:
        do = self.world.do
        if verb == "joinRoom":
            do(number, other, verb, room, room.join(other))
        elif verb == "leaveRoom":
            do(number, user, verb, room, room.leave(user))
        elif verb == "addMember":
            do(number, user, verb, room, room.add(user, other, role), userId=other, role=role.upper())
        elif verb == "setRole":
            do(number, user, verb, room, room.set_role(user, other, role), userId=other, role=role.upper())
        elif verb == "muteMember":
            until = {"member": None, "moderator": self.now + 2_000, "owner": self.now + DAY_MS}[role]
            expected = room.mute(user, other, until or 0)
            do(number, user, verb, room, expected, userId=other, until=until and to_wire(until))
        else:
            expected = getattr(room, verb.removesuffix("Member"))(user, other)
            do(number, user, verb, room, expected, userId=other)

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
        room = self.world.room(place)
        user = self.world.actor(room, who)
        room.lapse(self.now)
        self.world.do(number, user, "updateRoom", room, room.update(user, given), **given)

    @rule(
        number=PROCESSES,
        who=ACTORS,
        place=st.integers(0, 4),
        public=st.booleans(),
        others=st.sets(PEOPLE, max_size=3),
    )
    def somebody_makes_a_room(
        self, number: int, who: int, place: int, public: bool, others: set[int]
    ) -> None:
        """Another one, or one that is there."""
        names = [*self.world.rooms, f"annex-{self.world.run}", f"GUILD#2-{self.world.run}"]
        user, name = self.world.user(who), names[place]
        members = [self.world.user(each) for each in sorted(others)]
        self.world.makes(number, user, name, members, public=public and "GUILD#" not in name)

    # receipts

    @rule(
        number=PROCESSES,
        place=ROOMS,
        acts=st.lists(
            st.tuples(ACTORS, st.integers(-1, 3), st.sampled_from(["read", "in private", "delivered"])),
            min_size=1,
            max_size=3,
        ),
    )
    def people_mark(self, number: int, place: int, acts: list[tuple[int, int, str]]) -> None:
        room = self.world.room(place)
        for who, back, how in acts:
            self._mark(number, room, self.world.actor(room, who), max(len(room.said) - back, 0), how)

    def _mark(self, number: int, room: Room, user: str, seq: int, how: str) -> None:
        read, private = how != "delivered", how == "in private"
        expected = room.mark(user, seq, read=read, private=private)
        more = {"private": private} if read else {}
        verb = "markRead" if read else "markDelivered"
        answer = self.world.do(number, user, verb, room, expected, seq=seq, **more)
        if isinstance(expected, Marks) and answer:
            told = (answer["userId"], answer["readSeq"], answer["deliveredSeq"])
            assert told == (user, expected.told, expected.delivered)
            assert answer["roomId"] in ((None,) if private else (None, room.id))
            assert answer["epoch"] == (room.epoch if answer["roomId"] else None)
            if read:
                self.world.clients[user].marks(room.id, seq)

    @rule(number=PROCESSES, who=PEOPLE, back=st.integers(0, 3))
    def somebody_is_heard_of(self, number: int, who: int, back: int) -> None:
        """What their client says that it has is delivered, in the rooms that they are in."""
        user = self.world.user(who)
        rooms = {name: max(len(room.said) - back, 0) for name, room in self.world.rooms.items()}
        named = [{"roomId": name, "seq": seq} for name, seq in rooms.items()]
        answer = ask(self.world.processes[number], user, "heartbeat", rooms=named)
        for state in () if answer == No("RateLimited") else answer["rooms"]:
            room = self.world.rooms[state["roomId"]]
            assert state["left"] == (room.person(user) is None)
            if not state["left"]:
                room.mark(user, rooms[room.id], read=False)
                told = (state["seq"], state["rev"], state["epoch"], state["unread"])
                assert told == (len(room.said), room.rev, room.epoch, room.unread(user))

    # the world

    @rule(number=PROCESSES, turns=st.lists(st.sampled_from(TURNS), min_size=1, max_size=2))
    def the_world_turns(self, number: int, turns: list[str | int]) -> None:
        """Time passes (ms), or the clock jumps, a process is replaced, or what has expired is deleted."""
        for turn in turns:
            if isinstance(turn, int):
                self.world.clock.sleep(turn / 1_000)
            elif turn == "a new process":
                self._replace(number)
            elif turn.startswith("delete"):
                self.world.delete_expired(1 if turn == "delete half" else 0)
            else:
                self.world.jump({"early": -5_000, "right": 0, "late": 5_000}[turn])

    def _replace(self, number: int) -> None:
        self.world.processes[number] = self.world.process()
        self.refused = {key: at for key, at in self.refused.items() if key[0] != number}
        self.repeats = {key: at for key, at in self.repeats.items() if key[0] != number}
        self.seen = {each for each in self.seen if each[0] != number}
