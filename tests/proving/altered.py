"""The sound sample behind a wire that alters what it says: a fault for each check."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from proving.servers.wire import Server, Socket

Told = tuple[int, Any]
"""An HTTP status and the JSON that is answered."""
AlterAnswer = Callable[[dict[str, Any], Told], Told]
AlterFrame = Callable[[dict[str, Any]], list[dict[str, Any]]]


@dataclass(eq=False, slots=True)
class AlteredServer(Server):
    """`answers` is given the request and what is answered to it, `frames` each frame that goes out."""

    answers: AlterAnswer = lambda _, told: told
    frames: AlterFrame = lambda frame: [frame]

    def __post_init__(self) -> None:
        frames = self.frames

        class AlteredSocket(Socket):
            async def send(self, type_: str, id_: str | None = None, payload: Any = None) -> None:
                for frame in frames({"type": type_, "id": id_, "payload": payload}):
                    await super().send(frame["type"], frame["id"], frame["payload"])

        self.kind = AlteredSocket

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = await super(AlteredServer, self).post(request)
        assert isinstance(answer.body, bytes)
        try:
            asked = json.loads(body)
        except ValueError:
            asked = {}
        asked = asked if isinstance(asked, dict) else {}
        asked["token"] = request.headers.get("authorization")
        status, told = self.answers(asked, (answer.status, json.loads(answer.body)))
        return web.json_response(told, status=status)


def taken(name: str, data: Any) -> AlterAnswer:
    """What is refused by this name is answered with data in its place."""

    def alter(_: dict[str, Any], told: Told) -> Told:
        errors = told[1].get("errors")
        return (200, {"data": data}) if errors and errors[0].get("errorType") == name else told

    return alter


def answered(part: str, data: Any) -> AlterAnswer:
    """Documents that hold this are answered so, whatever was done."""
    return lambda asked, told: (200, {"data": data}) if part in asked.get("query", "") else told


def field(name: str, key: str, value: Any) -> AlterAnswer:
    """A field of what one field answers is another."""

    def alter(_: dict[str, Any], told: Told) -> Told:
        found = (told[1].get("data") or {}).get(name)
        if isinstance(found, dict):
            found[key] = value(found[key]) if callable(value) else value
        return told

    return alter


def instead(type_: str, other: str | None, payload: Any = None) -> AlterFrame:
    """Frames of a type are frames of another, or none."""

    def alter(frame: dict[str, Any]) -> list[dict[str, Any]]:
        if frame["type"] != type_:
            return [frame]
        return [{**frame, "type": other, "payload": payload}] if other else []

    return alter


def twice(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame] * (2 if frame["type"] == "data" else 1)
