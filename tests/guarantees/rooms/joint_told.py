"""What live subscribers of a room of the joint history are told, held to what they may know and to what a list of all that
happened says they must."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chat.rules.errors import NotRoomMember, StaleEpoch
from chat.rules.models import Head
from chat.rules.rooms import Room
from chat.storage.places import head_place
from tests.guarantees.rooms.joint_api import JointApi, Wire
from tests.guarantees.rooms.joint_facts import HELD_TO, REDUCED, Device, Ear, Fact, fact_of
from tests.guarantees.rooms.joint_history import JointHistory


@dataclass
class Told:
    """`facts`: all that happened in the room, in its order. `stays`: by person, the revisions at which they came and went, and
    the number of the newest message then. `wrong`: what somebody was told that is not so, or not for them."""

    history: JointHistory
    api: JointApi
    facts: list[Fact] = field(default_factory=list)
    stays: dict[str, list[tuple[int, int | None, int]]] = field(default_factory=dict)
    sent_rev: dict[int, int] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    ears: list[Ear] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)
    published: int = 0
    inbox: list[tuple[Ear, Wire]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for user, person in self.history.people.items():
            self.stays[user] = [(0, None, 0)] if person.is_in else []

    # what happens

    def step(self) -> None:
        """One step of the room, and what it changed."""
        before, rev = self._known(), self._rev()
        self.history.step()
        self._note(before, self._known(), rev, self._rev())
        self.settle(is_all_told=self.api.publish == "sender")

    def _known(self) -> dict[Fact, Any]:
        history, found = self.history, dict[Fact, Any]()
        for each in history.known.values():
            found["message", each.seq] = (
                None if each.is_removed else (each.text, each.mentions, each.mentions_all)
            )
        for seq in history.pinned:
            found["pin", seq] = True
        for user, person in history.people.items():
            found["person", user] = getattr(person, "status", "active" if person.is_in else "left")
        return found

    def _note(self, before: dict[Fact, Any], after: dict[Fact, Any], old_rev: int, rev: int) -> None:
        """What became of messages, pins and people. Where `direct` was called and senders publish, nobody hears who came."""
        is_untold = self.api.publish == "sender" and getattr(self.history, "is_untold", False)
        for place in [*before, *(each for each in after if each not in before)]:
            (what, which), is_now = place, after.get(place)
            if place in before and before[place] == is_now:
                continue
            if what == "message":
                self.facts.append(
                    ("sent" if place not in before else "edited" if is_now else "removed", which)
                )
                self.sent_rev.setdefault(which, rev)
            elif what == "pin":
                if after["message", which] is not None:  # a removal tells of its pin, too
                    self.facts.append(("pinned" if is_now else "unpinned", which))
            else:
                self._moved(which, str(is_now), old_rev, rev)
                if not is_untold:
                    is_declined = is_now == "left" and before[place] == "invited"
                    self.facts.append(("declined" if is_declined else str(is_now), which))

    def _moved(self, user: str, status: str, old_rev: int, rev: int) -> None:
        stays = self.stays[user]
        if status == "active":
            stays.append((old_rev + 1, None, len(self.history.known)))
        elif stays and stays[-1][1] is None:
            stays[-1] = (stays[-1][0], rev, stays[-1][2])
            self.devices.pop(user, None)  # the client forgets the room; its subscription may stay open

    def _rev(self) -> int:
        item = self.history.ours.store.tables.get(head_place(Room.parse(self.history.room)))
        return Head.of(item).rev if item else 0

    # what clients do

    def connect(self, user: str) -> None:
        """Read and subscribe, or come back and catch up. Whoever is not in the room is refused."""
        history, device = self.history, self.devices.get(user)
        if not history.people[user].is_in:
            refusal = history.attempt(lambda: self._listen(user, 1))
            assert isinstance(refusal, NotRoomMember), (user, refusal)
            return
        replica = device.replica if device else history.begun(user)
        ear = self._listen_now(user, replica.epoch)
        if device and not (device.is_stale and history.random.random() < 0.5):
            self._leave(device.ear)  # else the old subscription stays open, in an epoch that is over
        self.devices[user] = Device(history.follow(user, replica), ear)
        self._check_caught_up(user)

    def disconnect(self, user: str) -> None:
        if device := self.devices.get(user):
            self._leave(device.ear)

    def _leave(self, ear: Ear) -> None:
        ear.until = self.published if ear.until is None else ear.until
        ear.end()

    def go_on(self) -> None:
        """Clients in whose room a new epoch has begun subscribe in it, and catch up."""
        for user, device in list(self.devices.items()):
            if device.is_stale:
                self.connect(user)

    def _listen_now(self, user: str, epoch: int) -> Ear:
        try:
            return self._listen(user, epoch)
        except StaleEpoch as stale:
            return self._listen(user, int(stale.values["epoch"]))

    def _listen(self, user: str, epoch: int) -> Ear:
        ear = Ear(user, epoch, len(self.facts))
        ear.end = self.api.listen(
            user, self.history.room, epoch, lambda event: self.inbox.append((ear, event))
        )
        self.ears.append(ear)
        return ear

    # what they hear

    def settle(self, *, is_all_told: bool) -> None:
        """Clients look at what AppSync has delivered, which may be all of what has happened."""
        self.published = len(self.facts) if is_all_told else self.published
        inbox, self.inbox = self.inbox, []
        for ear, event in inbox:
            self._hear(ear, event)
        self.go_on()

    def _hear(self, ear: Ear, event: Wire) -> None:
        fact = fact_of(event)
        if fact is not None:
            ear.heard.append(fact)
            happened = ("sent", fact[1]) if self._may_be_said_again(fact) else fact
            if happened not in self.facts and happened[0] in HELD_TO:
                self.wrong.append(("never happened", ear.user, event))
        if lie := self._lie(ear, event):
            self.wrong.append((lie, ear.user, event))
        device = self.devices.get(ear.user)
        if device and device.ear is ear and ear.until is None:
            self._take(device, event)

    def _may_be_said_again(self, fact: Fact) -> bool:
        """Where senders publish, an edit that changes nothing tells the message as it is, which a summary may have moved."""
        return fact[0] == "edited" and self.api.publish == "sender"

    def _lie(self, ear: Ear, event: Wire) -> str:
        """Why an event is not for its subscriber; empty where it is."""
        notice, seq = event["notice"], event["seq"]
        if event["roomId"] != self.history.room or event["epoch"] != ear.epoch:
            return "of another room or epoch"
        rev = notice["rev"] if notice else event["rev"] or self.sent_rev[seq]
        if rev is None:  # a repeat of what was answered before, in the epoch of then
            return "" if self.stays[ear.user] else "never in the room"
        stays = [
            each for each in self.stays[ear.user] if rev >= each[0] and (each[1] is None or rev <= each[1])
        ]
        if not self.history.from_joining:
            return "" if stays or self.history.people[ear.user].is_in else "not in the room"
        if not stays:
            return "not in the room then"
        if notice is not None:
            told = [each for each in notice["reactions"] or () if each["reactions"] is not None]
            return "reactions of messages that not everybody sees" if told else ""
        if event["rev"] is not None:
            more = {name for name, value in event.items() if value is not None and name not in REDUCED}
            return f"more than which message it is: {more}" if more else ""
        return "a message from before they came" if seq <= stays[-1][2] else ""

    def _take(self, device: Device, event: Wire) -> None:
        """What a client makes of it."""
        notice, held = event["notice"], device.replica.held
        if notice is None:
            mine = held.get(event["id"])
            if mine is not None and (event["rev"] or -1) <= (mine["rev"] or -1):
                return
            if event["rev"] is not None and event["version"] is None:
                device.to_read.add(event["id"])
            else:
                held[event["id"]] = event
            return
        if notice["kind"] == "REACTIONS_CHANGED":
            self._take_reactions(device, notice["reactions"])
        if notice["nextEpoch"]:
            device.is_stale = True

    def _take_reactions(self, device: Device, changed: list[Wire]) -> None:
        held = device.replica.held
        for each in changed:
            mine = held.get(each["id"])
            if each["reactions"] is None:
                device.to_read.add(each["id"])
            elif mine is not None and each["rev"] > (mine["rev"] or -1):
                held[each["id"]] = {**mine, "rev": each["rev"], "reactions": each["reactions"]}

    # what must be so

    def check(self, *, is_all_told: bool) -> None:
        """Nobody was told what is not for them, and at the end of all that was on its way every subscriber has heard everything,
        and has the room as it is, without asking."""
        assert self.wrong == [], self.wrong[0]
        if not is_all_told:
            return
        for ear in self.ears:
            due = self._due(ear)
            assert not Counter(due) - Counter(ear.heard), (ear, due)
            sent = [seq for how, seq in dict.fromkeys(ear.heard) if how == "sent" and (how, seq) in due]
            assert sent == sorted(sent), ear
        for user, device in list(self.devices.items()):
            if device.ear.until is None:
                self._check_live(user, device)
            elif self.history.random.random() < 0.5:
                self.connect(user)

    def _due(self, ear: Ear) -> list[Fact]:
        """What happened in the epoch of a subscription while it was there."""
        facts = self.facts[ear.since : ear.until]
        ends = [number for number, fact in enumerate(facts) if self._ends_epoch(fact)]
        return facts[: ends[0] + 1] if ends else facts

    def _ends_epoch(self, fact: Fact) -> bool:
        return fact[0] == "left" or (fact[0] == "active" and self.history.from_joining)

    def _check_live(self, user: str, device: Device) -> None:
        history = self.history
        wanted = history.wanted(user)
        by_now = history.shown(each for each in device.replica.held.values() if each["id"] in wanted)
        known = {id_ for id_ in wanted if id_ not in device.to_read}
        for id_ in known:
            mine, theirs = by_now.get(id_, ()), wanted[id_]
            assert mine[: self._live_fields] == theirs[: self._live_fields], (user, mine, theirs)
        device.replica, device.to_read = history.follow(user, device.replica), set()
        self._check_caught_up(user)

    def _check_caught_up(self, user: str) -> None:
        """All but the counts of reactions, which are a summary's."""
        wanted = self.history.wanted(user)
        found = self.history.shown(self.devices[user].replica.held.values())
        assert {id_: found[id_][:5] if id_ in found else None for id_ in wanted} == {
            id_: each[:5] for id_, each in wanted.items()
        }, user

    @property
    def _live_fields(self) -> int:
        """Where senders publish nobody is told of reactions, which are the last field."""
        return 5 if self.api.publish == "sender" else 6
