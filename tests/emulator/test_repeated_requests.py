"""What an SDK says twice happens once on the emulator."""

import asyncio
from typing import Any

import pytest

from tests.emulator.repeated_requests import KEPT_BYTES, App, Message, once


class Creation:
    """An application that creates one thing, and knows it by then: 409 for whoever comes again."""

    def __init__(self, status: int = 200, body: bytes = b"made", pieces: int = 1) -> None:
        self.calls = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._status, self._body, self._pieces = status, body, pieces

    async def __call__(self, _scope: Message, _receive: Any, send: Any) -> None:
        self.calls += 1
        status = self._status if self.calls == 1 else 409
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": status, "headers": []})
        for place in range(self._pieces):
            more = place < self._pieces - 1
            await send({"type": "http.response.body", "body": self._body, "more_body": more})


async def ask(app: App, name: str | None, kind: str = "http") -> int:
    """The status of a request with this invocation id."""
    headers = [] if name is None else [(b"Amz-Sdk-Invocation-Id", name.encode())]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": kind, "headers": headers}, receive, send)
    return int(sent[0]["status"])


def test_without_it_the_repetition_is_refused() -> None:
    async def story() -> list[int]:
        creation = Creation()
        return [await ask(creation, "a"), await ask(creation, "a")]

    assert asyncio.run(story()) == [200, 409]


@pytest.mark.parametrize("pieces", [1, 3])
def test_an_answer_that_was_lost_is_given_again(pieces: int) -> None:
    async def story() -> tuple[list[int], int]:
        creation = Creation(pieces=pieces)
        app = once(creation)
        return [await ask(app, "a"), await ask(app, "a"), await ask(app, "a")], creation.calls

    assert asyncio.run(story()) == ([200, 200, 200], 1)


def test_a_repetition_waits_for_the_first_that_is_under_way() -> None:
    async def story() -> tuple[list[int], int]:
        creation = Creation()
        creation.may_answer.clear()
        app = once(creation)
        both = asyncio.gather(ask(app, "a"), ask(app, "a"))
        await asyncio.sleep(0)
        creation.may_answer.set()
        return list(await both), creation.calls

    assert asyncio.run(story()) == ([200, 200], 1)


@pytest.mark.parametrize("status", [400, 409, 429, 500, 503])
def test_what_failed_is_carried_out_again(status: int) -> None:
    async def story() -> tuple[list[int], int]:
        creation = Creation(status)
        app = once(creation)
        return [await ask(app, "a"), await ask(app, "a")], creation.calls

    assert asyncio.run(story()) == ([status, 409], 2)


def test_other_requests_are_others() -> None:
    async def story() -> tuple[list[int], int]:
        creation = Creation()
        app = once(creation)
        answers = [await ask(app, name) for name in ("a", "b", None, None)]
        return [*answers, await ask(app, "a", kind="websocket")], creation.calls

    assert asyncio.run(story()) == ([200, 409, 409, 409, 409], 5)


def test_a_long_answer_is_not_kept() -> None:
    async def story() -> int:
        creation = Creation(body=b"x" * (KEPT_BYTES + 1))
        app = once(creation)
        await ask(app, "a")
        await ask(app, "a")
        return creation.calls

    assert asyncio.run(story()) == 2
