"""What a choice of fields lacks: fields that a chosen one cannot work without, and what nobody does then."""

from collections.abc import Iterator, Mapping, Sequence

from schema.request import Request
from schema.source import INTERNAL, INTERNAL_MINE

_EPOCH = (
    "Query.messages",
    "Query.changes",
    "Query.sync",
    "Query.room",
    "Query.myRooms",
    "Mutation.heartbeat",
)
_MISSED = ("Query.messages", "Query.changes", "Query.sync")

NEEDS: Mapping[str, Sequence[tuple[Sequence[str], str]]] = {
    "Subscription.onMessage": [
        (_EPOCH, "tells the epoch to subscribe with"),
        (_MISSED, "reads what came while nobody was connected: AppSync replays nothing"),
    ],
    "Subscription.onReceipt": [(_EPOCH, "tells the epoch to subscribe with")],
    "Subscription.onTyping": [(_EPOCH, "tells the epoch to subscribe with")],
    "Subscription.onMine": [
        (["Query.me", "Mutation.revokeSubscriptions"], "tells the epoch to subscribe with"),
        (["Query.sync"], "says what has moved: AppSync replays nothing"),
    ],
    "Query.changes": [
        (["Query.messages"], "tells the head to go on from, and reads the room anew after `reset`")
    ],
    "Query.sync": [(["Query.messages"], "reads a room anew after `reset`")],
    "Query.attachment": [(["Mutation.createUpload"], "makes attachments")],
    "Mutation.createUpload": [(["Mutation.sendMessage"], "makes attachments of uploads")],
    "Query.receipts": [(["Mutation.markRead", "Mutation.markDelivered"], "moves receipts")],
    "Query.presence": [(["Mutation.heartbeat"], "says who is there")],
    "Query.delivery": [(["Mutation.heartbeat"], "says which clients are connected")],
    "Query.blocks": [(["Mutation.blockUser"], "makes blocks")],
    "Mutation.unblockUser": [(["Mutation.blockUser"], "makes blocks")],
    "Mutation.unbanMember": [(["Mutation.banMember"], "makes bans")],
}
"""Of each field: others, one of which at least has to be there, and what these do for it."""


def notes(request: Request) -> Iterator[str]:
    """A sentence for each thing that the request's fields lack; what is meant so may stay so."""
    chosen = set(request.fields)
    for name in request.fields:
        for others, purpose in NEEDS.get(name, ()):
            if not chosen & set(others):
                yield f"{name} needs {' or '.join(others)}, which {purpose}."
        left_out = [each for each in request.source.links.get(name, ()) if f"Mutation.{each}" not in chosen]
        if left_out:
            yield f"{name} does not hear of {', '.join(left_out)}, which are left out."
    if INTERNAL_MINE in chosen & request.source.internal():
        yield "The function of publishMine compares the caller's role: set PROJECTOR_ROLE to that of project_stream."
    if INTERNAL in chosen:
        yield (
            "The API needs the mode AWS_IAM, by which the stream's reader calls publishMessage: add it beside the others, if it "
            "is none of them yet."
        )
        yield (
            "@aws_iam lets in every IAM principal of the account that may call appsync:GraphQL, so the function of publishMessage "
            "compares the caller's role: set PUBLISHER_ROLE to the reader's."
        )
    if "Mutation.createRoom" not in chosen:
        yield "None of the fields makes rooms: that is left to Mutation.createRoom elsewhere, to guild_membership or to a roster."
