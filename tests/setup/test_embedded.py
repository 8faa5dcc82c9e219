"""The servers from the wheels: real, durable, private, and gone when we are."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mes.embedded import EmbeddedError, running_postgres, running_valkey
from mes.embedded import place as places
from mes.embedded.account import SYSTEM_DIRECTORY, server_account
from mes.embedded.place import ID_FILE
from mes.embedded.processes import stop_orphan

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")


def ask(url: str, question: str) -> list[Any]:
    """Return the rows of a question asked with an address of ours."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(question)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.requirement("SEC-26")
def test_the_application_owns_nothing_and_can_make_nothing(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as servers:
        owned = """
            SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
             WHERE r.rolname = 'onelot_app' AND d.deptype = 'o'
        """
        assert ask(servers.admin_url, owned) == [(0,)]
        rights = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        assert ask(servers.app_url, f"{rights} FROM pg_roles WHERE rolname = current_user") == [
            (False,) * 5
        ]
        for statement in (
            "CREATE TABLE t (a int)",
            "CREATE SCHEMA s",
            "CREATE TEMP TABLE t (a int)",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                ask(servers.app_url, statement)


@pytest.mark.requirement("SEC-26")
def test_the_owner_owns_the_database_and_is_no_superuser(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as servers:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert ask(servers.owner_url, owner) == [("onelot_owner",)]
        ask(servers.owner_url, "CREATE TABLE t (a int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(servers.owner_url, "CREATE DATABASE another")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(servers.app_url, "SELECT * FROM t")


def test_a_second_start_finds_what_the_first_one_wrote(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as first:
        ask(first.owner_url, "CREATE TABLE t AS SELECT 42 AS answer")
    with running_postgres(data_dir, durable=True) as second:
        assert ask(second.owner_url, "SELECT answer FROM t") == [(42,)]
        assert second.system_identifier == first.system_identifier
        settings = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync',"
        settings += "'synchronous_commit', 'full_page_writes', 'data_checksums') ORDER BY 1"
        assert dict(ask(second.admin_url, settings)) == {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
        }


def test_an_old_password_opens_nothing(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as first:
        old = first.app_url
    with running_postgres(data_dir, durable=True), pytest.raises(psycopg2.OperationalError):
        ask(old, "SELECT 1")


def test_nothing_is_kept_that_others_may_read(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as servers:
        kept = [servers.home / "postgres", servers.home / "socket", data_dir / "postgres.log"]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept}
        assert modes == {"postgres": 0o700, "socket": 0o700, "postgres.log": 0o600}
        assert ask(servers.admin_url, "SHOW listen_addresses") == [("",)]


def test_a_log_line_never_holds_a_value(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as servers:
        ask(servers.owner_url, "CREATE TABLE t (name text PRIMARY KEY)")
        ask(servers.owner_url, "INSERT INTO t VALUES ('Miss Canary')")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            ask(servers.owner_url, "INSERT INTO t VALUES ('Miss Canary')")
    log = (data_dir / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "Canary" not in log


def test_one_directory_has_one_server_at_a_time(data_dir: Path) -> None:
    with (
        running_postgres(data_dir, durable=True),
        pytest.raises(EmbeddedError, match="Another OneLot is running on the data in"),
        running_postgres(data_dir, durable=True),
    ):
        pass


def test_a_server_left_behind_is_stopped_and_its_data_kept(data_dir: Path) -> None:
    with running_postgres(data_dir, durable=True) as servers:
        ask(servers.owner_url, "CREATE TABLE t AS SELECT 42 AS answer")
        command = Path(f"/proc/{servers.process.pid}/cmdline").read_bytes().split(b"\0")[:-1]
    account = server_account()
    # As after a kill -9, and without what normally ends a server when its starter is killed.
    orphan = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/", **account.spawn_as()
    )
    try:
        pid_file = servers.home / "postgres" / "postmaster.pid"
        while not pid_file.exists():
            assert orphan.poll() is None
            time.sleep(0.02)
        with running_postgres(data_dir, durable=True) as servers:
            assert orphan.poll() is not None
            assert ask(servers.owner_url, "SELECT answer FROM t") == [(42,)]
    finally:
        if orphan.poll() is None:
            orphan.kill()
            orphan.wait()


def test_a_pid_that_belongs_to_another_program_is_let_alone(data_dir: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd="/")
    try:
        pid_file = data_dir / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n")
        stop_orphan(data_dir, pid_file, signal.SIGTERM)
        assert stranger.poll() is None
        assert not pid_file.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_cut_off_is_done_again(data_dir: Path) -> None:
    server_account().own_directory(data_dir / "postgres")
    (data_dir / "postgres" / "half").mkdir()
    with running_postgres(data_dir, durable=False) as servers:
        assert ask(servers.admin_url, "SELECT 1") == [(1,)]


def test_a_database_of_another_version_is_refused(data_dir: Path) -> None:
    server_account().own_directory(data_dir / "postgres")
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    with (
        pytest.raises(EmbeddedError, match="made by PostgreSQL 9, and this one is 18"),
        running_postgres(data_dir, durable=True),
    ):
        pass


def test_a_long_path_gets_a_short_socket(data_dir: Path) -> None:
    long = data_dir / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    for path in (long.parent, long):
        path.chmod(0o711)
    with running_postgres(long, durable=False) as servers:
        assert ask(servers.app_url, "SELECT 1") == [(1,)]
        socket = Path(unquote(urlsplit(servers.app_url).query.removeprefix("host=")))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists()


@as_root
def test_as_root_the_servers_are_somebody_else_and_no_directory_changes_its_mode() -> None:
    # As under a home directory of mode 700: neither data nor, here, is it ours to open the way.
    home = Path(tempfile.mkdtemp(prefix="onelot-closed-"))
    data_dir = home / "project" / "var"
    data_dir.mkdir(parents=True)
    watched = [*data_dir.parents, data_dir, ROOT, ROOT / ".venv", Path("/var/lib")]
    before = {path: path.stat().st_mode for path in watched}
    moved = None
    try:
        with (
            running_postgres(data_dir, durable=True) as servers,
            running_valkey(data_dir, durable=True) as courier,
        ):
            moved = servers.home
            assert servers.is_moved
            assert moved.parent == SYSTEM_DIRECTORY
            assert (moved / "belongs-to").read_text().strip() == str(data_dir)
            for process in (servers.process, courier.process):
                assert Path(f"/proc/{process.pid}").stat().st_uid == server_account().uid != 0
            ask(servers.owner_url, "CREATE TABLE t AS SELECT 42 AS answer")
        with running_postgres(data_dir, durable=True) as servers:
            assert servers.home == moved
            assert ask(servers.owner_url, "SELECT answer FROM t") == [(42,)]
        assert {path: path.stat().st_mode for path in watched} == before
    finally:
        shutil.rmtree(home)
        if moved is not None:
            shutil.rmtree(moved)


@as_root
def test_a_copied_data_directory_does_not_share_the_database_of_the_first(data_dir: Path) -> None:
    first, copy = data_dir / "first", data_dir / "copy"
    for path in (first, copy):
        path.mkdir(mode=0o700)
    home = places._system_home(first)
    try:
        shutil.copy(first / ID_FILE, copy / ID_FILE)
        with pytest.raises(EmbeddedError, match="is a copy of"):
            places._system_home(copy)
        # Moved instead of copied, it keeps its database.
        shutil.rmtree(first)
        assert places._system_home(copy) == home
        shutil.rmtree(home)
        with pytest.raises(EmbeddedError, match="is missing: it was in"):
            places._system_home(copy)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_what_the_courier_was_given_survives_a_restart(data_dir: Path) -> None:
    with running_valkey(data_dir, durable=True) as first:
        client = redis.Redis.from_url(first.url)
        client.set("key", "value")
        client.close()
    with running_valkey(data_dir, durable=True) as second:
        client = redis.Redis.from_url(second.url)
        assert client.get("key") == b"value"
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        client.close()
    assert second.process.poll() is not None


def test_the_courier_asks_for_its_password(data_dir: Path) -> None:
    with running_valkey(data_dir, durable=False) as courier:
        once = Retry(NoBackoff(), 0)
        port = urlsplit(courier.url).port or 0
        stranger = redis.Redis(host="127.0.0.1", port=port, retry=once)
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()
        command = Path(f"/proc/{courier.process.pid}/cmdline").read_bytes().decode()
        assert (urlsplit(courier.url).password or "?") not in command


def test_a_command_runs_beside_servers_that_are_thrown_away() -> None:
    question = (
        "import os, psycopg2; c = psycopg2.connect(os.environ['DATABASE_URL']).cursor();"
        "c.execute('SELECT current_user'); print(c.fetchone()[0], os.environ['KEY_DIR'])"
    )
    exec_beside = [sys.executable, "-m", "mes.embedded", "exec", "--"]
    done = subprocess.run(
        [*exec_beside, sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True
    )
    user, keys = done.stdout.split()
    assert (done.returncode, user) == (0, "onelot_app")
    assert not Path(keys).parent.exists()
    failing = subprocess.run([*exec_beside, "/bin/sh", "-c", "exit 7"], cwd=ROOT)
    assert failing.returncode == 7
