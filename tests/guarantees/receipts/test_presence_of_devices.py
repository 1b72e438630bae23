"""A person is what the most present of their devices is, whatever devices say at once, whatever is lost on the
way, and whoever's clock is wrong."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, local
from typing import Any

import pytest

from chat.operations.heartbeat import heartbeat
from chat.operations.presence import presence
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.receipts.measured_member import new_user
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import NOON, Clock, new_room, process
from tests.guarantees.support.overtaken import Overtaken
from tests.guarantees.support.proxy import Fault, Proxy

HOUR_MS = 3_600_000


def status_of(client: Any, room: str, user: Caller, now: int = NOON) -> str:
    answer = presence(process(client, Clock(now)), user, {"roomId": room}, Tally())
    return next(str(each["status"]) for each in answer["people"] if each["userId"] == user.user_id)


def say(client: Any, user: Caller, now: int, **arguments: object) -> None:
    heartbeat(process(client, Clock(now), deadline_s=20), user, arguments, Tally())


class AtOnce:
    """A client by which everybody has looked before anybody writes: the first look of each of so many threads waits for the
    others'."""

    def __init__(self, client: Any, threads: int) -> None:
        self._client, self._barrier, self._thread = client, Barrier(threads, timeout=60), local()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return partial(self._look, call) if name in ("get_item", "batch_get_item") else call

    def _look(self, call: Callable[..., Any], **request: Any) -> Any:
        answer = call(**request)
        if not getattr(self._thread, "has_looked", False):
            self._thread.has_looked = True
            self._barrier.wait()
        return answer


def test_devices_that_say_something_at_once_do_not_lose_each_other(client: Any) -> None:
    bob, devices = new_user(), [f"d-{number}" for number in range(6)]
    room, at_once = new_room(client, bob.user_id), AtOnce(client, len(devices))
    with ThreadPoolExecutor(len(devices)) as pool:
        list(pool.map(lambda device: say(at_once, bob, NOON, deviceId=device), devices))
    for number, device in enumerate(devices):
        assert status_of(client, room, bob) == "ONLINE", f"{number} of {len(devices)} have gone"
        say(client, bob, NOON + 1, deviceId=device, status="OFFLINE")
    assert status_of(client, room, bob) == "OFFLINE"


def test_a_device_that_was_overtaken_does_not_lose_the_other(client: Any) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    say(client, bob, NOON, deviceId="tablet", status="OFFLINE")
    say(
        Overtaken(client, lambda: say(client, bob, NOON + 1, deviceId="phone")),
        bob,
        NOON + 1,
        deviceId="desk",
    )
    say(client, bob, NOON + 2, deviceId="desk", status="OFFLINE")
    assert status_of(client, room, bob) == "ONLINE"
    say(client, bob, NOON + 3, deviceId="phone", status="OFFLINE")
    assert status_of(client, room, bob) == "OFFLINE"


def test_devices_with_one_room_open_that_come_at_once_are_one_person(client: Any) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: say(client, bob, NOON, deviceId=f"d-{number}", watching=room), range(6)))
    answer = presence(process(client, Clock(NOON)), bob, {"roomId": room}, Tally())
    assert answer["watching"] == 1


@pytest.mark.parametrize("skew", [-730 * 24 * HOUR_MS, -HOUR_MS, HOUR_MS, 730 * 24 * HOUR_MS])
def test_a_process_whose_clock_is_wrong_spoils_no_other_devices_presence(client: Any, skew: int) -> None:
    bob = new_user()
    room = new_room(client, bob.user_id)
    say(client, bob, NOON, deviceId="desk")
    for number in range(3):
        say(client, bob, NOON + skew, deviceId=f"d-{number}", status="AWAY")
    assert status_of(client, room, bob, NOON + 1_000) == "ONLINE"


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.error("ThrottlingException")])
def test_a_heartbeat_whose_answer_is_lost_leaves_the_others_as_they_are(
    client: Any, proxied: Any, proxy: Proxy, fault: Fault
) -> None:
    bob = Caller(f"bob-{uuid.uuid4().hex[:12]}")
    room = new_room(client, bob.user_id)
    say(client, bob, NOON, deviceId="desk")
    proxy.once("UpdateItem", fault)
    say(proxied, bob, NOON + 1, deviceId="phone", status="OFFLINE")
    assert status_of(client, room, bob) == "ONLINE"
    say(client, bob, NOON + 2, deviceId="desk", status="OFFLINE")
    assert status_of(client, room, bob) == "OFFLINE"
