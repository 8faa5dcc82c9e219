"""Settings come from the environment, typed; a missing or odd one is one sentence naming it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mes import env

ROOT = Path(__file__).resolve().parents[2]


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(env.MissingSetting) as refusal:
        env.text("SECRET_KEY")
    assert str(refusal.value) == (
        "The setting SECRET_KEY is missing: set the environment variable SECRET_KEY."
    )


def test_an_empty_setting_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "  ")
    with pytest.raises(env.MissingSetting):
        env.text("SECRET_KEY")
    assert env.text("SECRET_KEY", default="other") == "other"


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    assert env.text("SECRET_KEY") == "from a file"


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "one")
    monkeypatch.setenv("SECRET_KEY_FILE", "/nowhere")
    with pytest.raises(env.SettingError, match="not both"):
        env.text("SECRET_KEY")


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", "/nowhere/at/all")
    with pytest.raises(env.SettingError, match="SECRET_KEY_FILE names cannot be read"):
        env.text("SECRET_KEY")


@pytest.mark.parametrize(
    ("written", "meant"), [("1", True), ("Yes", True), ("off", False), ("FALSE", False)]
)
def test_a_flag_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, written: str, meant: bool) -> None:
    monkeypatch.setenv("BEHIND_PROXY", written)
    assert env.flag("BEHIND_PROXY") is meant


@pytest.mark.parametrize("written", ["maybe", "2", "tru"])
def test_a_flag_that_is_neither_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("BEHIND_PROXY", written)
    with pytest.raises(env.SettingError, match="BEHIND_PROXY must be yes or no"):
        env.flag("BEHIND_PROXY")


@pytest.mark.parametrize("written", ["", "80a", "1e3", "٨٠", "--1", "0", "65536", "8000.0"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("PORT", written)
    with pytest.raises(env.SettingError, match="PORT"):
        env.number("PORT", least=1, most=65535)


def test_a_word_that_is_not_on_the_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELOT_ENV", "production")
    with pytest.raises(env.SettingError) as refusal:
        env.choice("ONELOT_ENV", ("demo", "test", "prod"))
    assert str(refusal.value) == (
        "The setting ONELOT_ENV must be one of demo, test, prod, not 'production'."
    )


def test_words_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,,")
    assert env.words("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_database_address_becomes_a_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DATABASE_URL", "postgres://us%40er:p%2Fw@db.example:6543/one?sslmode=require"
    )
    assert env.database("DATABASE_URL") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "one",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_may_be_behind_a_unix_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@/onelot?host=%2Frun%2Fmy%20pg")
    found = env.database("DATABASE_URL")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("/run/my pg", "", "onelot")


@pytest.mark.parametrize(
    "written",
    [
        "mysql://a@b/c",
        "postgres://a@b",
        "postgres://a@b:port/c",
        "postgres://a@b:99999/c",
        "postgres://a@[b/c",
        "onelot",
        "postgres://a@b/c?options=-csession_replication_role%3Dreplica",
    ],
)
def test_what_is_no_database_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", written)
    with pytest.raises(env.SettingError, match="DATABASE_URL"):
        env.database("DATABASE_URL")


def test_a_refused_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://app:hunter2@db/onelot")
    with pytest.raises(env.SettingError) as refusal:
        env.database("DATABASE_URL")
    assert "hunter2" not in str(refusal.value)


def test_a_command_without_settings_says_so_in_one_sentence(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=bare, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith("The setting SECRET_KEY is missing")


def test_a_command_beside_a_run_takes_its_settings(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("# made by a run\nONELOT_ENV=wrong\n")
    bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=bare, capture_output=True, text=True
    )
    assert done.stderr == ("The setting ONELOT_ENV must be one of demo, test, prod, not 'wrong'.\n")
