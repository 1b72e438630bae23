"""Every operation of the API, once more, in a room of any size: so many members, so many messages, and a caller
who is in so many rooms (1,000 at the most, which is the limit)."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chat.operations.guild_membership import guild_membership
from chat.operations.heartbeats import heartbeats
from chat.operations.room import room
from chat.operations.run_jobs import run_jobs
from chat.rules.instants import to_wire
from chat.rules.mentions import to_json
from chat.rules.models import Caller, Item
from chat.rules.name_search import folded
from chat.rules.reactions import attribute_of, shard_of, summary_of
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.quota import MAX_ROOMS
from chat.storage import keys
from chat.storage.items import key, to_message, values
from chat.storage.mention_items import mention_place
from chat.storage.places import Place
from chat.storage.reaction_items import ReactionPlace
from simulator.settings import TABLES
from tests.guarantees.costs.prepared_rooms import FILE, OTHER_VERBS, Operation, PreparedRooms
from tests.guarantees.support.bulk import load_members, load_messages, put_all
from tests.guarantees.support.fixtures import plain

OTHERS = 3
"""How many rooms of the situation itself a caller is in besides: the large one, a guild's and one to be joined."""


class LargeRooms:
    """A general room and a guild's, each of `size` members, the general one with `size` messages, each of which mentions
    the third user; to the last of them, `busy`, `size` people react. The owner is in `size` rooms, and so is whoever comes."""

    def __init__(self, client: Any, setup: PreparedRooms, size: int) -> None:
        self.setup, self.size = setup, size
        self.room = setup.room(0, 9, visibility="public")
        self.guild = setup.room(1, 9, guild=True)
        for room_id in (self.room, self.guild):
            load_members(client, room_id, size - 9)
        _load_names(client, self, size - 9)
        begin = setup.clock.now() - size * 1_000 - 60_000
        self.messages = load_messages(client, self.room, size, begin, setup.users[0])
        self.busy = str(plain(self.messages[-1])["id"])
        _load_reactions(client, self, [f"member-{number + 1:05d}" for number in range(size)])
        _load_mentions(client, self, setup.users[2])
        for user in (setup.users[0], setup.users[9], self.newcomer):
            self._load_rooms(client, user, min(size, MAX_ROOMS - OTHERS))

    def _load_rooms(self, client: Any, user: str, count: int) -> None:
        head = values({"rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": 1})
        member = values({"type": "Membership", "role": "member", "status": "active", "joinedSeq": 0})
        rooms = [Room.parse(f"of-{user}-{number:04d}").partition_key for number in range(count)]
        items = [key(room, keys.HEAD) | head for room in rooms]
        items += [key(keys.user_partition(user), keys.membership(room)) | member for room in rooms]
        blocked = values({"type": "Block", "blockedAt": 1})
        items += [
            key(keys.user_partition(user), keys.block(f"b-{number:05d}")) | blocked for number in range(count)
        ]
        put_all(client, TABLES["CORE_TABLE"], items)

    def call(self, field: str, who: int = 0, /, **arguments: Any) -> Operation:
        return self.setup.operation(field, who, roomId=self.room, **arguments)

    def by_one_more(self, field: str, /, **arguments: Any) -> Operation:
        """By the first of those whom `load_members` has made: who it is decides what it costs, since it decides the shard."""
        caller, given = Caller("member-00000"), {"roomId": self.room, **arguments}
        return lambda ours: OTHER_VERBS[field](ours, caller, given, Tally())

    def message(self, **more: Any) -> str:
        sent = {"text": "Good morning.", "clientMessageId": uuid.uuid4().hex, **more}
        return str(self.setup.perform("sendMessage", roomId=self.room, **sent)["id"])

    def upload(self) -> str:
        return self.setup.upload(self.room)

    @property
    def newcomer(self) -> str:
        return f"pn-{self.setup.suffix}"

    @property
    def someone(self) -> str:
        return self.setup.users[3]


def at(place: Place) -> Item:
    """The key of an item."""
    return key(place.partition_key, place.sort_key)


def _load_names(client: Any, large: LargeRooms, count: int) -> None:
    """The names of those whom `load_members` has made, and the index of them in the general room."""
    users = [f"member-{number:05d}" for number in range(count)]
    room = Room.parse(large.room)
    profiles = [
        key(keys.user_partition(user), keys.PROFILE)
        | values({"type": "Profile", "name": f"Person {user}", "updatedAt": 1, "tat": 1})
        for user in users
    ]
    index = [
        key(room.partition_key, keys.name(folded(f"Person {user}"), user)) | values({"type": "Name"})
        for user in users
    ]
    put_all(client, TABLES["CORE_TABLE"], [*profiles, *index])


def _load_reactions(client: Any, large: LargeRooms, users: Sequence[str]) -> None:
    """All of them react to the busy message, with the same emoji, and its summary says so."""
    where, emoji, message = ReactionPlace(Room.parse(large.room), large.busy), "👍", large.messages[-1]
    shards = Counter(map(shard_of, users))
    reacting = [at(where.reacting(emoji, user)) | values({"type": "Reaction", "ts": 1}) for user in users]
    counts = [
        at(where.count(emoji, shard)) | values({"type": "ReactionCount", "n": number})
        for shard, number in shards.items()
    ]
    mask = sum(1 << shard for shard in shards)
    kinds = at(where.kinds) | values({"type": "ReactionKinds", "kinds": 1, attribute_of(emoji): mask})
    summary = summary_of({emoji: len(users)}, {emoji: users[:3]}, None)
    put_all(
        client,
        TABLES["CORE_TABLE"],
        [*reacting, *counts, kinds, message | values({"reactions": summary})],
    )


def _load_mentions(client: Any, large: LargeRooms, user: str) -> None:
    """All messages mention somebody; of the last ones, which are answered, their items say so as well."""
    room = Room.parse(large.room)
    messages = [to_message(room, item) for item in large.messages]
    mentions = [
        at(mention_place(room, user, each.seq or 0))
        | values(
            {
                "type": "Mention",
                "seq": each.seq,
                "messageId": each.id,
                "ts": each.ts,
                "senderId": each.sender_id,
            }
        )
        for each in messages
    ]
    last = [item | values({"mentions": to_json([user])}) for item in large.messages[-20:-1]]
    put_all(client, TABLES["CORE_TABLE"], [*mentions, *last])


def _posted(large: LargeRooms) -> Operation:
    upload = large.upload()
    large.message(attachments=[upload])
    return large.call("attachment", 2, id=upload)


def _pictured(large: LargeRooms) -> Operation:
    picture = large.setup.picture()
    large.setup.perform("updateMe", avatarId=picture)
    return large.call("avatar", 2, id=picture)


def _guild(large: LargeRooms) -> Operation:
    arguments = {"guildId": large.guild.removeprefix("GUILD#"), "add": [{"userId": large.setup.users[9]}]}
    return lambda ours: guild_membership(ours, arguments, Tally())


def _room(large: LargeRooms, *, count: bool) -> Operation:
    caller, arguments = Caller(large.someone), {"roomId": large.room}
    return lambda ours: room(ours, caller, arguments, Tally(), count=count)


def _sync(large: LargeRooms) -> Operation:
    """The first answer of a round in which there is nothing new."""
    token, more = None, True
    while more:
        answer = large.setup.perform("sync", since=token)
        token, more = answer["token"], answer["more"]
    return large.setup.operation("sync", since=token)


def _heartbeat(large: LargeRooms) -> Operation:
    rooms = [{"roomId": large.room, "seq": 1}]
    return large.setup.operation("heartbeat", 2, rooms=rooms, watching=large.room)


def _heartbeats(large: LargeRooms) -> Operation:
    rooms = [{"roomId": large.room, "seq": 1}]
    people = [{"userId": user, "rooms": rooms} for user in large.setup.users[3:5]]
    caller = Caller("gateway", frozenset({"gateway"}))
    return lambda ours: heartbeats(ours, caller, {"people": people}, Tally())


def _changes(large: LargeRooms) -> Operation:
    head = large.setup.perform("messages", roomId=large.room)["head"]
    return large.call("changes", since=head["rev"], after=head["ts"])


def _unpin(large: LargeRooms) -> Operation:
    message = large.message()
    large.setup.perform("pinMessage", roomId=large.room, id=message)
    return large.call("unpinMessage", id=message)


def _lift(large: LargeRooms) -> Operation:
    hold = large.setup.by("privacy", "setHold", userId=large.setup.users[5], reason="a lawsuit")(
        large.setup.other
    )
    return large.setup.by("privacy", "liftHold", id=hold["id"])


AT_ANY_SIZE: Mapping[str, Callable[[LargeRooms], Operation]] = {
    "sendMessage": lambda large: large.call("sendMessage", text="Good morning."),
    "editMessage": lambda large: large.call("editMessage", id=large.message(), text="Good evening."),
    "removeMessage": lambda large: large.call("removeMessage", id=large.message()),
    "messages": lambda large: large.call("messages", 2, limit=10),
    "messagesById": lambda large: large.call("messagesById", 2, ids=[large.message()]),
    "around": lambda large: large.call("around", 2, id=large.message(), limit=10),
    "pinMessage": lambda large: large.call("pinMessage", id=large.message()),
    "pins": lambda large: large.call("pins", 2),
    "unpinMessage": _unpin,
    "react": lambda large: large.by_one_more("react", id=large.busy, emoji="\N{THUMBS UP SIGN}", on=True),
    "reactions": lambda large: large.call("reactions", 2, id=large.busy, limit=10),
    "myReactions": lambda large: large.by_one_more("myReactions", ids=[large.busy]),
    "myMentions": lambda large: large.call("myMentions", 2, limit=10),
    "saveDraft": lambda large: large.call("saveDraft", 2, text="Good morning."),
    "setNotifications": lambda large: large.call("setNotifications", 2, level="NONE"),
    "drafts": lambda large: large.setup.operation("drafts", limit=10),
    "changes": _changes,
    "sync": _sync,
    "room": lambda large: _room(large, count=False),
    "room, with `memberCount`": lambda large: _room(large, count=True),
    "myRooms": lambda large: large.setup.operation("myRooms", limit=10),
    "members": lambda large: large.call("members", 2, limit=10),
    "markRead": lambda large: large.call("markRead", 2, seq=5),
    "markDelivered": lambda large: large.call("markDelivered", 2, seq=6),
    "receipts": lambda large: large.call("receipts", 2, limit=10),
    "heartbeat": _heartbeat,
    "heartbeats": _heartbeats,
    "presence": lambda large: large.call("presence", 2),
    "typing": lambda large: large.call("typing", 2),
    "delivery": lambda large: large.call("delivery", hours=24),
    "createUpload": lambda large: large.call("createUpload", **FILE),
    "attachment": _posted,
    "avatar": _pictured,
    "people": lambda large: large.call("people", 2, ids=large.setup.users),
    "people, with `isConfusable`": lambda large: large.call("people, compared", 2, ids=large.setup.users),
    "searchPeople": lambda large: large.call("searchPeople", 2, prefix="PERSON", limit=10),
    "updateMe": lambda large: large.setup.operation("updateMe", 3, name="Ann"),
    "onMessage": lambda large: large.call("onMessage", 2, epoch=1),
    "onReceipt": lambda large: large.call("onReceipt", 2, epoch=1),
    "onTyping": lambda large: large.call("onTyping", 2, epoch=1),
    "createRoom": lambda large: large.setup.operation(
        "createRoom", roomId=f"new-{large.setup.suffix}", name="New"
    ),
    "updateRoom": lambda large: large.call("updateRoom", name="The hall"),
    "joinRoom": lambda large: large.call("joinRoom", 9),
    "setRole": lambda large: large.call("setRole", userId=large.someone, role="MODERATOR"),
    "muteMember": lambda large: large.call(
        "muteMember", userId=large.someone, until=to_wire(4_000_000_000_000)
    ),
    "guild_membership": _guild,
    "leaveRoom": lambda large: large.call("leaveRoom", 9),
    "addMember": lambda large: large.call("addMember", userId=large.newcomer),
    "removeMember": lambda large: large.call("removeMember", userId=large.setup.users[4]),
    "banMember": lambda large: large.call("banMember", userId=large.someone),
    "unbanMember": lambda large: large.call("unbanMember", userId=large.someone),
    "me": lambda large: large.setup.operation("me"),
    "onMine": lambda large: large.setup.operation("onMine", epoch=1),
    "revokeSubscriptions": lambda large: large.setup.operation("revokeSubscriptions"),
    "blockUser": lambda large: large.setup.operation("blockUser", userId=large.someone),
    "blocks": lambda large: large.setup.operation("blocks", limit=10),
    "unblockUser": lambda large: large.setup.operation("unblockUser", userId=large.someone),
    "exportMyData": lambda large: large.setup.operation("exportMyData", 1),
    "eraseMe": lambda large: large.setup.operation("eraseMe", 1),
    "requestExport": lambda large: large.setup.operation("requestExport", userId=large.setup.users[2]),
    "requestErasure": lambda large: large.setup.operation("requestErasure", userId=large.setup.users[2]),
    "dataRequests": lambda large: large.setup.operation("dataRequests", 1),
    "withdrawDataRequest": lambda large: large.setup.operation(
        "withdrawDataRequest", 3, id=large.setup.perform("exportMyData", 3)["id"]
    ),
    "direct": lambda large: large.setup.operation("direct", userId=large.newcomer),
    "deleteRoom": lambda large: large.call("deleteRoom"),
    "run_jobs": lambda _: lambda ours: run_jobs(ours, 0.0, Tally()),
    # The last, since whoever is held makes the end of a room dearer.
    "setHold": lambda large: large.setup.by(
        "privacy", "setHold", userId=large.setup.users[4], reason="a lawsuit"
    ),
    "liftHold": _lift,
    "holds": lambda large: large.setup.by("privacy", "holds"),
}
"""By the operation's name in `docs/costs.md`, in an order in which one does not stand in another's way."""
