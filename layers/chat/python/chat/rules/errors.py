"""The refusals, by name.

    ChatError
     ├── IdentityRefused      401  nobody whom this deployment knows calls
     ├── InvalidInput         400  malformed argument
     ├── NotRoomMember        403  no such room, or not in it
     ├── NotAllowed           403  this may not be done, though the room is no secret
     ├── Muted                403  until an instant
     ├── RateLimited          429  the person's or the room's limit, with retryAfterMs
     ├── IdempotencyMismatch  409  same clientMessageId, other content
     ├── StaleEpoch           409  subscribe without the room's current epoch
     ├── ServiceUnavailable   503  throttled, or the conflict budget is spent; retryable
     └── InternalError        500  anything else; opaque, with the correlation id

A direct resolver's exception class name becomes `errors[].errorType` and its string `errors[].message`;
nothing else travels, so these classes are the API:
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-lambda.html No class
is called `Unauthorized*` or `NotAuthorized*`: AppSync rewrites those, and Amplify closes the shared socket on
them.
"""

from collections.abc import Mapping
from typing import Literal

from chat.rules.catalogue import DEFAULT_LOCALE, sentence

IdentityReason = Literal["missing", "source", "ambiguous", "client", "tokenUse", "claim", "role"]
ClaimRole = Literal["userId", "roles", "locale"]
"""What a claim is used for."""


class ChatError(Exception):
    """A refusal: a sentence for people by its catalogue key, and values for machines.

    `key` is `{feature}.{key}` below `messages.` in the catalogues; `values` fill the sentence and follow it
    in brackets, the code first. Values never hold what a person wrote.
    """

    def __init__(self, key: str, **values: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.values = values
        self.locale = DEFAULT_LOCALE

    @property
    def code(self) -> str:
        return type(self).__name__

    def in_language(self, locale: str) -> "ChatError":
        """The same refusal, in the caller's language (`en`, `es`, `fr`; anything else falls back to
        English)."""
        self.locale = locale
        return self

    @property
    def sentence(self) -> str:
        """What people are told."""
        return sentence(self.locale, self.key, self.values)

    def __str__(self) -> str:
        machine = " ".join([f"code={self.code}", *(f"{name}={value}" for name, value in self.values.items())])
        return f"{self.sentence} [{machine}]"


class IdentityRefused(ChatError):
    """Who calls is nobody here. `reason`: `missing` (no identity, or an API key's), `source` (a way to log in or an
    issuer that is not enabled), `ambiguous` (two sources claim it), `client` (issued for somebody else), `tokenUse`
    (an access token for an id token, or the reverse), `claim` (what `claim` is used for is absent or malformed), `role`
    (an IAM caller that is not listed)."""

    def __init__(self, reason: IdentityReason, claim: ClaimRole | None = None) -> None:
        super().__init__(_IDENTITY[reason], reason=reason, **({"claim": claim} if claim else {}))

    @property
    def metric(self) -> str:
        """The reason as a metric's name: `IdentityRefusedTokenUse`, `IdentityRefusedClaimUserId`."""
        words = (str(word) for word in self.values.values())
        return self.code + "".join(word[0].upper() + word[1:] for word in words)


_IDENTITY: dict[IdentityReason, str] = {
    "missing": "identity.missing",
    "source": "identity.source",
    "ambiguous": "identity.ambiguous",
    "client": "identity.client",
    "tokenUse": "identity.tokenUse",
    "claim": "identity.claim",
    "role": "identity.role",
}


class InvalidInput(ChatError):
    """An argument is malformed; `argument` names it."""


class NotRoomMember(ChatError):
    """There is no such room, or the caller is not in it: both answer alike."""

    def __init__(self) -> None:
        super().__init__("room.notMember")


class NotAllowed(ChatError):
    """The caller is in the room, but the role may not do this, or a rule of the deployment's own is against it
    (docs/hooks.md). Such a rule brings `sentences` of its own by language, English among them."""

    def __init__(self, key: str, *, sentences: Mapping[str, str] | None = None, **values: str | int) -> None:
        super().__init__(key, **values)
        self._sentences = sentences

    @property
    def sentence(self) -> str:
        if self._sentences:
            return self._sentences.get(self.locale) or self._sentences[DEFAULT_LOCALE]
        return super().sentence


class Muted(ChatError):
    """The caller may not send until `until`, an instant in UTC."""

    def __init__(self, until: str) -> None:
        super().__init__("send.muted", until=until)


class RateLimited(ChatError):
    """Too many messages, or too much of what `key` has a sentence for; `scope` says whose limit it was:
    `person` or `room`."""

    def __init__(self, retry_after_ms: int, scope: str, key: str | None = None) -> None:
        super().__init__(key or f"send.rateLimited.{scope}", retryAfterMs=retry_after_ms, scope=scope)


class IdempotencyMismatch(ChatError):
    """The clientMessageId was used in this room by this sender for another text or other attachments."""

    def __init__(self) -> None:
        super().__init__("send.mismatch")


class StaleEpoch(ChatError):
    """A subscription names no epoch, or one that is over; `epoch` is the current one, `of` whose: a room's, or a
    person's own (`mine`)."""

    def __init__(
        self, epoch: int, *, missing: bool = False, of: Literal["subscribe", "mine"] = "subscribe"
    ) -> None:
        super().__init__(_EPOCHS[of][missing], epoch=epoch)


_EPOCHS = {
    "subscribe": ("subscribe.staleEpoch", "subscribe.epochMissing"),
    "mine": ("mine.staleEpoch", "mine.epochMissing"),
}


class ServiceUnavailable(ChatError):
    """The store throttled, failed or stayed contended for the whole deadline, this process's clock is in doubt
    (`reason=clock`), a rule of the deployment's own gave no answer (`reason=hook`), or an operator has switched it off
    (`reason=switchedOff`). The same request may be sent again."""

    def __init__(self, **values: str) -> None:
        key = "service.switchedOff" if values.get("reason") == "switchedOff" else "service.unavailable"
        super().__init__(key, **values)


class InternalError(ChatError):
    """Something else went wrong; only the correlation id leaves the function."""

    def __init__(self, correlation_id: str) -> None:
        super().__init__("service.internal", correlationId=correlation_id)


def raised_at(error: BaseException) -> str:
    """`file:line` of the innermost frame: what can be said of an exception whose text may hold inputs."""
    traceback = error.__traceback__
    if traceback is None:
        return "unknown"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
