"""Whose account the servers run under.

PostgreSQL refuses to run as root, and Valkey should not. Started by root, both run as the system
user `onelot`, which is made when it is missing; started by anybody else, they run as that person.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mes.embedded.errors import EmbeddedError

SYSTEM_USER = "onelot"
SYSTEM_DIRECTORY = Path("/var/lib/onelot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine; `is_other` when the servers do not run as who started them."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def spawn_as(self) -> dict[str, Any]:
        """Return the arguments with which subprocess starts a program under this account."""
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Say whether this account may `-r` read or `-x` enter a path, as the kernel sees it."""
        if not self.is_other:
            return os.access(path, os.R_OK if test == "-r" else os.X_OK)
        done = subprocess.run(
            ["/usr/bin/test", test, str(path)], check=False, cwd="/", **self.spawn_as()
        )
        return done.returncode == 0

    def own_directory(self, path: Path) -> None:
        """Make a directory that only this account can enter, or check that it is one.

        Raises:
            EmbeddedError: it belongs to another account.
        """
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            owner = path.lstat().st_uid
            if owner == self.uid:
                return
            raise EmbeddedError(
                f"{path} belongs to user {name_of(owner)}, but the servers would run as"
                f" {self.name}: start OneLot as the person who made it, or set another DATA_DIR."
            ) from None
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """Return the account the servers run under, and make the system user when root needs it.

    Raises:
        EmbeddedError: this user has no name on this machine, or the system user cannot be made.
    """
    if os.geteuid() != 0:
        try:
            me = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise EmbeddedError(
                f"The user id {os.geteuid()} has no name on this machine, and PostgreSQL needs one:"
                " add the user, or set DATABASE_URL to a server elsewhere."
            ) from None
        return Account(name=me.pw_name, uid=me.pw_uid, gid=me.pw_gid, is_other=False)
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
        user = pwd.getpwnam(SYSTEM_USER)
    return Account(name=user.pw_name, uid=user.pw_uid, gid=user.pw_gid, is_other=True)


def name_of(uid: int) -> str:
    """Return the name of a user id, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _make_system_user() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    command = [
        *(useradd or "useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", str(SYSTEM_DIRECTORY), "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ]
    done = useradd and subprocess.run(command, capture_output=True, text=True, check=False)
    # Exit code 9: somebody made it meanwhile.
    if not done or done.returncode not in (0, 9):
        why = done.stderr.strip().splitlines()[-1] if done and done.stderr.strip() else "no useradd"
        raise EmbeddedError(
            f"The system user {SYSTEM_USER}, as whom root runs the servers, cannot be made"
            f" ({why}): make it, or start OneLot as an ordinary user."
        )
