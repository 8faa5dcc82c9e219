#!/usr/bin/env python
"""Run one of OneLot's management commands.

Beside a running `make run` no setting is needed: where DATABASE_URL is not set, the settings of
that run are read from the file `environment` in its data directory.
"""

import os
import sys
from pathlib import Path

from mes import env


def main() -> int:
    """Run the command line; refuse with one sentence when a setting or a package is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")
    try:
        adopt_running_settings()
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except env.SettingError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except ModuleNotFoundError as missing:
        if missing.name != "django":
            raise
        sys.stderr.write("Django is not installed here: use .venv/bin/python manage.py.\n")
        return 1
    return 0


def adopt_running_settings() -> None:
    """Take over the settings of the `make run` of this directory, unless there are others."""
    data_dir = env.path("DATA_DIR", default=Path(__file__).resolve().parent / "var")
    if "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ:
        return
    if (data_dir / "environment").is_file():
        env.adopt(env.read_file(data_dir / "environment"))


if __name__ == "__main__":
    sys.exit(main())
