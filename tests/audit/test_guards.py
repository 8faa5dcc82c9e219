"""Guards of the database: every trigger there is is expected, and none can be lost unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from audit.verification import Verifier
from audit.verification.expected import expected_bodies, expected_guards
from audit.verification.guards import check_guards

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("P11-07")]

INSTALLED = """
SELECT c.relname, t.tgname, coalesce(p.relname, c.relname), pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
 WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""


def installed(superuser: Any) -> list[tuple[str, str, str, str]]:
    superuser.execute(INSTALLED)
    return list(superuser.fetchall())


def found() -> list[str]:
    return [str(one) for one in check_guards()]


@contextmanager
def attacked(superuser: Any, attack: str, *repairs: str) -> Iterator[list[str]]:
    """What verification names while an attack lasts."""
    superuser.execute(attack)
    try:
        yield found()
    finally:
        for repair in repairs:
            superuser.execute(repair)


def test_every_trigger_of_the_schema_is_expected_and_every_expected_one_is_there(
    superuser: Any,
) -> None:
    there = {(parent, name) for _, name, parent, _ in installed(superuser)}
    assert there == set(expected_guards())
    assert found() == []


@pytest.mark.parametrize(
    "table", ["recipes_recipeversion", "batches_batch", "batches_step", "monitoring_reading"]
)
def test_the_guards_that_no_model_asks_for_are_expected(table: str) -> None:
    names = {name for on, name in expected_guards() if on == table}
    assert names & {"frozen_document", "frozen_recipe", "frozen_step", "append_only"}


def test_every_trigger_that_is_switched_off_is_named(superuser: Any) -> None:
    for table, name, _, _ in installed(superuser):
        with attacked(
            superuser,
            f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"',
            f'ALTER TABLE "{table}" ENABLE TRIGGER "{name}"',
        ) as named:
            assert f"guard: trigger {name} on {table}: is switched off" in named
    assert found() == []


def test_every_trigger_that_is_dropped_is_named(superuser: Any) -> None:
    for table, name, parent, definition in installed(superuser):
        if table != parent:
            continue  # It falls with the trigger of its table, and never alone.
        with attacked(superuser, f'DROP TRIGGER "{name}" ON "{table}"', definition) as named:
            assert f"guard: trigger {name} on {table}: is gone" in named
    assert found() == []


def test_every_function_that_says_another_thing_is_named(superuser: Any) -> None:
    for name in expected_bodies():
        superuser.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [name])
        [(definition,)] = superuser.fetchall()
        other = definition.replace("BEGIN", "BEGIN /* nothing */", 1)
        with attacked(superuser, other, definition) as named:
            assert named == [f"guard: function {name}: is not the one that was installed"]
    assert found() == []


@pytest.mark.parametrize(
    ("attack", "repair", "named"),
    [
        (
            "CREATE TRIGGER stranger BEFORE INSERT ON batches_stepvalue"
            " FOR EACH ROW EXECUTE FUNCTION onelot_refuse_change()",
            "DROP TRIGGER stranger ON batches_stepvalue",
            "trigger stranger on batches_stepvalue: is none that was installed",
        ),
        (
            "CREATE FUNCTION onelot_frozen_step(integer) RETURNS integer LANGUAGE sql"
            " AS 'SELECT $1'",
            "DROP FUNCTION onelot_frozen_step(integer)",
            "function onelot_frozen_step: is not the one that was installed",
        ),
        (
            "GRANT UPDATE ON monitoring_reading TO onelot_app",
            "REVOKE UPDATE ON monitoring_reading FROM onelot_app",
            "role onelot_app: may UPDATE on monitoring_reading",
        ),
        (
            "GRANT TRUNCATE ON monitoring_reading_elsewhen TO onelot_app",
            "REVOKE TRUNCATE ON monitoring_reading_elsewhen FROM onelot_app",
            "role onelot_app: may TRUNCATE on monitoring_reading_elsewhen",
        ),
    ],
)
def test_what_was_added_beside_the_guards_is_named(
    superuser: Any, attack: str, repair: str, named: str
) -> None:
    with attacked(superuser, attack, repair) as said:
        assert said == [f"guard: {named}"]


def test_a_whole_verification_names_a_lost_guard(superuser: Any) -> None:
    superuser.execute("ALTER TABLE batches_step DISABLE TRIGGER frozen_step")
    try:
        named = [str(one) for one in Verifier().findings()]
    finally:
        superuser.execute("ALTER TABLE batches_step ENABLE TRIGGER frozen_step")
    assert named == ["guard: trigger frozen_step on batches_step: is switched off"]
