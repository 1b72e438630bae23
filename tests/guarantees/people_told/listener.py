"""Hears what people are told, as AppSync would take it, and holds each of it against the tables at that very moment."""

import json
import threading
from collections import defaultdict
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.publish_mine import publish_mine
from chat.rules.instants import from_wire
from chat.rules.models import Head, Member
from chat.rules.rooms import Room
from chat.steps.listing import count_members, list_people
from chat.steps.own_item import read_epoch
from chat.steps.tell_people import TOLD_MEMBERS
from chat.storage.aws import TransientFailure
from chat.storage.places import head_place, membership_place

Told = dict[str, Any]


class Listener:
    """`failing`: how often the API takes nothing. `every_ms`: at most how often somebody hears that something has moved."""

    def __init__(self, deployment: Deployment, every_ms: int, random: Random, failing: float = 0.0) -> None:
        self._deployment, self._every_ms = deployment, every_ms
        self._random, self._failing = random, failing
        self._lock = threading.Lock()
        self.told: list[Told] = []
        self.moved_at: dict[str, list[int]] = defaultdict(list)
        self.rooms_of: dict[str, str] = {}
        """The room of each message that was sent, by its id."""
        self.wrong: list[str] = []

    def publish(self, text: str) -> None:
        with self._lock:
            if self._random.random() < self._failing:
                raise TransientFailure("Status503")
            event = publish_mine({"event": text})
            if lie := self._lie(event):
                self.wrong.append(f"{lie}: {json.dumps(event)}")
            self.told.append(event)

    def ids(self, user: str) -> set[str]:
        return {each["id"] for each in self.told if each["userId"] == user}

    def kinds(self, user: str, room_id: str | None = None) -> list[str]:
        return [
            each["kind"]
            for each in self.told
            if each["userId"] == user and (room_id is None or each["roomId"] == room_id)
        ]

    def _lie(self, event: Told) -> str | None:
        """What is not so of an event; `None` where all of it is."""
        if event["epoch"] != read_epoch(self._deployment, event["userId"]):
            return "another epoch"
        return self._lie_of_moved(event) if event["kind"] == "MOVED" else self._lie_of_room(event)

    def _lie_of_moved(self, event: Told) -> str | None:
        now, user, before = self._deployment.now(), event["userId"], self.moved_at[event["userId"]]
        if before and now < before[-1] + self._every_ms:
            return "twice within the time"
        before.append(now)
        if from_wire(event["quietUntil"])[0] != now + self._every_ms:
            return "quiet until another instant"
        message_id = event["id"].removeprefix("moved.").rpartition(".")[0]
        room = Room.parse(self.rooms_of[message_id])
        people, _ = list_people(self._deployment.store, room, "ACTIVE", TOLD_MEMBERS + 1)
        if user not in [each.user_id for each in people] or len(people) > TOLD_MEMBERS:
            return "of no small room of theirs"
        return "a room is named" if event["roomId"] or event["actorId"] else None

    def _lie_of_room(self, event: Told) -> str | None:
        room, kind = Room.parse(event["roomId"]), event["kind"]
        tables = self._deployment.store.tables
        head, item = tables.get(head_place(room)), tables.get(membership_place(room, event["userId"]))
        assert head
        ended, member = bool(Head.of(head).ended_at), Member.found(item)
        status = member.status if member else "left"
        if kind == "ROOM_ENDED":
            return None if ended else "the room has not ended"
        if kind == "REMOVED":
            return "they are in it" if status in ("active", "invited") else None
        if kind in ("BANNED", "UNBANNED"):
            return "banned" if (status == "banned") != (kind == "BANNED") else None
        if ended or member is None:
            return "nobody is in it"
        if status != ("invited" if kind == "INVITED" else "active"):
            return "they are not in it"
        if kind == "MUTED":
            until = member.muted_until if member.muted_until > self._deployment.now() else 0
            told = event["mutedUntil"] and from_wire(event["mutedUntil"])[0]
            return None if (told or 0) == until else "muted otherwise"
        return None if event["role"] == member.role.upper() else "another role"

    def size(self, room_id: str) -> int:
        return count_members(self._deployment.store, Room.parse(room_id))
