"""A wrong setting stops the start with its name, and never with its value."""

from dataclasses import FrozenInstanceError

import pytest

from chat_lambda.settings import BadSettings, Settings, read
from tests.chat.identity.documented import setting, source


def test_without_anything_set_the_defaults_of_the_design_hold() -> None:
    own = read({})
    assert own == Settings()
    assert (own.person_per_second, own.person_burst, own.room_per_second, own.room_burst) == (1, 10, 50, 100)
    assert (own.retention_days, own.max_code_points, own.max_bytes) == (365, 4_000, 16_384)
    assert own.allow_unfenced_subscriptions is False
    assert own.jwt_secret is None


def test_an_empty_setting_is_an_absent_one() -> None:
    assert (
        read(dict.fromkeys(["PERSON_BURST", "JWT_JWKS_URL", "CORE_TABLE", "JWT_ALGORITHMS"], ""))
        == Settings()
    )


def test_what_is_set_is_read_and_the_rest_of_the_environment_is_not() -> None:
    own = read(
        {
            "CORE_TABLE": "a",
            "PERSON_PER_SECOND": "0.5",
            "ALLOW_UNFENCED_SUBSCRIPTIONS": "True",
            "core_table": "b",
            "X": "y",
        }
    )
    assert (own.core_table, own.person_per_second, own.allow_unfenced_subscriptions) == ("a", 0.5, True)


def test_algorithms_are_a_list_with_commas() -> None:
    assert read({"JWT_ALGORITHMS": "ES256"}).jwt_algorithms == ("ES256",)
    assert read({"JWT_ALGORITHMS": "RS256, HS256"}).jwt_algorithms == ("RS256", "HS256")


BAD = {
    "EVENT_TEXT": ["yes", "1"],
    "EVENT_SOURCE": ["aws.chat", "a b", "x" * 257],
    "EVENT_QUEUE_URL": ["file:x", "events.fifo"],
    "DEAD_LETTER_QUEUE_URL": ["dead", "sqs:x"],
    "APPSYNC_URL": ["example.com/graphql"],
    "SCHEMA_PREFIX": ["chat", "Chat_", "C" * 33],
    "GENERATION": ["0", "-1", "1025", "1.5", "two"],
    "JWT_ALGORITHMS": ["none", "ES256,none", "HS512", "es256", ",", "ES256,"],
    "IDENTITY": ["[]", "{}", "jwt", "[" * 3_001],
    "PUBLISH": ["Stream", "none", "sender,stream", " stream"],
    "PUBLISHER_ROLE": [
        "reader",
        "arn:aws:iam::123456789012:user/reader",
        "arn:aws:sts::123456789012:assumed-role/reader/x",
    ],
    "TOKEN_MARKER": ["a b", "chat:", "x" * 33, "é", "Bearer "],
    "JWT_JWKS_URL": ["file:///etc/passwd", "ftp://example.com", "example.com/jwks", " https://example.com"],
    "AUTHORIZER_TTL_SECONDS": ["-1", "3601", "1.5", "soon", "1e3"],
    "ALLOW_UNFENCED_SUBSCRIPTIONS": ["yes", "1", "on", "truthy"],
    "TRACE_MESSAGES": ["yes", "1"],
    "ADDING_NEEDS_CONSENT": ["yes", "1"],
    "ERASURE_KEEPS_BANS": ["no", "0"],
    "HISTORY_FROM": ["BEGINNING", "always"],
    "PERSON_PER_SECOND": ["0", "-1", "1001", "nan", "inf", "many"],
    "PERSON_BURST": ["0", "-1", "10001", "1.5"],
    "ROOM_PER_SECOND": ["0", "nan", "-inf"],
    "ROOM_BURST": ["0", "x"],
    "OWNER_MAX_PERSON_PER_SECOND": ["0", "1001", "nan"],
    "OWNER_MAX_PERSON_BURST": ["0", "10001", "1.5"],
    "OWNER_MAX_ROOM_PER_SECOND": ["0", "1001", "x"],
    "OWNER_MAX_ROOM_BURST": ["0", "10001", "1.5"],
    "ADDITIONS_PER_HOUR": ["0", "39", "10001", "1.5"],
    "RETENTION_DAYS": ["6", "0", "-7", "36501"],
    "FILE_DAYS": ["-1", "36501", "1.5"],
    "DRAFT_DAYS": ["0", "366", "1.5"],
    "NOTIFY_AFTER_S": ["-1", "301", "1.5"],
    "PRESENCE_DAYS": ["0", "366", "x"],
    "MAX_CODE_POINTS": ["0", "40001"],
    "MAX_BYTES": ["0", "163841"],
    "MAX_UPLOAD_BYTES": ["0", "104857601"],
    "MAX_CLOCK_SKEW_MS": ["999", "60001", "1.5"],
    "GAP_PATIENCE_MS": ["999", "8000", "300001"],
    "CHAT_HOOKS": ["acme-chat", "acme/chat.py", ".acme", "acme..chat", "acme chat", "3"],
    "CHAT_HOOKS_TIMEOUT_MS": ["9", "0", "-1", "3001", "0.5", "soon"],
    "FLAGS": [
        "flags.json",
        "file:",
        "appconfig:",
        "appconfig:a/b",
        "appconfig:a/b/c/d",
        "appconfig:a/b/c?flag=x",
        "appconfig:a/ /c",
        "http://localhost:2772/applications/a",
    ],
    "FLAGS_SECONDS": ["0", "301", "1.5"],
    "TAKEN_BACK_KEY": ["secret", "arn:aws:s3:::bucket", "file:"],
    "PEOPLE_DIRECTORY": ["acme-people", "acme/people.py", "acme people"],
    "PEOPLE_DIRECTORY_TIMEOUT_MS": ["9", "3001", "soon"],
    "AVATAR_HOSTS": [
        "https://a.example",
        "a.example/b",
        "*.a.example",
        "A.example",
        "a.example:443",
        "127.0.0.1",
        "a.example,",
        "a b.example",
    ],
    "CHAT_HOOKS_ON_FAILURE": ["pass", "Open", "true"],
    "SHORT_CODES": [
        "party_parrot",
        ":Party:",
        "::",
        ":a b:",
        f":{'x' * 33}:",
        ":a:,,:b:",
        ",".join([":a:"] * 101),
    ],
    "UPLOAD_TYPES": [
        "png",
        "image/*",
        "image/png,,",
        "text/html",
        "image/png, image/svg+xml",
        "text/javascript",
    ],
    "S3_ENDPOINT": ["127.0.0.1:4566"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=rf"^{name}: must ") as caught:
        read({name: value})
    assert caught.value.__suppress_context__


def test_rules_of_ones_own_are_named_and_bounded() -> None:
    own = read({})
    assert (own.chat_hooks, own.chat_hooks_timeout_ms, own.chat_hooks_on_failure) == (None, 500, "closed")
    assert read({"CHAT_HOOKS": "acme.chat", "CHAT_HOOKS_ON_FAILURE": "open"}).chat_hooks == "acme.chat"
    assert read({"CHAT_HOOKS": "file:/srv/rules.py"}).chat_hooks == "file:/srv/rules.py"


def test_sources_of_identity_are_read_and_a_wrong_one_is_named() -> None:
    own = read({"IDENTITY": setting(source("pool")), "TOKEN_MARKER": "chat."})
    assert own.identity is not None
    assert ([each.name for each in own.identity.tokens], own.token_marker) == (["pool"], "chat.")
    with pytest.raises(BadSettings, match=r"^IDENTITY: pool: clients must name at least one$"):
        read({"IDENTITY": setting(source("pool", clients=[]))})


def test_one_setting_says_whose_tokens_are_accepted() -> None:
    with pytest.raises(BadSettings, match=r"^IDENTITY: must not stand beside JWT_ISSUER"):
        read({"IDENTITY": setting(source("pool")), "JWT_ISSUER": "https://issuer.example.com"})


def test_a_refusal_does_not_show_the_value() -> None:
    for name in BAD:
        with pytest.raises(BadSettings) as caught:
            read({name: "secret value"})
        assert "secret value" not in str(caught.value)


@pytest.mark.parametrize(("skew", "patience"), [("3000", "8001"), ("4000", "10001"), ("1000", "4001")])
def test_the_patience_for_gaps_is_more_than_clocks_may_differ_by(skew: str, patience: str) -> None:
    own = read({"MAX_CLOCK_SKEW_MS": skew, "GAP_PATIENCE_MS": patience})
    assert own.gap_patience_ms == 2 * own.max_clock_skew_ms + 2_001
    with pytest.raises(
        BadSettings, match=r"^GAP_PATIENCE_MS: must be above \d+, twice MAX_CLOCK_SKEW_MS and two sec"
    ):
        read({"MAX_CLOCK_SKEW_MS": skew, "GAP_PATIENCE_MS": str(int(patience) - 1)})


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        read({}).core_table = "other"  # type: ignore[misc]


def test_what_people_are_called_is_theirs_unless_a_directory_is_named() -> None:
    own = read({})
    assert (own.people_directory, own.people_directory_timeout_ms, own.avatar_hosts) == (None, 1_000, ())
    own = read({"PEOPLE_DIRECTORY": "acme.people", "AVATAR_HOSTS": "a.example, pictures.b.example"})
    assert own.people_directory == "acme.people"
    assert own.avatar_hosts == ("a.example", "pictures.b.example")


def test_a_log_of_what_was_taken_back_has_a_key() -> None:
    with pytest.raises(BadSettings, match="TAKEN_BACK_KEY"):
        read({"TAKEN_BACK_BUCKET": "log"})
    own = read({"TAKEN_BACK_BUCKET": "log", "TAKEN_BACK_KEY": "arn:aws:kms:eu-central-1:123456789012:key/k"})
    assert own.taken_back_bucket == "log"
