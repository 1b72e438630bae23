"""What people are called over HTTP, by users who know nothing but the schema."""

import pytest

from .conftest import Api
from .test_rooms import done, people, room

__all__ = ["people", "room"]  # the fixtures

pytestmark = pytest.mark.timeout(120)

PERSON = "userId name avatarUrl avatarId updatedAt"


async def test_a_name_is_said_asked_for_searched_and_cleared(
    api: Api, people: tuple[str, str, str], room: str
) -> None:
    ann, ben, cleo = people
    where = f'roomId: "{room}"'
    said = await done(api, ann, "mutation", f'updateMe(name: "Ánn 👩‍💻 אן") {{ {PERSON} isConfusable }}')
    assert (said["name"], said["isConfusable"]) == ("Ánn 👩‍💻 אן", None)
    found = await done(
        api, ben, "query", f'people({where}, ids: ["{ben}", "{ann}", "{cleo}"]) {{ userId name }}'
    )
    assert found == [{"userId": ben, "name": None}, {"userId": ann, "name": "Ánn 👩‍💻 אן"}]
    marked = await done(api, ben, "query", f'people({where}, ids: ["{ann}"]) {{ userId isConfusable }}')
    assert marked == [{"userId": ann, "isConfusable": False}]
    (by_name, *_) = await done(api, ben, "query", f'searchPeople({where}, prefix: "ANN") {{ userId name }}')
    assert by_name["userId"] == ann
    own = (await api.ask(ann, f"query {{ me {{ userId person {{ {PERSON} }} }} }}")).data["me"]
    assert (own["userId"], own["person"]["updatedAt"]) == (ann, said["updatedAt"])
    cleared = await done(api, ann, "mutation", f"updateMe(reset: [NAME]) {{ {PERSON} }}")
    assert cleared["name"] is None
    refused = await api.ask(cleo, f'query {{ people({where}, ids: ["{ann}"]) {{ name }} }}')
    assert refused.error[0] == "NotRoomMember"
    refused = await api.ask(
        ann, 'mutation { updateMe(avatarUrl: "https://elsewhere.example.com/a.png") { userId } }'
    )
    assert refused.error[0] == "NotAllowed"
