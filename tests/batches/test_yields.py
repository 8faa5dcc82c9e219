"""Yields: computed at each stage, judged, investigated where they are beyond, and on the record."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from audit.verification import Verifier
from batches import queries
from batches.models import Batch, StageYield
from batches.rules.yields import stages_at, yield_of
from kernel.errors import Invalid
from mes.demo.performing import perform_batch
from mes.record import record_document
from quality.models import BatchException, Deviation
from quality.queries import release_facts
from quality.rules.release_gate import checklist
from recipes.rules.parsing import document_from
from tests.batches.test_screens import signed_in
from tests.batches.test_written_steps import LATER
from tests.worlds.batches import again, operator, received_order, running_batch, shift
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document

pytestmark = pytest.mark.django_db


def document(**stage: Any) -> dict[str, Any]:
    """The small recipe, whose volume is a stage with its own percentages."""
    made: dict[str, Any] = deepcopy(plain_document())
    made["formula"]["stages"][0] |= {"min_percent": "80", "max_percent": "120", **stage}
    return made


def measured(volume: str, **stage: Any) -> Batch:
    """A batch whose volume was found and signed."""
    version = effective_recipe(drafted_version(**document(**stage)))
    batch = running_batch(order=received_order(version=version))
    perform_batch(
        batch,
        shift(at=LATER, entries={"S05": volume}, reasons={"S05": "Less came out."}),
        until="S06",
    )
    return again(batch)


@pytest.mark.requirement("CGMP-11")
@pytest.mark.parametrize(
    ("actual", "percent", "is_within"),
    [
        ("75", "100.00", True),
        ("60", "80.00", True),
        ("59.99", "79.99", False),
        ("90", "120.00", True),
        ("90.01", "120.01", False),
        ("59.997", "80.00", True),
    ],
)
def test_a_yield_is_a_percentage_rounded_half_up(
    actual: str, percent: str, is_within: bool
) -> None:
    found = document_from(document())
    one = yield_of(found, stages_at(found, "S05")[0], Decimal(actual))
    assert (str(one.percent), one.is_within) == (percent, is_within)


@pytest.mark.requirement("CGMP-11")
def test_the_theoretical_yield_has_the_percentages_of_the_header() -> None:
    plain = document(min_percent=None, max_percent=None, quantity="1", unit="{bags}")
    plain["formula"]["stages"][0] = {
        name: value for name, value in plain["formula"]["stages"][0].items() if value is not None
    }
    found = document_from(plain)
    one = yield_of(found, stages_at(found, "S05")[0], Decimal("0.5"))
    assert (one.low, one.high, one.is_within) == (100, 100, False)
    plain["formula"]["stages"][0]["quantity"] = "2"
    other = document_from(plain)
    assert yield_of(other, stages_at(other, "S05")[0], Decimal("0.5")).is_within
    with pytest.raises(Invalid):
        document_from(document(min_percent="130"))


@pytest.mark.requirement("CGMP-11")
def test_a_yield_within_its_limits_is_on_the_record_and_nothing_else() -> None:
    batch = measured("75.0")
    [one] = queries.yields_of(batch)
    assert (one.percent, one.is_within, one.step.code) == (100, True, "S05")
    assert not Deviation.objects.exists()
    assert not BatchException.objects.exists()
    assert not list(Verifier().findings())
    page = signed_in(operator()).get(f"/batches/{batch.number}/").content.decode()
    assert "Volume" in page
    assert "100 %" in page
    [told] = record_document(batch)["record"]["yields"]
    assert (told["label"], told["percent"], told["low"]) == ("Volume", "100", "80")


@pytest.mark.requirement("CGMP-11")
def test_a_yield_beyond_its_limits_opens_a_deviation_that_blocks_the_release() -> None:
    batch = measured("55.0")
    [one] = queries.yields_of(batch)
    assert (str(one.percent.normalize()), one.is_within) == ("73.33", False)
    deviation = Deviation.objects.get()
    assert deviation.kind == "yield"
    assert "73.33 %" in deviation.title
    told = BatchException.objects.get(kind="yield")
    assert (told.severity, told.state, told.deviation) == ("critical", "in_deviation", deviation)
    facts = release_facts(batch)
    blocked = [check.code for check in checklist(facts) if not check.is_met]
    assert "deviations" in blocked
    assert not list(Verifier().findings())


def test_a_stage_whose_step_gives_another_unit_has_no_yield() -> None:
    measured("75.0", unit="L", quantity="1")
    assert not StageYield.objects.exists()
