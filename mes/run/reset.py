"""`python -m mes.run.reset`: throw the demo of DATA_DIR away, so that the next run begins anew.

It takes only what a run made, by name, and only from a demo of our own: never a database elsewhere.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from mes.embedded.account import SYSTEM_DIRECTORY
from mes.embedded.errors import EmbeddedError
from mes.embedded.place import ID_FILE
from mes.env import SettingError
from mes.run.children import say
from mes.run.choices import Choices, read_choices
from mes.run.errors import RunError
from mes.run.files import only_run, read_json

DIRECTORIES = ("postgres", "valkey", "socket", "keys", "run", "static", "logs")
FILES = (
    *("checkpoints.jsonl", "demo.json", "environment", "pg_hba.conf", "pg_ident.conf"),
    *("postgres.lock", "secrets.json", "state.json"),
)


def reset(choices: Choices) -> None:
    """Remove what a demo left in DATA_DIR, and its database wherever it lives.

    Raises:
        RunError: it is running, or it is no demo of ours.
    """
    data = choices.data_dir
    if choices.database_url:
        raise RunError("DATABASE_URL is set: only the demo's own database is thrown away.")
    if not data.is_dir():
        return
    with only_run(data):
        if read_json(choices.file("state.json")).get("for", "demo") != "demo":
            raise RunError(f"{data} holds no demo: remove it by hand if you mean to.")
        for home in {data, _moved_home(data)}:
            for name in DIRECTORIES:
                if (home / name).is_dir():
                    shutil.rmtree(home / name)
            for name in FILES:
                (home / name).unlink(missing_ok=True)
            if home != data:
                (home / "belongs-to").unlink(missing_ok=True)
                home.rmdir()
        (data / ID_FILE).unlink(missing_ok=True)


def _moved_home(data: Path) -> Path:
    """Return the system directory of this DATA_DIR; DATA_DIR itself when it has none."""
    try:
        home = SYSTEM_DIRECTORY / (data / ID_FILE).read_text(encoding="utf-8").strip()
        owner = (home / "belongs-to").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return data
    except PermissionError:
        raise RunError(f"The database of {data} was made by root: run this as root.") from None
    # A copied DATA_DIR names the database of another one.
    return home if owner == str(data) else data


def main() -> int:
    """Reset; 1 and one sentence when that cannot be."""
    try:
        choices = read_choices()
        reset(choices)
    except (RunError, EmbeddedError, SettingError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except PermissionError as error:
        sys.stderr.write(f"{error.filename} belongs to somebody else: run this as that user.\n")
        return 1
    say(f"The demo of {choices.data_dir} is gone; the next make run begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
