"""Qualification: what is installed and what it does, and whatever is wrong has a line that fails."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PathDistribution
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pypdf import PdfReader

from audit.keys import made_keys
from audit.ledger import write_checkpoint
from audit.models import Checkpoint, LedgerEntry, Site
from mes.build import build_digest
from mes.qualification import database, operation, place, software
from mes.qualification.lines import Line
from mes.qualification.paper import pdf_of
from tests.mes.test_package import coverage
from tests.worlds.audit import act_by, site

ROOT = Path(__file__).resolve().parents[2]
# The servers of the tests are thrown away, and so are built for speed.
NOT_DURABLE = {
    f"PostgreSQL, {name}" for name in ("fsync", "synchronous_commit", "full_page_writes")
}
pytestmark = pytest.mark.requirement("GAMP-05", "M44")


def failing(lines: Iterator[Line]) -> dict[str, str]:
    """What fails, and what was found instead."""
    return {one.what: one.found for one in lines if one.verdict == "fail"}


@contextmanager
def attacked(superuser: Any, attack: str, *repairs: str) -> Iterator[None]:
    superuser.execute(attack)
    try:
        yield
    finally:
        for repair in repairs:
            superuser.execute(repair)


def of_production(folder: Path) -> dict[str, str]:
    """The environment of an installation, in front of the database of the tests."""
    address = connection.settings_dict
    options = f"?host={address['HOST']}" if address["HOST"].startswith("/") else ""
    host = "" if options else f"{address['HOST']}:{address['PORT']}"
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "mes.settings",
        "ONELOT_ENV": "prod",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "onelot.example",
        "BEHIND_PROXY": "yes",
        "KEY_DIR": str(folder / "keys"),
        "CHECKPOINT_FILE": str(folder / "checkpoints.jsonl"),
        "DATABASE_URL": f"postgres://{address['USER']}:{address['PASSWORD']}@{host}"
        f"/{address['NAME']}{options}",
        "REDIS_URL": os.environ["REDIS_URL"],
    }


@pytest.mark.django_db(transaction=True)
def test_an_installation_is_qualified_from_its_shell(tmp_path: Path) -> None:
    def asked(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=of_production(tmp_path), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    assert asked("make_keys")[0] == 0
    code, told = asked("qualify", "--json", "--out", str(tmp_path / "protocol.pdf"))
    protocol = json.loads(told)
    lines = [one for part in protocol["parts"].values() for one in part]
    failed = {one["what"]: one["found"] for one in lines if one["verdict"] == "fail"}
    assert set(failed) <= NOT_DURABLE, failed
    assert (code, protocol["passed"]) == (1 if failed else 0, not failed)
    assert protocol["counts"] == {
        verdict: sum(one["verdict"] == verdict for one in lines)
        for verdict in ("pass", "fail", "judge")
    }
    assert protocol["counts"]["pass"] > 200
    assert protocol["build"] == build_digest()
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "protocol.pdf").pages)
    assert "PASSED" in text
    assert "UPDATE of the ledger" in text
    code, told = asked("qualify", "--out", str(tmp_path / "protocol.pdf"))
    assert (code, told) == (2, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("attack", "repair", "what", "found"),
    [
        (
            "ALTER TABLE audit_ledgerentry DISABLE TRIGGER append_only",
            "ALTER TABLE audit_ledgerentry ENABLE TRIGGER append_only",
            "Triggers of audit_ledgerentry",
            "is switched off",
        ),
        (
            "DROP TRIGGER never_emptied ON audit_signature",
            "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_signature"
            " FOR EACH STATEMENT EXECUTE FUNCTION onelot_refuse_change()",
            "Triggers of audit_signature",
            "is gone",
        ),
    ],
)
def test_a_guard_that_is_off_or_gone_has_a_line_that_fails(
    superuser: Any, attack: str, repair: str, what: str, found: str
) -> None:
    assert failing(database.guards()) == {}
    with attacked(superuser, attack, repair):
        assert failing(database.guards())[what] == found
    assert failing(database.guards()) == {}


@pytest.mark.requirement("SEC-26")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("attack", "repair", "what", "found"),
    [
        (
            "GRANT UPDATE ON audit_ledgerentry TO onelot_app",
            "REVOKE UPDATE ON audit_ledgerentry FROM onelot_app",
            "On audit_ledgerentry",
            "INSERT, SELECT, UPDATE",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO onelot_app",
            "REVOKE CREATE ON SCHEMA public FROM onelot_app",
            "Create in the schema",
            "allowed",
        ),
        (
            "GRANT onelot_owner TO onelot_app",
            "REVOKE onelot_owner FROM onelot_app",
            "Other roles it may take",
            "onelot_owner",
        ),
        (
            "ALTER ROLE onelot_app CREATEDB",
            "ALTER ROLE onelot_app NOCREATEDB",
            "Powers over the server",
            "rolcreatedb",
        ),
        (
            "GRANT SET ON PARAMETER session_replication_role TO onelot_app",
            "REVOKE SET ON PARAMETER session_replication_role FROM onelot_app",
            "Switch triggers off for its session",
            "allowed",
        ),
    ],
)
def test_a_right_too_many_has_a_line_that_fails(
    superuser: Any, attack: str, repair: str, what: str, found: str
) -> None:
    assert failing(database.rights()) == {}
    with attacked(superuser, attack, repair):
        assert found in failing(database.rights())[what]


@pytest.mark.django_db(transaction=True)
def test_a_migration_too_few_or_too_many_has_a_line_that_fails(superuser: Any) -> None:
    assert failing(database.migrations()) == {}
    other = "app = 'audit' AND name = '0002_ledger'"
    with attacked(
        superuser,
        f"UPDATE django_migrations SET name = '0099_next' WHERE {other}",
        "UPDATE django_migrations SET name = '0002_ledger' WHERE name = '0099_next'",
    ):
        found = failing(database.migrations())
    assert found["Not applied yet"] == "audit.0002_ledger"
    assert found["Applied, and not of this release"] == "audit.0099_next"


@pytest.mark.requirement("P11-06", "P11-07", "P11-17")
@pytest.mark.django_db(transaction=True)
def test_the_operation_is_tried_and_leaves_nothing() -> None:
    before = LedgerEntry.objects.count()
    lines = list(operation.operation())
    assert [one for one in lines if one.verdict != "pass"] == []
    assert len(lines) > 20
    assert (LedgerEntry.objects.count(), Site.objects.count()) == (before, 0)


@pytest.mark.django_db(transaction=True)
def test_a_guard_that_lets_everything_pass_is_found_by_trying(superuser: Any) -> None:
    superuser.execute("SELECT pg_get_functiondef('onelot_must_be_recorded()'::regprocedure)")
    (body,) = superuser.fetchone()
    name = "A record written past the ledger, asked at the commit"
    sleeping = (
        "CREATE OR REPLACE FUNCTION onelot_must_be_recorded() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NULL; END $$"
    )
    with attacked(superuser, sleeping, body):
        assert failing(operation.operation()) == {name: "done"}
        assert failing(database.guards())["Function onelot_must_be_recorded"] == "another"
    with attacked(
        superuser,
        "GRANT UPDATE ON audit_ledgerentry TO onelot_app;"
        " ALTER TABLE audit_ledgerentry DISABLE TRIGGER append_only",
        "REVOKE UPDATE ON audit_ledgerentry FROM onelot_app",
        "ALTER TABLE audit_ledgerentry ENABLE TRIGGER append_only",
    ):
        assert failing(operation.operation()) == {"UPDATE of the ledger": "done"}
    assert not Site.objects.exists()


def test_a_key_that_others_can_read_or_that_is_gone_has_a_line_that_fails(
    settings: Any, tmp_path: Path
) -> None:
    settings.KEY_DIR = tmp_path / "keys"
    made_keys()
    assert failing(place.keys()) == {}
    (settings.KEY_DIR / "seal.pem").chmod(0o644)
    (settings.KEY_DIR / "vault.key").unlink()
    assert failing(place.keys()) == {"seal.pem": "mode 0644", "vault.key": "is missing"}


@pytest.mark.django_db
def test_a_checkpoint_that_was_edited_or_lost_has_a_line_that_fails(settings: Any) -> None:
    site()
    write_checkpoint(act=act_by())
    path = Path(settings.CHECKPOINT_FILE)
    assert failing(place.witness()) == {}
    whole = path.read_text()
    path.write_text(whole.replace('"n":1', '"n":2'))
    assert "seal BROKEN, database DISAGREES" in failing(place.witness())["Last checkpoint"]
    path.write_text("")
    assert "the database knows lines" in failing(place.witness())["Last checkpoint"]
    path.write_text(whole)
    path.chmod(0o666)
    assert failing(place.witness()) == {"Checkpoint file, others": "may write (0666)"}
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_the_clocks_are_compared() -> None:
    lines = {one.what: one for one in place.clock()}
    assert lines["Database and this machine"].verdict == "pass"
    assert "s (±" in lines["Database and this machine"].found


def test_another_version_than_the_locked_one_has_a_line_that_fails(
    settings: Any, tmp_path: Path
) -> None:
    for name in ("requirements.txt", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    lock = tmp_path / "requirements.txt"
    installed = software.locked()["reportlab"]
    lock.write_text(
        f"{lock.read_text().replace('reportlab==', 'reportlab==9')}\nnothing-like==1.0 \\\n"
    )
    settings.BASE_DIR = tmp_path
    assert failing(software.packages()) == {"reportlab": installed, "nothing-like": "not installed"}


def test_a_file_of_a_package_that_was_edited_is_named(tmp_path: Path) -> None:
    folder, module = tmp_path / "pretend-1.dist-info", tmp_path / "pretend.py"
    folder.mkdir()
    module.write_text("ANSWER = 42\n")
    digest = urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest()).decode().rstrip("=")
    (folder / "METADATA").write_text("Name: pretend\nVersion: 1\n")
    (folder / "RECORD").write_text(f"pretend.py,sha256={digest},12\npretend-1.dist-info/RECORD,,\n")
    assert list(software.changed_files(PathDistribution(folder))) == []
    module.write_text("ANSWER = 43\n")
    assert list(software.changed_files(PathDistribution(folder))) == ["pretend.py"]
    module.unlink()
    assert list(software.changed_files(PathDistribution(folder))) == ["pretend.py (gone)"]


@pytest.mark.django_db
def test_a_demo_is_told_from_an_installation(settings: Any) -> None:
    settings.ONELOT_ENV = "demo"
    assert failing(software.configured())["Kind of house (ONELOT_ENV)"] == "demo"


@pytest.mark.django_db
def test_the_protocol_is_signed_over_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "protocol.pdf"
    with pytest.raises(SystemExit):
        call_command("qualify", "--out", str(path), stdout=StringIO())
    pdf = path.read_bytes()
    assert coverage(pdf).bottom_line
    at = pdf.index(b"stream\n") + 40
    assert not coverage(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]).bottom_line
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "NOT PASSED" in text
    with pytest.raises(CommandError, match="is there already"):
        call_command("qualify", "--out", str(path))
    assert [one.name for one in tmp_path.iterdir()] == ["protocol.pdf"]


def test_nothing_that_was_found_is_obeyed_on_paper() -> None:
    one = {
        "part": "<b>",
        "what": "{{7*7}}",
        "expected": "\u202e",
        "found": "x" * 500,
        "verdict": "fail",
    }
    pdf = pdf_of(
        {
            "at": "2026-11-23T12:00:00.000000Z", "version": "1", "host": "h", "build": "b" * 64,
            "commit": "", "schema": "s", "configuration": "c", "passed": False,
            "counts": {"pass": 0, "fail": 1, "judge": 0}, "parts": {"Installation": [one]},
        }
    )  # fmt: skip
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "{{7*7}}" in text
    assert "[U+202E]" in text
