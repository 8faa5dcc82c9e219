"""A release that adds a column: records from before it are no tampering, and no hiding place."""

from __future__ import annotations

from typing import Any

import pytest

from audit.acts import Act, command, record
from audit.models import User
from audit.verification import Verifier
from kernel.transactions import current_scope
from tests.worlds.audit import act_by

pytestmark = pytest.mark.django_db(transaction=True)


@command
def _from_before(*, unknown: str, act: Act) -> User:
    """Store a person as a release would have done that did not know the column yet."""
    user = User(username="ada", full_name="Ada Example", employee_id="E-ada", password="!")
    user.created_at = act.at
    user.save()
    record(act, "create", user)
    scope = current_scope()
    assert scope is not None
    del scope.entries[-1][1]["after"][unknown]
    return user


def found() -> list[str]:
    return [str(one) for one in Verifier().findings()]


@pytest.mark.requirement("P11-04")
@pytest.mark.parametrize("unknown", ["locked_after", "locked_at", "locked_from"])
def test_a_record_from_before_a_column_holds_its_default(unknown: str) -> None:
    _from_before(unknown=unknown, act=act_by())
    assert found() == []


@pytest.mark.requirement("P11-01")
def test_a_column_from_later_is_no_hiding_place(attacker: Any) -> None:
    user = _from_before(unknown="locked_after", act=act_by())
    attacker.execute("UPDATE audit_user SET locked_after = 4 WHERE username = 'ada'")
    assert found() == [f"changed: audit.User {user.pk}.locked_after: is not what was recorded"]


@pytest.mark.requirement("P11-01")
def test_a_column_without_a_default_must_be_named() -> None:
    user = _from_before(unknown="full_name", act=act_by())
    assert found()[:1] == [f"changed: audit.User {user.pk}.full_name: is not what was recorded"]
