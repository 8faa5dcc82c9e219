"""The whole record on the review page: counted by the database, read only where it is looked at."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from quality import queries
from tests.worlds.quality import CLOUDY, SOFT, executed_batch, quality, reviewed_by_production

pytestmark = pytest.mark.django_db
IN_RANGE = ("ok", "in_range")


def desk() -> Client:
    client = Client()
    client.force_login(quality(), backend="mes.sign_in.People")
    return client


@pytest.mark.requirement("CGMP-17")
@pytest.mark.parametrize("entries", [{}, SOFT, CLOUDY])
def test_what_the_database_counts_is_what_the_steps_hold(entries: dict[str, str]) -> None:
    batch = executed_batch(**entries)
    counted = queries.sections_of(batch, list(queries.exceptions_of(batch)))
    steps = queries.steps_shown(batch)
    lines = [line["value"] for one in steps for line in one.values]
    assert sum(one.total for one in counted) == len(steps) == 11
    assert sum(one.values for one in counted) == len(lines)
    assert sum(one.in_range for one in counted) == sum(v.verdict in IN_RANGE for v in lines)
    assert [one.title for one in counted] == list(
        dict.fromkeys(one.step.unit_procedure for one in steps)
    )
    beyond = {v.step_id for v in lines if v.verdict not in IN_RANGE}
    assert {one.step.pk for section in counted for one in section.steps} == beyond
    assert all(section.is_calm for section in counted) == (not entries)


def test_a_section_is_read_when_somebody_opens_it() -> None:
    batch = reviewed_by_production(**SOFT)
    client = desk()
    page = f"/batches/{batch.number}/review/"
    folded = client.get(page).content.decode()
    assert "Measure the volume" in folded
    assert "Compute the dose" not in folded
    assert "Show all" in folded
    for asked in (f"{page}?section=1", f"{page}sections/1/"):
        assert "Compute the dose" in client.get(asked).content.decode()
    for absent in ("0", "99"):
        assert client.get(f"{page}sections/{absent}/").status_code == 404


def test_the_page_asks_as_much_of_a_long_batch_as_of_a_short_one() -> None:
    batch = executed_batch()
    exceptions = list(queries.exceptions_of(batch))
    with CaptureQueriesContext(connection) as asked:
        queries.sections_of(batch, exceptions)
    assert len(asked) == 3
