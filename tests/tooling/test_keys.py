"""The local keys: made once, readable by their owner, and good for what the functions do with them."""

import base64
import json
import stat
import subprocess
import sys
from pathlib import Path

import jwt

from simulator.engine import PROJECT
from simulator.keys import AUDIENCE, ISSUER, local_secrets, signing_key

FINGERPRINT = (
    "import sys; from pathlib import Path; from simulator.keys import signing_key;"
    "print(signing_key(Path(sys.argv[1])).public_jwk['kid'])"
)


def test_a_token_is_good_for_whoever_has_the_key_set(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    token = key.mint("alice", now=1_000, ttl=60, roles=["admin"], locale="es")
    published = jwt.PyJWKSet.from_json(key.jwks.decode())[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        published,
        ["ES256"],
        issuer=ISSUER,
        audience=AUDIENCE,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert {name: value for name, value in claims.items() if name not in {"iss", "aud"}} == {
        "sub": "alice",
        "roles": ["admin"],
        "locale": "es",
        "iat": 1_000,
        "exp": 1_060,
    }


def test_the_key_set_holds_no_private_half(tmp_path: Path) -> None:
    assert {"crv", "kty", "x", "y", "kid", "use", "alg"} == set(
        json.loads(signing_key(tmp_path).jwks)["keys"][0]
    )


def test_programs_that_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", FINGERPRINT, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["signing-key.pem"]


def test_secrets_stay_what_they_are_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    assert local_secrets(tmp_path) == local_secrets(tmp_path)
    for reference in (local_secrets(tmp_path).cursor_keys, local_secrets(tmp_path).audit_key):
        assert stat.S_IMODE(Path(reference.removeprefix("file:")).stat().st_mode) == 0o600


def test_secrets_have_the_shape_that_the_functions_read(tmp_path: Path) -> None:
    secrets = local_secrets(tmp_path)
    cursor_keys = json.loads(Path(secrets.cursor_keys.removeprefix("file:")).read_text())
    audit_key = Path(secrets.audit_key.removeprefix("file:")).read_text()
    for secret in (cursor_keys["keys"][cursor_keys["current"]], audit_key):
        assert len(base64.urlsafe_b64decode(secret + "=")) == 32
