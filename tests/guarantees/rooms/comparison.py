"""What clients have, what they would get afresh and what is stored, beside what the oracles say."""

from typing import Any

from tests.guarantees.rooms.clients import Client, Copy, Follower
from tests.guarantees.rooms.message_oracle import ANYBODY, KEEPERS, Marks, No
from tests.guarantees.rooms.requests import ask, pages
from tests.guarantees.rooms.room_oracle import Room
from tests.guarantees.rooms.rooms_under_test import World, has_rules, head_of, wire_of
from tests.guarantees.support.fixtures import stored


class Compared(World):
    """A world whose clients are asked what they have."""

    def has_messages(self, copy: Copy, room: Room) -> None:
        """A copy of a room is what reading it afresh would give."""
        living = {each.id: wire_of(room, each) for each in room.living(self.clock.now()) if not each.lapsed}
        assert {name: each for name, each in copy.messages.items() if name in living} == living
        assert copy.messages.keys() <= {each.id for each in room.said}

    def compare(self, client: Client) -> None:
        """What a client has that caught up is what the oracle says."""
        user = client.user
        mine = {name: room for name, room in self.rooms.items() if room.person(user)}
        assert client.copies.keys() == mine.keys()
        for name, copy in client.copies.items():
            room = mine[name]
            assert copy.head == head_of(room)
            assert copy.room
            assert has_rules(copy.room, room)
            assert len(room.said) - copy.unread_above == room.unread(user)
            self.has_messages(copy, room)
            if subscription := client.subscriptions.get(name):
                subscription.whole = subscription.epoch == room.epoch and not client.inbox

    def looks(self, number: int, user: str, limit: int) -> None:
        """Somebody who begins anew is told what the oracle says."""
        ours = self.processes[number]
        found = pages(ours, user, "myRooms", limit=limit)
        mine = sorted(name for name, room in self.rooms.items() if room.person(user))
        mine.sort(key=lambda name: name.startswith("GUILD#"))
        assert [each["room"]["roomId"] for each in found] == mine
        for each in found:
            room = self.rooms[each["room"]["roomId"]]
            newest = room.said[-1] if room.said and room.lives(room.said[-1], self.clock.now()) else None
            assert each["lastMessage"] == (wire_of(room, newest) if newest else None)
            assert each["unread"] == room.unread(user)
            assert each["lastReadSeq"] == len(room.said) - room.unread(user)
            assert has_rules(each["room"], room)
            assert each["room"]["head"] == head_of(room)

    def reads(self, number: int, user: str, room: Room, **arguments: Any) -> None:
        """A room's history is what the oracle says, for those who may read it."""
        standing = room.enter(user, ANYBODY)
        if isinstance(standing, No):
            assert ask(self.processes[number], user, "messages", roomId=room.id, **arguments) == standing
            return
        found = pages(self.processes[number], user, "messages", roomId=room.id, **arguments)
        living = [wire_of(room, each) for each in room.living(self.clock.now())]
        assert found == (living if arguments["order"] == "OLDEST_FIRST" else living[::-1])

    def asks_who_is_there(self, number: int, user: str, room: Room, limit: int) -> None:
        """The room, its people and who is banned are what the oracle says, for those who may know."""
        ours = self.processes[number]
        answer = ask(ours, user, "room", roomId=room.id)
        person = room.people.get(user)
        is_visitor = room.rules.is_public and (person is None or person.status == "left")
        standing = room.enter(user, ANYBODY)
        if isinstance(standing, No) and not is_visitor:
            assert answer == standing
        else:
            self.is_room(answer, room, user)
        if isinstance(standing, No):
            assert ask(ours, user, "members", roomId=room.id) == standing
            return
        found = pages(ours, user, "members", roomId=room.id, limit=limit)
        assert found == [self.member_of(other, room.people[other]) for other in room.active()]
        keeper = room.enter(user, KEEPERS)
        if isinstance(keeper, No):
            assert ask(ours, user, "members", roomId=room.id, status="BANNED") == keeper
            return
        found = pages(ours, user, "members", roomId=room.id, status="BANNED", limit=limit)
        banned = sorted(other for other, each in room.people.items() if each.status == "banned")
        assert [each["userId"] for each in found] == banned

    def asks_how_far_they_are(self, number: int, user: str, room: Room, seq: int, limit: int) -> None:
        """What everybody tells of how far they are, and to how many a message was delivered."""
        asked = {"roomId": room.id, "seq": seq, "limit": limit}
        answer = ask(self.processes[number], user, "receipts", **asked)
        standing = room.enter(user, ANYBODY)
        if isinstance(standing, No):
            assert answer == standing
            return
        found = [(each["userId"], each["readSeq"], each["deliveredSeq"]) for each in answer["items"]]
        marks = {other: room.marks.get(other, Marks()) for other in room.active()}
        assert found == [(other, each.told, each.delivered) for other, each in marks.items()][:limit]
        others = [
            each for other, each in marks.items() if other != user and room.people[other].joined_seq < seq
        ]
        read = sum(each.told >= seq for each in others)
        delivered = sum(each.told >= seq or each.delivered >= seq for each in others)
        assert answer["confirmation"] == {"seq": seq, "delivered": delivered, "read": read, "of": len(others)}

    def stored_as_said(self, room: Room) -> None:
        """No number is there twice, none is left out before it has expired, and nothing else is stored."""
        said = {each.seq: each for each in room.said}
        assert sorted(said) == list(range(1, len(said) + 1))
        kept = stored(self.client, room.id)
        assert len({item["seq"] for item in kept}) == len(kept)
        for item in kept:
            each = said[item["seq"]]
            assert (item["ts"], item["id"], item.get("text")) == (each.ts, each.id, each.text)
        assert {each.seq for each in room.living(self.clock.now() + 20_000)} <= {item["seq"] for item in kept}

    def has_all_that_was_told(self, client: Client) -> None:
        """Where nothing was lost since the client had caught up, what is live is all there is; and where an epoch has ended
        meanwhile, it heard so."""
        for room_id, subscription in client.subscriptions.items():
            room, copy = self.rooms[room_id], client.copies.get(room_id)
            if subscription.whole and copy:
                assert subscription.over == (subscription.epoch != room.epoch)
                if not subscription.over:
                    self.has_messages(copy, room)

    def follows(self, number: int, follower: Follower, limit: int) -> bool:
        """One page, if they may read the room; whether there is nothing more to be had."""
        standing = self.rooms[follower.room_id].enter(follower.user, ANYBODY)
        answer = follower.page(self.processes[number], limit)
        if isinstance(standing, No):
            assert answer == standing
            return True
        assert not isinstance(answer, No)
        return answer

    def follows_to_the_end(self, number: int, follower: Follower, limit: int) -> None:
        """Until a whole round has told nothing new: then the copy is what reading afresh would give."""
        room = self.rooms[follower.room_id]
        for _ in range(200):
            is_over = self.follows(number, follower, limit)
            if is_over and isinstance(room.enter(follower.user, ANYBODY), No):
                return
            if is_over and follower.base == head_of(room):
                self.has_messages(follower.copy, room)
                return
        raise AssertionError("changes does not end")
