"""The ground every test stands on: a real PostgreSQL, used as the application's role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import settings as property_settings

# A busy machine is no fault of an example: how long one takes is not judged.
property_settings.register_profile("house", deadline=None)
property_settings.load_profile("house")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say in the record of a run which build ran: a result of another one proves nothing."""
    from mes.build import build_digest
    from tests.validation.results import tell_build
    from tests.validation.tracing import sources_digest

    tell_build(session.config, build_digest(), sources_digest())


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> datetime:
    """The one time at which tests happen."""
    return NOON


def database_name() -> str:
    """Return the name of this worker's database."""
    base = os.environ.get("ONELOT_TEST_DB", "test_onelot")
    return f"{base}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def as_admin(name: str) -> Any:
    """Return a connection of the superuser to the database ``name``."""
    made = psycopg2.connect(os.environ["DATABASE_ADMIN_URL"], dbname=name)
    made.autocommit = True
    return made


@pytest.fixture
def superuser() -> Iterator[Any]:
    """A cursor of the database superuser: the attacker, and whoever must look past the grants."""
    made = as_admin(database_name())
    with made.cursor() as cursor:
        yield cursor
    made.close()


@pytest.fixture
def attacker(superuser: Any) -> Any:
    """The superuser, with every trigger switched off for their own session."""
    superuser.execute("SET session_replication_role = replica")
    return superuser


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """Real servers: those that are named in the environment, or new ones that are thrown away."""
    if "DATABASE_ADMIN_URL" in os.environ:
        yield
        return
    from mes.embedded import throwaway_servers

    with throwaway_servers() as addresses:
        os.environ.update({name: addresses[name] for name in addresses if name.endswith("_URL")})
        yield


@pytest.fixture(scope="session")
def django_db_setup(servers: None, django_db_blocker: Any) -> Iterator[None]:
    """Create the database as the superuser, migrate it as the owner, use it as the application."""
    from django.core.management import call_command

    from mes import env

    name = database_name()
    admin = as_admin("postgres")
    with admin.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" OWNER onelot_owner')
    with django_db_blocker.unblock():
        as_app = {**connection.settings_dict, **env.database("DATABASE_URL")}
        connection.settings_dict.update({**env.database("DATABASE_OWNER_URL"), "NAME": name})
        call_command("migrate", verbosity=0)
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update({**as_app, "NAME": name})
    yield
    with django_db_blocker.unblock():
        connection.close()
    with admin.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.close()


KEPT = ("django_migrations", "django_content_type")


def emptied(case: Any) -> None:
    """Empty every table after a test that really committed; only the superuser can."""
    connection.close()
    admin = as_admin(database_name())
    with admin.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'p')"
            " AND NOT relispartition AND relname <> ALL (%s)",
            [list(KEPT)],
        )
        tables = ", ".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    admin.close()
    from audit.commands import create_system_user

    create_system_user(at=NOON)


TransactionTestCase._fixture_teardown = emptied


@pytest.fixture(autouse=True)
def fresh_witness(settings: Any) -> Iterator[None]:
    """Each test has a checkpoint file of its own."""
    path = Path(settings.CHECKPOINT_FILE)
    path.unlink(missing_ok=True)
    yield
    path.unlink(missing_ok=True)
