"""FastAPI as its documentation has it: `for person in room: await person.send_text(...)`."""

import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
people: list[WebSocket] = []


@app.websocket("/")
async def room(socket: WebSocket) -> None:
    await socket.accept()
    people.append(socket)
    try:
        while True:
            text = await socket.receive_text()
            for person in people:
                await person.send_text(text)
    except WebSocketDisconnect:
        people.remove(socket)


@app.get("/ready")
async def ready() -> str:
    return "ready"


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", ws_per_message_deflate=False)
