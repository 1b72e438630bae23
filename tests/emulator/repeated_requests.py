"""A request that an SDK repeats is carried out once.

An SDK whose answer was lost sends the same request again, with the same `amz-sdk-invocation-id` and another
`attempt` in `amz-sdk-request` (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). AWS's own
creates mostly carry a client token or are eventually consistent; an emulator answers "EntityAlreadyExists", and an apply ends.

Only the standard library is imported: this runs on the emulator's own Python.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

KEPT = 4_000
"""Answers that are kept; a deployment is some 2,000 requests."""
KEPT_BYTES = 256 * 1024
"""Of one answer: longer ones belong to reads, which may be carried out again."""


def once(app: App) -> App:
    """An ASGI application that gives the answer of `app` again to a request that is repeated, while the first is still
    under way, too. What was not answered with success is carried out again."""
    answers: OrderedDict[bytes, asyncio.Future[list[Message]]] = OrderedDict()

    async def carry_out(name: bytes, scope: Message, receive: Receive, send: Send) -> None:
        answer: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        answers[name] = answer
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)
            await send(message)

        try:
            await app(scope, receive, keep)
        finally:
            whole = sent if _may_be_kept(sent) else []
            if not whole:
                answers.pop(name, None)
            answer.set_result(whole)
            while len(answers) > KEPT:
                answers.popitem(last=False)

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        name = _invocation(scope)
        if name is None:
            await app(scope, receive, send)
            return
        while (first := answers.get(name)) is not None:
            if whole := await asyncio.shield(first):
                for message in whole:
                    await send(message)
                return
        await carry_out(name, scope, receive, send)

    return answer


def _invocation(scope: Message) -> bytes | None:
    if scope["type"] != "http":
        return None
    return next((value for name, value in scope["headers"] if name.lower() == b"amz-sdk-invocation-id"), None)


def _may_be_kept(sent: list[Message]) -> bool:
    """Whether this is a whole answer, of success, and short."""
    if not sent or not 200 <= sent[0].get("status", 0) < 300:
        return False
    bodies = [message for message in sent if message["type"] == "http.response.body"]
    size = sum(len(message.get("body", b"")) for message in bodies)
    return bool(bodies) and not bodies[-1].get("more_body", False) and size <= KEPT_BYTES
