"""Measure: one JSON object a line, each number beside its baseline in the same run.

    python -m tests.bench                     all
    python -m tests.bench verification …      some

Runs against the servers named in the environment, or against new ones that are thrown away; the
database is made for the run and dropped after it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module

NAMES = (
    "signing",
    "order_intake",
    "ingest",
    "verification",
    "recorded_commit",
    "record_pdf",
    "long_batch",
    "batch_list",
)


def main(wanted: list[str]) -> int:
    """Run the measurements that are asked for; 2 when there is none of that name."""
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        sys.stderr.write(f"There is no measurement {unknown[0]}; there are {', '.join(NAMES)}.\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    with ExitStack() as house:
        house.enter_context(servers())
        import django

        django.setup()
        for name in wanted or NAMES:
            with database(name):
                for line in import_module(f"tests.bench.{name}").run():
                    print(json.dumps(line), flush=True)
    return 0


@contextmanager
def servers() -> Iterator[None]:
    """Use the servers of the environment, or new ones."""
    if "DATABASE_ADMIN_URL" in os.environ:
        yield
        return
    from mes.embedded import throwaway_servers

    with throwaway_servers() as addresses:
        os.environ.update({name: addresses[name] for name in addresses if name.endswith("_URL")})
        yield


@contextmanager
def database(name: str) -> Iterator[None]:
    """Make a database as its owner and use it as the application, then drop it."""
    from django.core.management import call_command
    from django.db import connection

    from mes import env
    from tests.conftest import as_admin

    made = f"bench_{name}_{os.getpid()}"
    admin = as_admin("postgres")
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{made}" OWNER onelot_owner')
    try:
        as_app = {**connection.settings_dict, **env.database("DATABASE_URL"), "NAME": made}
        connection.settings_dict.update({**env.database("DATABASE_OWNER_URL"), "NAME": made})
        call_command("migrate", verbosity=0)
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(as_app)
        yield
    finally:
        connection.close()
        with admin.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
        admin.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
