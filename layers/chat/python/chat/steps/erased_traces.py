"""What else there is of a person who is erased: their reactions, others' mentions of them, their pictures, and the rest of
their partition."""

from functools import partial

from chat.deployment import Deployment
from chat.rules.mentions import mentioned_in, to_json
from chat.rules.models import Head, Item, Message
from chat.rules.people import Profile
from chat.rules.reactions import emoji_in
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.erased_messages import delete_places
from chat.steps.erasure_subject import page_of, person_in, request_in
from chat.steps.message_change import Target, change_writes, remember_change, unexpired
from chat.steps.retry import retried, until_committed, until_room_is_changed
from chat.storage import keys
from chat.storage.erased_items import places_of
from chat.storage.mention_items import MentionItem
from chat.storage.places import Place, avatar_place, head_place, in_room, personal_place
from chat.storage.reaction_items import ReactionPlace, no_reaction_writes
from chat.storage.tables import MOST_DELETED, Write
from chat.storage.uploads import avatar_key, pending_key

REACTED_AT_ONCE, MENTIONED_AT_ONCE, OWN_AT_ONCE = 20, 10, 200


def take_back_reactions(
    table: Table, deployment: Deployment, subject: str, position: str | None
) -> str | None:
    """A step: the reactions of one page. The summaries follow as after any reaction, by `project_stream`."""
    user_id = person_in(subject)
    items, further = _own(
        deployment, table, user_id, (keys.REACTED, keys.REACTED_END), REACTED_AT_ONCE, position
    )
    for item in items:
        in_partition, _, message_id = item["SK"]["S"].removeprefix(keys.REACTED).rpartition("#")
        where = ReactionPlace(Room.lying_in(in_partition), message_id)
        for emoji in emoji_in(item):
            until_committed(deployment, Tally(), partial(_unreact, deployment, where, user_id, emoji))
    return further


def _unreact(deployment: Deployment, where: ReactionPlace, user_id: str, emoji: str) -> bool:
    tables, shard = deployment.store.tables, where.reacting(emoji, user_id)
    count = Place(shard.table, shard.partition_key, keys.reaction_count(emoji))
    found = tables.batch([where.reacted(user_id), count], consistent=True)
    if emoji in emoji_in(found.get(where.reacted(user_id), {})):
        tables.transact(no_reaction_writes(where, user_id, emoji, counted=count in found))
    return True


def forget_mentions(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: others' messages of one page mention the person no more, which their rooms hear as an edit of each. What their
    texts say are their words."""
    user_id = person_in(subject)
    between = (keys.MENTIONS, keys.PERSONAL_MENTIONS_END)
    items, further = _own(deployment, table, user_id, between, MENTIONED_AT_ONCE, position)
    for item in items:
        in_partition, _, _ = item["SK"]["S"].removeprefix(keys.MENTIONS).rpartition("#")
        room = Room.lying_in(in_partition)
        until_room_is_changed(
            deployment, Tally(), room, partial(_unmention, deployment, room, user_id, table, item)
        )
    return further


def _unmention(deployment: Deployment, room: Room, user_id: str, table: Table, own: Item) -> bool:
    """One attempt at one message, with the item that led to it."""
    tables, target = deployment.store.tables, Target(room, MentionItem.of(own).message_key)
    found = tables.batch([head_place(room), target.place], consistent=True)
    head, gone = Head.found(found.get(head_place(room))), Write(places_of([own], table)[0], delete=True)
    message = unexpired(deployment, target, head, found.get(target.place))
    if head is None or head.ended_at or not _mentions(message, user_id) or message is None:
        tables.transact([gone])
        return True
    left, now = [each for each in mentioned_in(message) if each != user_id], deployment.now()
    writes = change_writes(
        target,
        head,
        message,
        kind="edited",
        now=now,
        change_id=deployment.new_id(now),
        attributes={"mentions": to_json(left)} if left else {},
        remove=[] if left else ["mentions"],
    )
    tables.transact([*writes, gone])
    remember_change(deployment, room, head, now)
    return True


def _mentions(message: Message | None, user_id: str) -> bool:
    return message is not None and message.removed_at is None and user_id in mentioned_in(message)


def delete_pictures(deployment: Deployment, subject: str, _: str | None) -> None:
    """A step: the files of the person's pictures, and the item that says whose one of them is."""
    user_id, tables, uploads = person_in(subject), deployment.store.tables, deployment.uploads()
    profile = Profile.found(retried(deployment, lambda: tables.get(personal_place(user_id, keys.PROFILE))))
    pictures, start = [], None
    while True:
        items, start = _own(
            deployment, "core", user_id, (keys.PICTURES, keys.PICTURES_END), OWN_AT_ONCE, start
        )
        pictures += [item["SK"]["S"].removeprefix(keys.PICTURES) for item in items]
        if start is None:
            break
    names = [pending_key(each) for each in pictures]
    if profile is not None and profile.avatar_id:
        names += [avatar_key(user_id, profile.avatar_id), pending_key(profile.avatar_id)]
    if names and uploads is not None:
        objects = uploads.objects
        for first in range(0, len(names), 1_000):
            retried(deployment, partial(objects.delete, names[first : first + 1_000]))
    if profile is not None and profile.avatar_id:
        delete_places(deployment, [avatar_place(profile.avatar_id)], MOST_DELETED)


def forget_names(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: by what names the person was found in the rooms of one page."""
    user_id = person_in(subject)
    items, further = _own(deployment, table, user_id, (keys.NAMED, keys.NAMED_END), OWN_AT_ONCE, position)
    found = [
        in_room(Room.lying_in(item["SK"]["S"].removeprefix(keys.NAMED)), item["nameKey"]["S"])
        for item in items
        if "nameKey" in item
    ]
    delete_places(deployment, found, MOST_DELETED)
    return further


OWN_KINDS = (
    *(
        keys.MEMBERSHIPS,
        "AT#",
        keys.MENTIONS,
        keys.REACTED,
        keys.BLOCKS,
        keys.PICTURES,
        keys.NAMED,
        keys.DRAFTS,
        keys.NOTIFIED,
        keys.NOTIFY_SETTINGS,
    ),
)
OWN_ITEMS = (keys.PRESENCE, keys.QUOTA, keys.UPLOADING, keys.PROFILE, keys.MINE)
"""What the chat keeps in a person's partition, but for the proofs of sends and what an erasure itself does. The table may be
older than the chat: whatever else another service keeps there stays."""


def delete_own(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: one page of the rest of the partition."""
    user_id = person_in(subject)
    items, further = _own(deployment, table, user_id, (" ", "~"), OWN_AT_ONCE, position)
    ours = [item for item in items if is_own(item["SK"]["S"], subject)]
    delete_places(deployment, places_of(ours, table), MOST_DELETED)
    return further


def is_own(sort_key: str, subject: str) -> bool:
    """Whether it is one of these: earlier requests, too, but not the one that this is done for."""
    is_kind = sort_key in OWN_ITEMS or sort_key.startswith((*OWN_KINDS, keys.REQUESTS))
    return is_kind and sort_key != keys.request(request_in(subject))


def delete_proofs(table: Table, deployment: Deployment, subject: str, position: str | None) -> str | None:
    """A step: one page of the proofs, by which nothing is to be found any more. 1 write unit each."""
    user_id = person_in(subject)
    items, further = _own(deployment, table, user_id, (keys.PROOFS, keys.PROOFS_END), OWN_AT_ONCE, position)
    delete_places(deployment, places_of(items, table), MOST_DELETED)
    return further


def _own(
    deployment: Deployment,
    table: Table,
    user_id: str,
    between: tuple[str, str],
    count: int,
    start: str | None,
) -> tuple[list[Item], str | None]:
    return page_of(deployment, table, keys.user_partition(user_id), between, count, start)
