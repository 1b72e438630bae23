"""Whatever two people do, they have one direct room, nobody else gets in, and a block closes it for both: any run of steps,
against a model of a few lines. The seed is printed."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from chat.rules.direct import direct_room
from chat.rules.models import Head
from chat.rules.rooms import Room
from chat.steps.roster import read_members
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.chance import seeded
from tests.guarantees.support.fixtures import DIRECT_KEY, Clock, follow, partition, process, store_of

HOURS_3 = 3 * 3_600
STEPS = 60


@dataclass
class Model:
    """The two, what each is to the room (`None`: there is none yet), who blocks the other, and what was sent."""

    people: tuple[str, str]
    consent: bool
    status: dict[str, str | None] = field(default_factory=dict)
    blocks: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)

    def other(self, user: str) -> str:
        return self.people[1 - self.people.index(user)]

    def direct(self, user: str) -> str:
        other = self.other(user)
        are_there = self.status.get(other) in ("active", "invited")
        if self.status.get(user) == "active" and are_there:
            return "ok"
        if self.blocks:
            return "cannotBeAdded"
        self.status[user] = "active"
        if not are_there:
            self.status[other] = "invited" if self.consent else "active"
        return "ok"

    def join(self, user: str) -> str:
        """Accept the other's invitation. Whoever is in it already stays."""
        if self.status.get(user) == "active":
            return "ok"
        if self.status.get(user) != "invited":
            return "NotRoomMember"
        if self.blocks:
            return "cannotBeAdded"
        self.status[user] = "active"
        return "ok"

    def leave(self, user: str) -> str:
        if not self.status:
            return "NotRoomMember"
        self.status[user] = "left"
        return "ok"

    def send(self, user: str, text: str) -> str:
        if self.status.get(user) != "active":
            return "NotRoomMember"
        if self.blocks:
            return "closed"
        self.sent.append(text)
        return "ok"


def word(outcome: Any) -> str:
    """The reason of a refusal, or its name; `ok` without one."""
    return outcome.reason or outcome.code if isinstance(outcome, Refusal) else "ok"


@pytest.mark.parametrize("number", range(4))
def test_any_run_of_two_people_ends_as_the_model_says(client: Any, number: int) -> None:
    chance, clock, consent = seeded(), Clock(), bool(number % 2)
    people = (f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}")
    model, room = Model(people, consent), direct_room(DIRECT_KEY, *people)
    ours = [process(client, clock, adding_needs_consent=consent) for _ in range(2)]
    for step in range(STEPS):
        clock.sleep(HOURS_3)  # so that no rate is in the way
        user = chance.choice(people)
        other, deployment = model.other(user), chance.choice(ours)
        verb = chance.choice(
            ["direct"] * 3 + ["join", "leave"] * 2 + ["send"] * 4 + ["block", "unblock", "meddle"]
        )
        if verb == "direct":
            outcome = call(deployment, user, "direct", userId=other)
            assert word(outcome) == model.direct(user), (step, verb)
            if word(outcome) == "ok":
                assert (outcome["roomId"], outcome["directWith"]) == (room.id, other)
        elif verb == "join":
            assert word(call(deployment, user, "joinRoom", roomId=room.id)) == model.join(user), step
        elif verb == "leave":
            assert word(call(deployment, user, "leaveRoom", roomId=room.id)) == model.leave(user), step
        elif verb == "send":
            text = f"m{step}"
            outcome = call(deployment, user, "sendMessage", roomId=room.id, text=text)
            assert word(outcome) == model.send(user, text), step
        elif verb in ("block", "unblock"):
            assert word(call(deployment, user, f"{verb}User", userId=other)) == "ok"
            (model.blocks.add if verb == "block" else model.blocks.discard)(user)
        else:
            meddled = call(
                deployment,
                who := chance.choice([user, "mallory", "root"]),
                chance.choice(
                    ["addMember", "banMember", "removeMember", "deleteRoom", *["joinRoom"] * (who != user)]
                ),
                roomId=room.id,
                userId=chance.choice([other, "mallory"]),
            )
            assert word(meddled) in ("direct", "NotRoomMember"), (step, meddled)
        check(client, room, model)
    for user in people:
        if model.status.get(user) == "active":
            assert [each.text for each in follow(ours[0], room.id, user, order="OLDEST_FIRST")] == model.sent


def check(client: Any, room: Room, model: Model) -> None:
    head, members = read_members(store_of(client), room, model.people)
    assert {user: each.status for user, each in members.items()} == model.status
    assert {each.role for each in members.values()} <= {"member"}
    if head is None:
        assert not model.status
        return
    assert (head.owners, bool(head.closed_by), head.ended_at) == (0, bool(model.blocks), 0)
    check_revisions(client, room, head)
    lines = {item["SK"]["S"] for item in partition(client, "gg_core", room.partition_key, "MEMBER#")}
    assert lines == {f"MEMBER#{user}" for user, status in model.status.items() if status == "active"}


def check_revisions(client: Any, room: Room, head: Head) -> None:
    """Each revision has its event."""
    events = partition(client, "gg_core", room.partition_key, "EVT#")
    sent = partition(client, "gg_core", room.partition_key, "MSG#")
    told = [int(item["rev"]["N"]) for item in events] + [int(item["sentRev"]["N"]) for item in sent]
    assert sorted(told) == list(range(1, head.rev + 1))


PAIRS = 12


def test_both_at_once_find_one_room(client: Any) -> None:
    clock = Clock()
    ours = [process(client, clock, deadline_s=20.0) for _ in range(2)]
    for _ in range(PAIRS):
        people = (f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}")
        with ThreadPoolExecutor(2) as threads:
            one, other = threads.map(
                lambda number, people=people: call(
                    ours[number], people[number], "direct", userId=people[1 - number]
                ),
                range(2),
            )
        assert one["roomId"] == other["roomId"]
        room = Room.parse(one["roomId"])
        events = partition(client, "gg_core", room.partition_key, "EVT#")
        assert [item["kind"]["S"] for item in events] == ["ROOM_CREATED"]
        assert len(partition(client, "gg_core", room.partition_key, "MEMBER#")) == 2


def test_a_block_that_comes_at_the_same_moment_keeps_it_from_being_made_or_closes_it(client: Any) -> None:
    clock = Clock()
    ours = [process(client, clock, deadline_s=20.0) for _ in range(2)]
    for _ in range(PAIRS):
        one, other = f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}"
        with ThreadPoolExecutor(2) as threads:
            made = threads.submit(call, ours[0], one, "direct", userId=other)
            threads.submit(call, ours[1], other, "blockUser", userId=one).result()
            outcome = made.result()
        head, _ = read_members(store_of(client), direct_room(DIRECT_KEY, one, other), [one])
        if isinstance(outcome, Refusal):
            assert (word(outcome), head) == ("cannotBeAdded", None)
        else:
            assert head
            assert head.closed_by
            sent = call(ours[0], one, "sendMessage", roomId=outcome["roomId"], text="hi")
            assert word(sent) == "closed"


@pytest.mark.parametrize("blocker", [0, 1], ids=["who invited", "who is invited"])
def test_an_invitation_is_not_accepted_against_a_block(client: Any, blocker: int) -> None:
    people = (f"a-{uuid.uuid4()}", f"b-{uuid.uuid4()}")
    asking = process(client, Clock(), adding_needs_consent=True)
    room = call(asking, people[0], "direct", userId=people[1])["roomId"]
    call(asking, people[blocker], "blockUser", userId=people[1 - blocker])
    for verb, named in (("joinRoom", {"roomId": room}), ("direct", {"userId": people[0]})):
        assert word(call(asking, people[1], verb, **named)) == "cannotBeAdded"
    call(asking, people[blocker], "unblockUser", userId=people[1 - blocker])
    assert word(call(asking, people[1], "joinRoom", roomId=room)) == "ok"
