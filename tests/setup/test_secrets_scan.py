"""The scan for secrets: what is planted is found, what people write is not, and nothing is printed."""

from __future__ import annotations

import base64
import random
import string
import subprocess
import sys
from pathlib import Path

import gates
import pytest
import secrets_scan
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

pytestmark = pytest.mark.requirement("SEC-27")


def drawn(count: int, letters: str = string.ascii_letters + string.digits) -> str:
    """What a machine would draw, the same at each run."""
    chance = random.Random(count)
    return "".join(chance.choice(letters) for _ in range(count))


def a_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode()
    )


# Put together here, so that this file does not hold what is looked for.
PLANTED = {
    "private key": a_key(),
    "access key of a cloud": "aws = " + "AK" + "IA" + drawn(16, string.ascii_uppercase),
    "token of a code host": "url gh" + "p_" + drawn(36),
    "token of a package index": "npm" + "_" + drawn(36),
    "token of a service": "xo" + "xb-" + drawn(24),
    "signed token": "Bearer ey" + "J" + drawn(20) + ".ey" + "J" + drawn(20) + "." + drawn(30),
    "token of OneLot": "mes_" + "live_" + drawn(32),
    "password in an address": "postgres://app:" + drawn(20) + "@db/onelot",
    "value of a secret": 'SECRET_KEY = "' + base64.b64encode(bytes(range(40))).decode() + '"',
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_secret_is_found_and_not_printed(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"# settings\n{PLANTED[rule]}\n")
    assert secrets_scan.main([str(file)]) == 1
    told = capsys.readouterr().out
    assert f"{file}:2: {rule}\n" in told
    assert PLANTED[rule].splitlines()[0][-12:] not in told


def test_there_is_a_planted_secret_for_every_rule() -> None:
    assert set(PLANTED) == set(secrets_scan.RULES)


@pytest.mark.parametrize(
    "line",
    [
        'password = "correct horse battery staple"',
        "DATABASE_URL=postgres://onelot_app:${APP_PASSWORD}@database/onelot",
        'token = request.headers["Authorization"]',
        "secret = secrets.token_urlsafe(64)",
        'SECRET_KEY = env.text("SECRET_KEY")',
        "password: aaaaaaaaaaaaaaaaaaaaaaaa1",
        "api_key = configuration.advisory_service_key",
        f"sha256 {drawn(64, string.hexdigits.lower())}",
        f'token = "{drawn(40)}"  # no secret: made up for a test',
    ],
)
def test_what_people_write_is_no_secret(line: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(line)
    assert list(secrets_scan.findings_in(file)) == []


def test_an_excuse_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(f'token = "{drawn(40)}"  # no secret:')
    assert len(list(secrets_scan.findings_in(file))) == 1


def test_the_gate_closes_at_a_key_that_would_be_committed() -> None:
    assert gates.READING["secrets"] == ["python", "setup/secrets_scan.py"]
    planted = secrets_scan.PROJECT / "planted-by-a-test.txt"
    command = [sys.executable, "setup/secrets_scan.py"]
    try:
        planted.write_text(a_key())
        code, told, _ = gates.quietly(command, {})
        assert (code, "planted-by-a-test.txt:1: private key" in told) == (1, True)
    finally:
        planted.unlink()
    done = subprocess.run(
        command, cwd=secrets_scan.PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
