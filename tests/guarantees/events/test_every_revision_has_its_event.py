"""Whatever moves a room's `rev` leaves one event of that revision, which says what it answered."""

import json
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import pytest

from chat.deployment import Deployment
from chat.operations.guild_membership import guild_membership
from chat.operations.run_jobs import run_jobs
from chat.rules.events import EventKind
from chat.rules.generations import LEAP
from chat.rules.models import Role
from chat.rules.tally import Tally
from simulator.engine import PROJECT
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import VERBS, Wire, call
from tests.guarantees.support.faults import FEW
from tests.guarantees.support.fixtures import FAST, MovingClock, new_room, process
from tests.guarantees.support.proxy import Fault, Proxy
from tests.guarantees.support.revisions import check_every_revision_is_told, stored_events

MEMBERS: Mapping[str, Role] = {"ann": "owner", "eve": "owner", "mo": "moderator", "bob": "member"}
FUTURE = "2100-01-01T00:00:00.000Z"
UNTOLD = {
    "blockUser", "createUpload", "heartbeat", "heartbeats", "markDelivered", "markRead", "react", "publishMessage",
    "liftHold", "publishMine", "revokeSubscriptions", "setHold", "saveDraft", "setNotifications", "typing", "unblockUser", "updateMe",
    "exportMyData", "eraseMe", "withdrawDataRequest", "requestExport", "requestErasure",
}  # fmt: skip
"""Mutations that change no room."""


class Script:
    """Somebody's calls in one room, after each of which its revisions are looked at."""

    def __init__(self, client: Any, ours: Deployment, room: str) -> None:
        self._client, self._ours, self.room = client, ours, room
        self.rev = check_every_revision_is_told(client, room)
        self.verbs: set[str] = set()
        self.kinds: set[str] = {event.kind for event in stored_events(client, room)}

    def __call__(self, who: str, verb: str, *, moved: int = 1, **arguments: Any) -> Wire:
        """Call, and again: the call makes `moved` revisions, the repeat none."""
        answer: Wire = call(self._ours, who, verb, roomId=self.room, **arguments)
        assert not isinstance(answer, Refusal), (verb, answer)
        self.verbs.add(verb)
        assert check_every_revision_is_told(self._client, self.room) == self.rev + moved, verb
        self.rev += moved
        event = stored_events(self._client, self.room)[-1] if moved else None
        if event:
            self.kinds |= {each.kind for each in stored_events(self._client, self.room)}
            assert event.rev == self.rev
            assert event.actor_id == who
            assert event.messages() == ([] if verb == "createRoom" else [answer])
        if verb != "sendMessage" or "clientMessageId" in arguments:
            again = call(self._ours, who, verb, roomId=self.room, **arguments)
            assert not isinstance(again, Refusal), (verb, again)
            assert check_every_revision_is_told(self._client, self.room) == self.rev, verb
        return answer


def mutations() -> set[str]:
    wiring = json.loads((PROJECT / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
    return {name.removeprefix("Mutation.") for name in wiring["fields"] if name.startswith("Mutation.")}


def test_after_every_mutation_the_revisions_are_told_without_a_gap(client: Any) -> None:
    """And every mutation is here that changes a room, and every kind of event."""
    clock = MovingClock()
    ours, asking = process(client, clock), process(client, clock, adding_needs_consent=True)
    run = uuid.uuid4().hex[:10]
    ann, bob, cat, dan, eve = (f"{name}-{run}" for name in ("ann", "bob", "cat", "dan", "eve"))
    room = f"told-{run}"
    assert not isinstance(call(ours, ann, "createRoom", roomId=room, members=[bob]), Refusal)
    script = Script(client, ours, room)
    assert script.rev == 1
    sent = script(ann, "sendMessage", text="one", clientMessageId="c-1")
    script(ann, "editMessage", id=sent["id"], text="uno")
    script(ann, "editMessage", id=sent["id"], text="eins")
    script(ann, "removeMessage", id=sent["id"])
    two = script(bob, "sendMessage", text="two")
    script(ann, "pinMessage", id=two["id"])
    script(ann, "unpinMessage", id=two["id"])
    script(ann, "updateRoom", name="Told", visibility="PUBLIC")
    script(cat, "joinRoom")
    script(ann, "addMember", userId=dan, role="OWNER")
    script(ann, "setRole", userId=bob, role="MODERATOR")
    script(ann, "setRole", userId=bob, role="OWNER")
    script(ann, "setRole", userId=bob, role="MEMBER")
    script(ann, "muteMember", userId=bob, until=FUTURE)
    script(ann, "removeMember", userId=cat)
    script(ann, "banMember", userId=cat)
    script(ann, "unbanMember", userId=cat)
    script(ann, "banMember", userId=bob)
    script(dan, "leaveRoom")
    asked = Script(client, asking, room)
    asked(ann, "addMember", userId=eve)
    asked(eve, "joinRoom")
    asked(eve, "leaveRoom")
    asked(ann, "addMember", userId=cat)
    asked(ann, "removeMember", userId=cat)
    asked(ann, "addMember", userId=dan)
    asked(dan, "leaveRoom")
    alone = Script(client, ours, room)
    alone(ann, "leaveRoom", moved=2)
    other = new_room(client, members={ann: "owner", bob: "member"})
    ended = Script(client, ours, other)
    ended(ann, "deleteRoom")
    check_direct(client, ours)
    verbs = {"createRoom", "direct"} | script.verbs | asked.verbs | alone.verbs | ended.verbs
    assert verbs == mutations() - UNTOLD
    assert verbs | UNTOLD >= VERBS.keys() - {"room", "messagesById", "pins"}
    kinds = script.kinds | asked.kinds | alone.kinds | ended.kinds
    kinds_of_messages = {"MESSAGE_SENT", "MESSAGE_EDITED", "MESSAGE_REMOVED"}
    # tests/migration/, tests/services/test_guild_membership.py, tests/guarantees/reactions/,
    # tests/guarantees/erasure/
    others = {"ROOM_ADOPTED", "GUILD_MEMBERSHIP", "REACTIONS_CHANGED", "ERASED"}
    assert kinds | kinds_of_messages | others == every_kind()


def check_direct(client: Any, ours: Deployment) -> None:
    """Its making, a block, its end, and either's coming back are told; a block by nobody, and to nobody."""
    one, other = (f"{name}-{uuid.uuid4()}" for name in ("one", "other"))
    room = call(ours, one, "direct", userId=other)["roomId"]
    steps: list[tuple[str, str, dict[str, Any]]] = [
        (other, "blockUser", {"userId": one}),
        (other, "unblockUser", {"userId": one}),
        (other, "leaveRoom", {"roomId": room}),
        (one, "direct", {"userId": other}),
        (one, "leaveRoom", {"roomId": room}),
        (one, "direct", {"userId": other}),
    ]
    for number, (who, verb, arguments) in enumerate(steps, start=2):
        assert not isinstance(call(ours, who, verb, **arguments), Refusal), verb
        assert check_every_revision_is_told(client, room) == number
    told = [(event.kind, event.actor_id) for event in stored_events(client, room)]
    assert told == [
        ("ROOM_CREATED", one),
        ("INTERNAL", None),
        ("INTERNAL", None),
        ("MEMBER_LEFT", other),
        ("MEMBER_ADDED", one),
        ("MEMBER_LEFT", one),
        ("MEMBER_JOINED", one),
    ]


def every_kind() -> set[str]:
    """Of `EventKind`, which is a union of literals."""
    found: set[str] = set()
    pending: list[Any] = [EventKind]
    while pending:
        for each in get_args(pending.pop()):
            found.add(each) if isinstance(each, str) else pending.append(each)
    return found


def test_what_a_guilds_service_does_is_told(client: Any) -> None:
    ours, run = process(client, MovingClock()), uuid.uuid4().hex[:10]
    people = [f"p{number}-{run}" for number in range(40)]

    def call_service(**arguments: Any) -> int:
        arguments = {"guildId": run, **arguments}
        guild_membership(ours, arguments, Tally())
        rev = check_every_revision_is_told(client, f"GUILD#{run}")
        guild_membership(ours, arguments, Tally())
        assert check_every_revision_is_told(client, f"GUILD#{run}") == rev
        return rev

    assert call_service(add=[{"userId": user} for user in people]) == 1
    assert call_service(add=[{"userId": user, "role": "OWNER"} for user in people[:2]]) == 2
    assert call_service(add=[{"userId": f"new-{run}"}], remove=people[3:]) == 3
    assert call_service(end=True) == 4


CALLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "joinRoom": ("dan", {}),
    "leaveRoom": ("bob", {}),
    "updateRoom": ("ann", {"name": "Told"}),
    "deleteRoom": ("ann", {}),
}


@pytest.mark.parametrize("fault", FEW.values(), ids=FEW)
@pytest.mark.parametrize("verb", CALLS)
def test_a_fault_leaves_one_event_of_each_revision(
    proxy: Proxy, proxied: Any, client: Any, verb: str, fault: Fault
) -> None:
    room, (who, arguments) = (
        new_room(client, settings=FAST | {"visibility": "public"}, members=MEMBERS),
        CALLS[verb],
    )
    proxy.once("TransactWriteItems", fault)
    answer = call(process(proxied, MovingClock()), who, verb, roomId=room, **arguments)
    assert not isinstance(answer, Refusal)
    assert check_every_revision_is_told(client, room) == 2


def test_whoever_comes_at_once_comes_one_after_the_other(client: Any) -> None:
    """Each in a process of its own that looked before any of the others wrote."""
    room = new_room(client, settings=FAST | {"visibility": "public"}, members=MEMBERS)
    run = uuid.uuid4().hex[:10]

    def join(number: int) -> Any:
        ours = Deployment(process(client, MovingClock()).store, deadline_s=20.0)
        return call(ours, f"j{number}-{run}", "joinRoom", roomId=room)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(join, range(16)))
    assert sorted(answer["notice"]["rev"] for answer in answers) == list(range(2, 18))
    assert check_every_revision_is_told(client, room) == 17


def test_in_a_later_generation_the_first_event_says_where_that_began(client: Any) -> None:
    """Between the last revision of one generation and the first event of the next there is a leap, not a gap."""
    room, clock = new_room(client, members=MEMBERS), MovingClock()
    call(process(client, clock), "ann", "updateRoom", roomId=room, name="before")
    later = process(client, clock, generation=3)
    answer = call(later, "ann", "updateRoom", roomId=room, name="after")
    began = 2 + 2 * LEAP
    assert answer["notice"]["rev"] == began + 1
    event = stored_events(client, room)[-1]
    assert (event.rev, event.generation, event.generation_rev) == (began + 1, 3, began)
    assert check_every_revision_is_told(client, room, since=began + 1) == began + 1
    made = f"made-{uuid.uuid4()}"
    call(later, "ann", "createRoom", roomId=made)
    first = stored_events(client, made)[0]
    assert (first.rev, first.generation, first.generation_rev) == (1 + 2 * LEAP, 3, 1 + 2 * LEAP)


def test_all_events_but_the_last_are_removed_with_their_room(client: Any) -> None:
    room, ours = new_room(client, members=MEMBERS), process(client, MovingClock())
    call(ours, "ann", "deleteRoom", roomId=room)
    assert [event.kind for event in stored_events(client, room)] == ["ROOM_CREATED", "ROOM_DELETED"]
    run_jobs(ours, 10.0, Tally())
    assert [event.kind for event in stored_events(client, room)] == ["ROOM_DELETED"]
