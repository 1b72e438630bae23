"""A send that was made before: its proof, and the message that a repeat of it answers."""

from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.errors import IdempotencyMismatch, RateLimited
from chat.rules.generations import published_again
from chat.rules.identifiers import chance_of
from chat.rules.models import Head, Message, Sent
from chat.rules.rate import Rate, to_ms
from chat.rules.retention import readable_since
from chat.rules.tally import Tally
from chat.steps.draft import Draft
from chat.storage import keys


def proof_of(deployment: Deployment, draft: Draft, tally: Tally) -> Sent | None:
    """The proof of an earlier send under the draft's clientMessageId, while it has not expired. One
    consistent read."""
    with tally.timing("StoreMs"):
        return deployment.store.sent(
            draft.room, draft.sender, draft.client_message_id, deployment.now() // 1_000
        )


def charge_repeat(deployment: Deployment, draft: Draft, sent: Sent, rate: Rate, tally: Tally) -> None:
    """Judge a repeat of what `sent` proves. A repeat costs units too: each process grants a person as many as
    it grants messages.

    Raises `IdempotencyMismatch` for other content, and `RateLimited`.
    """
    if sent.hash != draft.fingerprint:
        raise IdempotencyMismatch
    if sent.message_sk.endswith(chance_of(draft.message_id)):
        return  # no repeat: only this call's answer was lost
    sender, now = (draft.room.partition_key, draft.sender), round(deployment.monotonic() * 1_000_000)
    tat = deployment.memory.repeats.get(sender) or 0
    if wait := rate.wait(tat, now):
        raise RateLimited(to_ms(wait), "person")
    deployment.memory.repeats.put(sender, rate.taken(tat, now), deployment.monotonic())
    tally.add("Repeats")


def stored_message(
    deployment: Deployment, draft: Draft, sent: Sent, head: Head | None, tally: Tally
) -> Message:
    """The message that `sent` proves, as it is now and as far as the room's retention leaves it."""
    now = deployment.now()
    if sent.message_sk < keys.message_floor(readable_since(head, deployment.defaults, now)):
        return _expired(draft, sent)
    with tally.timing("StoreMs"):
        stored = deployment.store.message(draft.room, sent.message_sk, now // 1_000)
    message = stored or _expired(draft, sent)
    return _published_again(message, head) if head else message


def _published_again(message: Message, head: Head) -> Message:
    """The same, where the history is visible from joining only as it was sent: later epochs have people who may not see it."""
    again = published_again(message, head)
    return replace(again, epoch=None) if head.history_from and message.rev is not None else again


def _expired(draft: Draft, sent: Sent) -> Message:
    """What is left of a message that is gone while its proof still stands: everything but the text."""
    _, ts, message_id = sent.message_sk.split("#", 2)
    message: Message = replace(draft.message(int(ts), seq=sent.seq), id=message_id, text=None)
    return message
