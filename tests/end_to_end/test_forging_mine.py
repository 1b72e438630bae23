"""Nobody but the projection tells anybody what happens to them, whatever they try, in either way to publish, over the real wire."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from chat.rules.person_events import PersonEvent
from chat.rules.published import publish_mine_document
from simulator.keys import SigningKey
from tests.end_to_end.forging import TELLING, Attempt
from tests.end_to_end.served import Listener, Served, served
from tests.end_to_end.test_forging import Scene
from tests.guarantees.support.fixtures import FAST, new_room

pytestmark = pytest.mark.timeout(120)
HEAR = "subscription ($me: ID!, $epoch: Int) { onMine(userId: $me, epoch: $epoch) { userId epoch id kind roomId } }"


def told(user: str, name: str) -> str:
    event = PersonEvent(user_id=user, id=name, kind="ADDED", ts=1, room_id="lobby", rev=1, actor_id=user)
    return json.dumps(event.to_wire(1))


async def attempted(
    api: Served, key: SigningKey, client: Any, attempt: Attempt, ann: str, listener: Listener | None = None
) -> dict[str, Any]:
    mine = new_room(client, members={"mallory": "owner"}, settings=FAST)
    unused = listener or Listener(None, lambda _path, _body: {})  # type: ignore[arg-type]
    scene = Scene(api, client, mine, mine, unused, key)
    values = {"mine": mine, "theirs": uuid.uuid4().hex, "text": "forged", "told": told(ann, "forged")}
    given = {name: values[name] for name in attempt.variables}
    return await api.ask(scene.credentials(attempt.by), attempt.query, **given)


async def test_by_the_stream_the_projection_alone_is_heard(
    client: Any, tmp_path: Path, key: SigningKey
) -> None:
    ann = f"ann-{uuid.uuid4()}"
    async with served(tmp_path, key, publish="stream") as api, api.listening(api.token(ann)) as listener:
        assert (await listener.start("mine", HEAR, me=ann, epoch=1))["type"] == "start_ack"
        for name, attempt in TELLING.items():
            answer = await attempted(api, key, client, attempt, ann, listener)
            assert _is_refused(answer) or "$told" not in attempt.document, (name, answer)
            honest = f"honest {name}"
            document = publish_mine_document()
            assert "errors" not in await api.ask(api.key("projector"), document, event=told(ann, honest))
            await listener.until(
                lambda honest=honest: [each for _, each in listener.heard if each["id"] == honest]
            )
            assert [each["id"] for _, each in listener.heard if not each["id"].startswith("honest")] == [], (
                name
            )


@pytest.mark.parametrize("auth", ["", "iam", "lambda,iam", "cognito"])
async def test_by_the_sender_nobody_is_heard_nor_hears(
    client: Any, tmp_path: Path, key: SigningKey, auth: str
) -> None:
    """The mutation has the modes of people there, and the roles of both readers may be among the callers of IAM."""
    async with served(tmp_path, key, publish="sender", auth=auth) as api:
        document = publish_mine_document()
        for user in ("alice", "gateway", "publisher", "projector", "stranger") if "iam" in auth else ():
            answer = await api.ask(api.key(user), document, event=told("alice", "forged"))
            assert _is_refused(answer), (user, answer)
            assert answer["errors"][0]["errorType"] == "IdentityRefused"
        modes = [mode for mode in auth.split(",") if mode not in ("", "iam")] or ([""] if not auth else [])
        for mode in modes:
            token = api.token("alice", mode)
            answer = await api.ask(token, document, event=told("alice", "forged"))
            assert _is_refused(answer), answer
            async with api.listening(token) as listener:
                refusal = await listener.start("mine", HEAR, me="alice", epoch=1)
                assert refusal["type"] == "error"
                (error,) = refusal["payload"]["errors"]
                assert "reason=" in error["message"]


async def test_who_may_subscribe_is_judged_on_the_wire(client: Any, tmp_path: Path, key: SigningKey) -> None:
    ann = f"ann-{uuid.uuid4()}"
    outcomes: dict[str, str] = {}
    async with served(tmp_path, key, publish="stream") as api:
        for who, roles in {ann: "", "bob": "", "root": "admin", "gw": "gateway"}.items():
            token = key.mint(who, now=int(time.time()), ttl=600, roles=[roles] if roles else [])
            async with api.listening(token) as listener:
                for epoch in (1, 7, None):
                    frame = await listener.start(f"{epoch}", HEAR, me=ann, epoch=epoch)
                    errors = frame.get("payload", {}).get("errors")
                    outcomes[f"{roles or who[:3]} {epoch}"] = (
                        errors[0]["errorType"] if errors else frame["type"]
                    )
    assert outcomes == {
        "ann 1": "start_ack",
        "ann 7": "StaleEpoch",
        "ann None": "StaleEpoch",
        "bob 1": "NotAllowed",
        "bob 7": "NotAllowed",
        "bob None": "NotAllowed",
        "admin 1": "NotAllowed",
        "admin 7": "NotAllowed",
        "admin None": "NotAllowed",
        "gateway 1": "start_ack",
        "gateway 7": "StaleEpoch",
        "gateway None": "StaleEpoch",
    }


def _is_refused(answer: dict[str, Any]) -> bool:
    """Nothing that AppSync would publish came of it."""
    if answer["status"] == 401:
        return True
    data = answer.get("data") or {}
    published = [value for name, value in data.items() if name != "sendMessage"]
    return bool(answer.get("errors")) and not any(published)
