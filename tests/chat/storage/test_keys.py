"""The sort keys hold messages in the order of time, apart from everything else in the room."""

from hypothesis import given
from hypothesis import strategies as st

from chat.rules.rooms import is_user_id
from chat.storage import keys
from tests.chat.rules.test_user_ids import SUBJECTS

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


user_ids = st.text(min_size=1, max_size=128).filter(is_user_id) | st.sampled_from(SUBJECTS)


@given(user_ids)
def test_a_user_id_is_read_back_from_each_of_its_keys(user_id: str) -> None:
    for key in (keys.user_partition(user_id), keys.roster(user_id), keys.banned(user_id)):
        assert keys.user_in(key) == user_id


@given(user_ids, user_ids)
def test_two_users_never_share_a_key(one: str, other: str) -> None:
    for key_of in (keys.user_partition, keys.roster, keys.banned):
        assert (key_of(one) == key_of(other)) == (one == other)


@given(st.from_regex(r"\A[A-Za-z0-9_.:|@-]{1,128}\Z"))
def test_ids_of_letters_and_digits_stand_in_keys_as_they_are(user_id: str) -> None:
    assert keys.user_partition(user_id) == f"USER#{user_id}"
    assert (keys.roster(user_id), keys.banned(user_id)) == (f"MEMBER#{user_id}", f"BANNED#{user_id}")


def test_only_the_separator_and_its_escape_are_escaped() -> None:
    assert keys.user_partition("a+b/c=d~e\\é 李#%23") == "USER#a+b/c=d~e\\é 李%23%2523"


@given(user_ids)
def test_keys_of_users_lie_between_the_ends_of_their_kind_and_are_short_enough(user_id: str) -> None:
    """In the order of DynamoDB, which is that of UTF-8, and within its 1,024 bytes of a sort key."""
    for low, key, high in (
        (keys.ROSTER, keys.roster(user_id), keys.ROSTER_END),
        (keys.BANS, keys.banned(user_id), keys.BANS_END),
    ):
        assert low.encode() < key.encode() < high.encode()
        assert len(key.encode()) <= len(low) + 512
    assert len(keys.user_partition(user_id).encode()) <= len("USER#") + 512


def test_no_other_key_lies_between_the_ends_of_a_kind() -> None:
    room = "GUILD#" + "|" * 128
    kinds = {
        (keys.ROSTER, keys.ROSTER_END): keys.roster("~"),
        (keys.BANS, keys.BANS_END): keys.banned("\U0010fffd"),
        (keys.MEMBERSHIPS, keys.MEMBERSHIPS_END): keys.membership(room),
    }
    others = [
        keys.HEAD,
        keys.message(7, "~"),
        keys.change(7),
        keys.receipts(room),
        keys.sent(room, "|" * 128),
        keys.upload("x"),
    ]
    for (low, high), inside in kinds.items():
        outside = [*others, *(each for each in kinds.values() if each != inside)]
        assert low < inside < high
        assert [each for each in outside if low <= each <= high] == []


def test_every_sort_key_is_short_enough() -> None:
    room, longest = "GUILD#" + "x" * 128, "#" * 128
    for key in (
        keys.roster(longest),
        keys.sent(room, "x" * 128),
        keys.message(7, "\U0001f3f4" * 250),
        keys.receipts(room),
    ):
        assert len(key.encode()) <= 1_024
