"""The refusals' class names are the API: AppSync shows them to clients as `errorType`."""

from chat.rules import errors
from chat.rules.audit import AUDITED, is_audited, pseudonym
from chat.rules.errors import ChatError, InternalError, InvalidInput, StaleEpoch

NAMES = {
    "IdentityRefused", "InvalidInput", "NotRoomMember", "NotAllowed", "Muted", "RateLimited", "IdempotencyMismatch",
    "StaleEpoch", "ServiceUnavailable", "InternalError",
}  # fmt: skip


def test_the_refusals_are_these_ten() -> None:
    assert {refusal.__name__ for refusal in ChatError.__subclasses__()} == NAMES
    exceptions = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert exceptions == NAMES | {"ChatError"}


def test_no_refusal_bears_a_name_that_appsync_rewrites_or_amplify_closes_the_socket_on() -> None:
    for name in NAMES:
        assert not name.lower().startswith(("unauthorized", "notauthorized"))


def test_a_refusal_is_its_class_name_as_a_code() -> None:
    assert InvalidInput("history.limit", argument="limit", max=100).code == "InvalidInput"


def test_a_missing_epoch_and_a_stale_one_read_differently_and_mean_the_same() -> None:
    missing, stale = StaleEpoch(3, missing=True), StaleEpoch(3)
    assert missing.key != stale.key
    assert missing.values == stale.values == {"epoch": 3}


def test_an_internal_error_has_nothing_but_the_correlation_id() -> None:
    assert str(InternalError("Root=1-2")).endswith("[code=InternalError correlationId=Root=1-2]")


def test_decisions_about_a_person_are_audited_and_mistakes_and_weather_are_not() -> None:
    assert {refusal.__name__ for refusal in AUDITED} == NAMES - {
        "InvalidInput",
        "ServiceUnavailable",
        "InternalError",
    }
    assert is_audited(StaleEpoch(1))
    assert not is_audited(InternalError("x"))


def test_a_pseudonym_is_stable_under_one_key_and_reveals_nothing() -> None:
    assert pseudonym("alice", b"k" * 32) == pseudonym("alice", b"k" * 32)
    assert (
        len({pseudonym("alice", b"k" * 32), pseudonym("bob", b"k" * 32), pseudonym("alice", b"j" * 32)}) == 3
    )
    assert len(pseudonym("alice", b"k" * 32)) == 16
