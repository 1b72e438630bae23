"""What a room's reactions leave when the room has ended: nothing, in nobody's partition."""

from typing import Any

from chat.operations.delete_room import delete_room
from chat.operations.run_jobs import run_jobs
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from tests.guarantees.reactions.people import ReactingRoom, react_to
from tests.guarantees.support.fixtures import new_room, process, send, table_name


def left_of(client: Any, room_id: str) -> set[tuple[str, str]]:
    room, found = Room.parse(room_id), set[tuple[str, str]]()
    start: dict[str, Any] = {}
    while True:
        page = client.scan(TableName=table_name(room), ConsistentRead=True, **start)
        keys_ = {(item["PK"]["S"], item["SK"]["S"]) for item in page["Items"]}
        found |= {each for each in keys_ if any(room.partition_key in part for part in each)}
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_the_removal_of_a_room_finds_every_reaction(functions_environ: None, client: Any) -> None:
    world = ReactingRoom(client)
    people = [f"p{number}" for number in range(20)]
    kept, room = new_room(world.client, *people), new_room(world.client, members={"alice": "owner"} | dict.fromkeys(people, "member"))  # type: ignore[arg-type]  # fmt: skip
    messages = [send(world.people, room, "alice", "hi") for _ in range(3)]
    other = send(world.people, kept, "p0", "hi")
    for user in people:
        for number, message in enumerate(messages):
            react_to(world.people, message, user, ["👍", "#️⃣", ":party_parrot:"][number])
        react_to(world.people, other, user)
    world.projected.run()
    react_to(world.people, messages[0], "alice")  # not summarised any more
    before = left_of(client, kept)
    delete_room(world.people, Caller("alice"), {"roomId": room}, Tally())
    run = run_jobs(process(client, world.clock), 1_000.0, Tally())
    assert run.ended >= 1  # others' jobs are in the same tables
    assert run.failures == []
    left = {sort_key.split("#")[0] for _, sort_key in left_of(client, room)}
    assert left == {"HEAD", "IN", "EVT"}
    assert left_of(client, kept) == before
