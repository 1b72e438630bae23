"""What people of the joint history hear by `onMine`, held to what is so when they hear it and to what they must have heard."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chat.steps.tell_people import PeopleTold
from tests.guarantees.mentions.mention_history import Known
from tests.guarantees.rooms.joint_api import JointApi, Wire
from tests.guarantees.rooms.joint_history import JointHistory, refusal_of
from tests.guarantees.rooms.joint_told import Told
from tests.guarantees.support.fixtures import process

EVERY_S = 10
"""How often somebody hears at the most that something has moved."""


class Mine:
    """Everybody listens for themself, all the time. `wrong`: what somebody was told that is not so, or not for them."""

    def __init__(self, rooms: Sequence[Told], api: JointApi) -> None:
        self._rooms, self._first = {each.history.room: each for each in rooms}, rooms[0].history
        self.wrong: list[Any] = []
        self._inbox: list[tuple[str, int, Wire]] = []
        self.heard: dict[str, list[Wire]] = defaultdict(list)
        self._moved: dict[str, list[tuple[int, int]]] = defaultdict(list)
        reader = process(self._first.client, self._first.clock)
        self.projection = PeopleTold(reader, api.tell, EVERY_S)
        self.is_live = api.publish == "stream"
        for user in self._first.people:
            self._listen(api, user, user, "" if self.is_live else "publishedBySender")
            self._listen(api, user, self._first.owner if user != self._first.owner else "nobody", "other")

    def _listen(self, api: JointApi, user: str, whose: str, expected: str) -> None:
        def hear(event: Wire) -> None:
            self._inbox.append((user, self._first.clock.now(), event))

        answer = self._first.attempt(lambda: api.listen_to_mine(user, whose, hear))
        assert refusal_of(answer) == expected, (user, whose)

    def settle(self) -> None:
        """Everybody looks at what they were told since."""
        inbox, self._inbox = self._inbox, []
        for user, now, event in inbox:
            if lie := self._lie(user, now, event):
                self.wrong.append((lie, user, event))
            self.heard[user].append(event)
        assert self.wrong == [], self.wrong[0]

    def _lie(self, user: str, now: int, event: Wire) -> str:
        """Why an event is not so, or not for them; empty where it is."""
        if (event["userId"], event["epoch"]) != (user, 1):
            return "of somebody else"
        if event["kind"] == "MOVED":
            return self._lie_of_moved(user, now, event)
        room = self._rooms[event["roomId"]].history
        status = self._status(room, user)
        if event["kind"] == "MENTIONED":
            known = [each for each in room.known.values() if each.id == event["messageId"]]
            is_so = bool(known) and self._is_mentioned(user, known[0]) and room.sees(user, known[0])
            return "" if is_so and known[0].seq == event["seq"] else "not mentioned"
        kinds = {
            "active": "DIRECT_ROOM" if room.room.startswith("direct:") else "ADDED",
            "left": "REMOVED",
            "invited": "INVITED",
        }
        return "" if kinds[status] == event["kind"] else f"they are {status}"

    def _lie_of_moved(self, user: str, now: int, event: Wire) -> str:
        before, quiet = self._moved[user], instant(event["quietUntil"])
        if any(event[name] is not None for name in ("roomId", "messageId", "actorId", "seq", "rev")):
            return "a room is named"
        if (before and now < before[-1][1]) or quiet != now + EVERY_S * 1_000:
            return "twice within the time"
        before.append((now, quiet))
        may_know = any(
            each.sender != user and each.seq > room.history.people[user].joined
            for room in self._rooms.values()
            if user in room.history.people and room.history.people[user].is_in
            for each in room.history.known.values()
        )
        return "" if may_know else "nothing has moved in a room of theirs"

    def check(self) -> None:
        """All is told: whatever still is so of somebody was told to them."""
        for room in self._rooms.values() if self.is_live else ():
            for user, person in room.history.people.items():
                self._check_stay(room, user)
                if person.is_in:
                    self._check_messages(room.history, user)

    def _check_stay(self, room: Told, user: str) -> None:
        stays = room.stays[user]
        if not stays or (stays[-1][0] == 0 and stays[-1][1] is None):
            return
        is_in = stays[-1][1] is None
        if self._status(room.history, user) == "invited":
            return
        kinds = ("ADDED", "DIRECT_ROOM") if is_in else ("REMOVED",)
        since = stays[-1][0] if is_in else stays[-1][1]
        told = [
            each
            for each in self.heard[user]
            if each["roomId"] == room.history.room and each["kind"] in kinds and each["rev"] >= since
        ]
        assert told, (user, room.history.room, stays[-1])

    def _check_messages(self, room: JointHistory, user: str) -> None:
        ids = {each["id"] for each in self.heard[user]}
        for each in room.known.values():
            if each.seq <= room.people[user].joined or not room.sees(user, each) or each.sender == user:
                continue
            if self._is_mentioned(user, each):
                assert f"mention.{each.id}" in ids, (user, each)
            assert any(quiet >= each.ts for _, quiet in self._moved[user]), (user, each)

    @staticmethod
    def _is_mentioned(user: str, each: Known) -> bool:
        return user in each.mentions and not each.is_removed and each.sender != user

    @staticmethod
    def _status(room: JointHistory, user: str) -> str:
        person = room.people[user]
        return str(getattr(person, "status", "active" if person.is_in else "left"))


def instant(written: str) -> int:
    """In ms."""
    return round(datetime.fromisoformat(written).timestamp() * 1_000)
