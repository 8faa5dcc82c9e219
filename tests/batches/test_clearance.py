"""Line clearances: before and after, by two people, and nothing is released without the second."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch
from kernel.errors import Invalid, NotPermitted
from quality.queries.release import missing_clearances, release_facts
from quality.rules.release_gate import missing_before_review
from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from
from tests.batches.test_execution import entered, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import operator, received_order, running_batch, step_of, verifier
from tests.worlds.branching import condition
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

pytestmark = pytest.mark.django_db
CHECKS = ["No bag of another patient", "No label of another batch"]


def clearance(code: str, stage: str, **more: Any) -> dict[str, Any]:
    """A step that clears the line."""
    return step(
        code, "line_clearance", f"Clear the line {stage}",
        **{"stage": stage, "area": "Room 1, bench 2", "checks": CHECKS, "verify": True, **more},
    )  # fmt: skip


def cleared_document(**after: Any) -> dict[str, Any]:
    """The small recipe, cleared before and after."""
    made: dict[str, Any] = deepcopy(plain_document())
    units = made["procedure"]["unit_procedures"]
    units[0]["operations"][0]["steps"].insert(0, clearance("L01", "before"))
    units[-1]["operations"][-1]["steps"].append(clearance("L02", "after", **after))
    return made


def cleared(**after: Any) -> Batch:
    """A running batch of it."""
    version = effective_recipe(drafted_version(**cleared_document(**after)))
    return running_batch(order=received_order(version=version))


@pytest.mark.requirement("CGMP-10", "A11-06")
def test_the_line_is_cleared_point_by_point_by_two_people() -> None:
    batch = cleared()
    one = begin(step_of(batch, "L01"))
    with pytest.raises(Invalid) as refused:
        entered(one, "0", at=LATER)
    assert refused.value.code == "not_all_confirmed"
    value = entered(one, "0,1", at=LATER)
    assert value.details == {"checks": CHECKS, "area": "Room 1, bench 2", "stage": "before"}
    assert signed(step_of(batch, "L01")).state == "performed"
    one = step_of(batch, "L01")
    asked: dict[str, Any] = {
        "step_id": one.pk,
        "seen": one.version,
        "seen_digest": digest_of(queries.step_statement(one)),
    }
    with pytest.raises(NotPermitted):
        commands.verify_step(
            **asked, proof=proof_of(operator(), at=LATER), act=act_by(operator(), at=LATER)
        )
    commands.verify_step(
        **asked, proof=proof_of(verifier(), at=LATER), act=act_by(verifier(), at=LATER)
    )
    assert step_of(batch, "L01").state == "complete"
    assert missing_clearances(batch) == ("after",)
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-10")
def test_without_the_clearance_after_a_batch_is_not_reviewed_nor_released() -> None:
    """Not even where the recipe hides it in an alternative that is not met."""
    batch = cleared(when=condition("weight > 500", weight=("order.weight_kg", "kg")))
    told = missing_before_review(release_facts(batch))
    assert "The line was not cleared before nor after the making." in told


@pytest.mark.requirement("CGMP-10")
def test_a_recipe_that_clears_before_clears_after_and_with_a_second_person() -> None:
    made = cleared_document()
    assert missing_before_approval(document_from(made)) == ()
    made["procedure"]["unit_procedures"][-1]["operations"][-1]["steps"].pop()
    (found,) = missing_before_approval(document_from(made))
    assert found.detail == "The recipe does not say where the line is cleared after the making."
    alone = missing_before_approval(document_from(cleared_document(verify=False)))
    assert [one.code for one in alone] == ["no_verifier"]
    with pytest.raises(Invalid, match="point by point"):
        document_from(cleared_document(checks=[]))
    with pytest.raises(Invalid, match="always applies"):
        document_from(cleared_document(may_skip=True))


def test_the_screen_names_area_and_stage_and_takes_the_ticks() -> None:
    batch = cleared()
    client = signed_in(operator())
    one = begin(step_of(batch, "L01"))
    page = client.get(path(one)).content.decode()
    for words in ("Room 1, bench 2", "before the making", *CHECKS, "The line is clear"):
        assert words in page
    answer = client.post(f"{path(one)}value/", {"version": one.version, "checks": ["0", "1"]})
    assert answer.status_code == 303
    assert step_of(batch, "L01").values.get().entered == "2 of 2 confirmed"
