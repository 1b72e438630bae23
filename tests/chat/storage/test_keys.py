"""The sort keys hold messages in the order of time, apart from everything else in the room."""

from hypothesis import given
from hypothesis import strategies as st

from chat.storage import keys

instants = st.integers(0, keys.LATEST_MS)


@given(instants, instants)
def test_messages_sort_by_instant(one: int, other: int) -> None:
    if one != other:
        assert (keys.message(one, "id") < keys.message(other, "id")) == (one < other)


@given(instants)
def test_a_floor_is_before_every_message_of_its_instant_and_after_every_earlier_one(ts: int) -> None:
    assert keys.message_floor(ts) < keys.message(ts, "-")
    assert keys.message(max(0, ts - 1), "|" * 128) < keys.message_floor(ts) or ts == 0
    assert keys.message(ts, "|" * 128) < keys.MESSAGES_END


@given(st.integers(-(10**15), 10**15))
def test_a_floor_has_thirteen_digits_for_any_instant(ts: int) -> None:
    assert len(keys.message_floor(ts)) == len("MSG#") + 13


@given(instants)
def test_the_instant_is_read_back(ts: int) -> None:
    assert keys.instant(keys.message(ts, "a-b")) == ts


def test_nothing_else_in_a_room_lies_between_its_messages() -> None:
    for other in (keys.HEAD, keys.roster("alice"), "CHG#0000000000001"):
        assert not keys.message_floor(0) <= other <= keys.MESSAGES_END


def test_keys_are_those_of_the_data_model() -> None:
    assert keys.message(7, "id") == "MSG#0000000000007#id"
    assert keys.user_partition("alice") == "USER#alice"
    assert keys.membership("GUILD#x") == "IN#GUILD#x"
    assert keys.roster("alice") == "MEMBER#alice"
    assert keys.sent("ROOM#x", "c-1") == "SENT#ROOM#x#c-1"
