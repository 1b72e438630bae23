"""What clients have, what they would get afresh and what is stored, compared with the oracles."""

from typing import Any

from chat.rules.rooms import Room
from chat.steps.kept_bans import kept_ban_place
from chat.storage import keys
from tests.guarantees.rooms.clients import Client, Copy, Follower
from tests.guarantees.rooms.message_oracle import ANY_ROLE, MODERATING, Refusal
from tests.guarantees.rooms.requests import call, pages
from tests.guarantees.rooms.room_oracle import RoomOracle
from tests.guarantees.rooms.rooms_under_test import RoomsUnderTest, has_rules, head_of, wire_of
from tests.guarantees.support.fixtures import stored
from tests.guarantees.support.revisions import check_every_revision_is_told


class ComparedRooms(RoomsUnderTest):
    """Rooms under test whose clients' copies are compared with the oracles."""

    def check_messages(self, copy: Copy, room: RoomOracle) -> None:
        """A copy of a room is what reading it afresh would give."""
        visible = {
            each.id: wire_of(room, each)
            for each in room.visible_messages(self.clock.now())
            if not each.was_expired
        }
        erased = {each.id for each in room.messages if each.was_sent_by is not None}
        needed = {name: each for name, each in visible.items() if name not in erased or name in copy.messages}
        assert {name: each for name, each in copy.messages.items() if name in visible} == needed
        assert copy.messages.keys() <= {each.id for each in room.messages}

    def check_client(self, client: Client) -> None:
        """What a client has that caught up is what the oracle says."""
        user = client.user
        mine = {name: room for name, room in self.rooms.items() if room.member(user)}
        assert client.copies.keys() == mine.keys()
        for name, copy in client.copies.items():
            room = mine[name]
            assert copy.head == head_of(room)
            assert copy.room
            assert has_rules(copy.room, room)
            assert copy.unread in (None, room.unread(user, self.clock.now()))
            self.check_messages(copy, room)
            if subscription := client.subscriptions.get(name):
                subscription.is_complete = subscription.epoch == room.epoch and not client.inbox

    def check_my_rooms(self, number: int, user: str, limit: int) -> None:
        """What a new client gets is what the oracle says."""
        ours = self.processes[number]
        found = pages(ours, user, "myRooms", limit=limit)
        mine = sorted(name for name, room in self.rooms.items() if room.member(user) or room.invites(user))
        mine.sort(key=lambda name: name.startswith("GUILD#"))
        assert [each["room"]["roomId"] for each in found] == mine
        for each in found:
            room = self.rooms[each["room"]["roomId"]]
            if invited := room.invites(user):
                assert (each["invitation"]["role"], each["room"]["head"]) == (invited.role.upper(), None)
                assert (each["unread"], each["lastReadSeq"], each["lastMessage"]) == (0, 0, None)
                continue
            assert each["invitation"] is None
            newest = (
                room.messages[-1]
                if room.messages and room.is_visible(room.messages[-1], self.clock.now())
                else None
            )
            assert each["lastMessage"] == (wire_of(room, newest) if newest else None)
            assert each["unread"] == room.unread(user, self.clock.now())
            assert each["lastReadSeq"] == room.read_up_to(user)
            assert has_rules(each["room"], room)
            assert each["room"]["head"] == head_of(room)

    def check_history(self, number: int, user: str, room: RoomOracle, **arguments: Any) -> None:
        """A room's history is what the oracle says, for those who may read it."""
        access = room.access(user, ANY_ROLE)
        if isinstance(access, Refusal):
            assert call(self.processes[number], user, "messages", roomId=room.id, **arguments) == access
            return
        found = pages(self.processes[number], user, "messages", roomId=room.id, **arguments)
        visible = [wire_of(room, each) for each in room.visible_messages(self.clock.now())]
        assert found == (visible if arguments["order"] == "OLDEST_FIRST" else visible[::-1])

    def check_members(self, number: int, user: str, room: RoomOracle, limit: int) -> None:
        """The room, its members and who is banned are what the oracle says, for those who may know."""
        ours = self.processes[number]
        answer = call(ours, user, "room", roomId=room.id)
        member = room.members.get(user)
        room.end_kept_bans(self.clock.now())
        is_visitor = room.rules.is_public and (member is None or member.status == "left")
        is_visitor = is_visitor and not room.is_banned(user)
        is_visitor = (is_visitor and room.ended_by is None) or room.invites(user) is not None
        access = room.access(user, ANY_ROLE)
        if isinstance(access, Refusal) and not is_visitor:
            assert answer == access
        else:
            self.check_room(answer, room, user)
        if isinstance(access, Refusal):
            assert call(ours, user, "members", roomId=room.id) == access
            return
        found = pages(ours, user, "members", roomId=room.id, limit=limit)
        assert found == [self.member_on_wire(other, room.members[other]) for other in room.active_members()]
        moderator = room.access(user, MODERATING)
        if isinstance(moderator, Refusal):
            assert call(ours, user, "members", roomId=room.id, status="BANNED") == moderator
            return
        found = pages(ours, user, "members", roomId=room.id, status="BANNED", limit=limit)
        banned = [other for other, each in room.members.items() if each.status == "banned"]
        banned += [self.kept_as(room, other) for other in room.kept_bans]
        assert [each["userId"] for each in found] == sorted(banned)

    def kept_as(self, room: RoomOracle, user: str) -> str:
        """How the list names somebody who was banned and then erased."""
        return keys.user_in(kept_ban_place(self.processes[0], Room.parse(room.id), user).sort_key)

    def check_receipts(self, number: int, user: str, room: RoomOracle, seq: int, limit: int) -> None:
        """How far all have read as far as they share it, and to how many a message was delivered."""
        arguments = {"roomId": room.id, "seq": seq, "limit": limit}
        answer = call(self.processes[number], user, "receipts", **arguments)
        access = room.access(user, ANY_ROLE)
        if isinstance(access, Refusal):
            assert answer == access
            return
        found = [(each["userId"], each["readSeq"], each["deliveredSeq"]) for each in answer["items"]]
        shown = {other: room.shown_markers(other) for other in room.active_members()}
        assert found == [(other, *markers) for other, markers in shown.items()][:limit]
        others = [
            markers
            for other, markers in shown.items()
            if other != user and room.members[other].joined_seq < seq
        ]
        read = sum(read_seq >= seq for read_seq, _ in others)
        delivered = sum(delivered_seq >= seq for _, delivered_seq in others)
        assert answer["confirmation"] == {"seq": seq, "delivered": delivered, "read": read, "of": len(others)}

    def check_stored(self, room: RoomOracle) -> None:
        """No number is there twice, none is left out before it has expired, and nothing else is stored."""
        messages = {each.seq: each for each in room.messages}
        assert sorted(messages) == list(range(1, len(messages) + 1))
        kept = stored(self.client, room.id)
        if room.is_removed:
            assert kept == []
            return
        assert len({item["seq"] for item in kept}) == len(kept)
        for item in kept:
            each = messages[item["seq"]]
            assert (item["ts"], item["id"], item.get("text")) == (each.ts, each.id, each.text)
        assert {each.seq for each in room.visible_messages(self.clock.now() + 20_000)} <= {
            item["seq"] for item in kept
        }

    def check_events(self) -> None:
        """Each revision that was made since the last look has one event."""
        for name, room in self.rooms.items():
            told = self.told.get(name, 0)
            if room.rev > told:
                self.told[name] = check_every_revision_is_told(self.client, name, since=told + 1)

    def check_live_client(self, client: Client) -> None:
        """Where nothing was lost since the client had caught up, live events brought everything; and where an
        epoch has ended meanwhile, they said so."""
        for room_id, subscription in client.subscriptions.items():
            room, copy = self.rooms[room_id], client.copies.get(room_id)
            if subscription.is_complete and copy:
                assert subscription.has_ended == (subscription.epoch != room.epoch)
                if not subscription.has_ended:
                    self.check_messages(copy, room)

    def follow_page(self, number: int, follower: Follower, limit: int) -> bool:
        """One page, if they may read the room; whether there is nothing more."""
        access = self.rooms[follower.room_id].access(follower.user, ANY_ROLE)
        answer = follower.page(self.processes[number], limit)
        if isinstance(access, Refusal):
            assert answer == access
            return True
        assert not isinstance(answer, Refusal)
        return answer

    def follow_to_the_end(self, number: int, follower: Follower, limit: int) -> None:
        """Until a whole round has brought nothing new: then the copy is what reading afresh would give."""
        room = self.rooms[follower.room_id]
        for _ in range(200):
            is_over = self.follow_page(number, follower, limit)
            if is_over and isinstance(room.access(follower.user, ANY_ROLE), Refusal):
                return
            if is_over and follower.base == head_of(room):
                self.check_messages(follower.copy, room)
                return
        raise AssertionError("changes does not end")
