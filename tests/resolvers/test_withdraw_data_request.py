"""Mutation.withdrawDataRequest: before it begins, by whom it is about and by whom that is for."""

from chat.storage import keys
from tests.resolvers.asking import by, somebody
from tests.resolvers.harness import Harness

ERASE_ME = "Mutation.eraseMe"
EXPORT_MINE = "Mutation.exportMyData"
WITHDRAW = "Mutation.withdrawDataRequest"


def test_the_person_withdraws_what_was_asked_for_them(harness: Harness) -> None:
    user = somebody(harness)
    made = harness.invoke(by(harness, "Mutation.requestErasure", "pia", role="privacy", userId=user))
    assert harness.invoke(by(harness, ERASE_ME, user))["id"] == made["id"]
    ended = harness.invoke(by(harness, WITHDRAW, user, id=made["id"], userId=user))
    assert ended["state"] == "WITHDRAWN"


def test_what_has_begun_is_not_withdrawn(harness: Harness) -> None:
    user = somebody(harness)
    made = harness.invoke(by(harness, EXPORT_MINE, user))
    place = {"PK": {"S": keys.user_partition(user)}, "SK": {"S": f"REQUEST#{made['id']}"}}
    harness.client.update_item(
        TableName="gg_core",
        Key=place,
        UpdateExpression="SET #state = :running",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":running": {"S": "RUNNING"}},
    )
    harness.refused(by(harness, WITHDRAW, user, id=made["id"]), "NotAllowed", reason="begun")


def test_a_request_that_is_nobodys_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(WITHDRAW, somebody(harness)), "InvalidInput", argument="id")


def test_an_id_that_is_none_is_said_to_be_none(harness: Harness) -> None:
    told = harness.refused(harness.event(f"{WITHDRAW}.malformed-id"), "InvalidInput", argument="id")
    unknown = harness.refused(harness.event(WITHDRAW, somebody(harness)), "InvalidInput", argument="id")
    assert "not the id" in str(told)
    assert "not the id" not in str(unknown)
