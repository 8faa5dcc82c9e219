"""Training: the rule, who records it, and its page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.commands import record_training
from audit.models import Training, User
from audit.rules.training import Procedure, Trained, missing_training
from audit.verification import Verifier
from kernel.errors import Invalid, NotPermitted
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site
from tests.worlds.orders import browser_of
from tests.worlds.recipes import RECIPE, effective_recipe

LATER = NOON + timedelta(days=100)
DAY = timedelta(days=1)


def trained(*versions: int, until: Any = LATER) -> list[Trained]:
    return [Trained(version=one, valid_until=until) for one in versions]


@pytest.mark.requirement("P11-11")
@pytest.mark.parametrize(
    ("since", "trainings", "missing"),
    [
        (3, trained(3), None),
        (3, [], "training on CAR, version 3"),
        (3, trained(1, 2), "training on CAR, version 3 (yours is on version 1 and 2)"),
        (3, trained(4), "training on CAR, version 3 (yours is on version 4)"),
        (2, trained(2), None),
        (2, trained(1), "training on CAR, version 3 (yours is on version 1)"),
        (
            3,
            trained(3, until=NOON),
            "training on CAR, version 3 (yours ended on 23 Nov 2026 12:00 UTC)",
        ),
        (3, [*trained(3, until=NOON - DAY), *trained(3)], None),
    ],
)
def test_training_is_current_on_the_version_or_on_one_that_is_good_for_it(
    since: int, trainings: list[Trained], missing: str | None
) -> None:
    procedure = Procedure(code="CAR", version=3, since=since)
    assert missing_training(procedure, trainings, at=NOON) == missing


def recorded(user: User, **changes: Any) -> Training:
    given = {
        "procedure": RECIPE,
        "version": effective_recipe().number,
        "trained_by": person("tessa", "engineer"),
        "evidence": "Sheet 17",
        "valid_until": LATER,
        "act": act_by(person("quinn", "qa")),
        **changes,
    }
    return record_training(user=user, **given)


@pytest.mark.requirement("P11-11")
@pytest.mark.django_db
def test_training_names_trainer_evidence_and_end_and_never_changes() -> None:
    made = recorded(person("anna"))
    assert (made.trained_by.username, made.evidence) == ("tessa", "Sheet 17")
    assert list(Verifier().findings()) == []
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE audit_training SET valid_until = valid_until + interval '9 y'")


@pytest.mark.requirement("P11-11")
@pytest.mark.django_db
def test_nobody_trains_themselves_and_nothing_is_recorded_without_proof() -> None:
    anna, quinn = person("anna"), person("quinn", "qa")
    for changes in (
        {"trained_by": anna},
        {"act": act_by(anna)},
        {"act": act_by(person("olga", "operator"))},
    ):
        with pytest.raises(NotPermitted):
            recorded(anna, **changes)
    with pytest.raises(NotPermitted):
        recorded(quinn)
    for wrong in (
        {"evidence": "  "},
        {"procedure": "NO-SUCH"},
        {"version": 99},
        {"valid_until": NOON},
    ):
        with pytest.raises(Invalid):
            recorded(anna, **wrong)
    assert not Training.objects.filter(user=anna).exists()


@pytest.mark.requirement("P11-11")
@pytest.mark.django_db
def test_quality_records_training_on_the_page_of_a_person() -> None:
    effective_recipe()
    person("anna"), person("tessa", "engineer"), site()
    browser = browser_of(person("quinn", "qa"))
    form = {
        "procedure": f"{RECIPE} v1",
        "trained_by": "tessa",
        "evidence": "Sheet 17",
        "until": "2099-12-31",
    }
    assert "No training is recorded" in browser.get("/people/anna/").content.decode()
    for name, value in (("procedure", "x"), ("trained_by", "nobody"), ("until", "soon")):
        wrong = browser.post("/people/anna/training/", {**form, name: value})
        assert wrong.status_code == 422, name
    assert browser.post("/people/anna/training/", form).status_code == 302
    page = browser.get("/people/anna/").content.decode()
    assert "Trained by Tessa Example" in page
    assert "Holds" in page
    admin = browser_of(person("adam", "admin"))
    assert admin.post("/people/anna/training/", form).status_code == 403
