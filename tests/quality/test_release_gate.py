"""The release gate: each missing fact gives exactly its own sentence, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.rules.release_gate import (
    ABORTED_CHECKS,
    REVIEW_CHECKS,
    ReleaseFacts,
    checklist,
    missing_before_release,
    missing_before_review,
)

WHOLE = ReleaseFacts()
# A fact gone wrong, the check that must say so, and the sentence it must say.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "execution": (
        {"open_steps": ("Wash the cells",)},
        "The execution is not complete: the step Wash the cells is open.",
    ),
    "clearance": (
        {"clearances_missing": ("before", "after")},
        "The line was not cleared before nor after the making.",
    ),
    "production_review": (
        {"is_production_reviewed": False},
        "Production has not reviewed the batch.",
    ),
    "exceptions_opened": (
        {"unopened_exceptions": 1},
        "1 exception is not opened by a reviewer.",
    ),
    "exceptions_decided": ({"undecided_exceptions": 2}, "2 exceptions are not decided."),
    "deviations": ({"open_deviations": ("D-000004",)}, "Deviation D-000004 is not closed."),
    "holds": ({"open_holds": 1}, "1 hold is not lifted."),
    "amendments": ({"undecided_amendments": 2}, "2 amendments are not decided."),
    "results": (
        {"unreviewed_results": ("Test the viability", "Sterility")},
        "2 laboratory records are not reviewed by a second person,"
        " the first is of Test the viability.",
    ),
    "identity_at_receipt": (
        {"is_identity_verified_at_receipt": False},
        "The chain of identity was not verified at receipt.",
    ),
    "identity_in_steps": (
        {"identity_steps_unverified": ("Scan the bag",)},
        "The chain of identity was not verified in the step Scan the bag.",
    ),
    "trail_review": ({"is_trail_reviewed": False}, "The audit trail is not reviewed."),
    "quality_review": ({"is_quality_reviewed": False}, "Quality has not reviewed the batch."),
    "review_is_current": (
        {"is_changed_since_review": True},
        "The record changed after quality reviewed it: it must be reviewed again.",
    ),
    "ledger": (
        {"ledger_findings": ("hash: ledger batch:1 #4: was changed after it was recorded",)},
        "The record is not as it was recorded:"
        " hash: ledger batch:1 #4: was changed after it was recorded.",
    ),
    "signer": (
        {"is_signer_qualified": False},
        "Only a Qualified Person may release a batch.",
    ),
    "independence": (
        {"has_signer_taken_part": True},
        "Whoever performed or verified a step of a batch does not release it.",
    ),
}


def test_nothing_is_missing_when_nothing_is_missing() -> None:
    assert missing_before_release(WHOLE) == ()
    assert missing_before_review(WHOLE) == ()


def test_every_check_is_tried_here() -> None:
    assert [check.code for check in checklist(WHOLE)] == list(BROKEN)


@pytest.mark.requirement("A11-15", "CGMP-17", "ATMP-12", "A11D-16")
@given(st.sets(st.sampled_from(sorted(BROKEN))))
def test_each_missing_fact_gives_exactly_its_own_sentence(broken: set[str]) -> None:
    facts = WHOLE
    for code in broken:
        facts = replace(facts, **BROKEN[code][0])
    assert missing_before_release(facts) == tuple(
        sentence for code, (_, sentence) in BROKEN.items() if code in broken
    )
    assert {check.code for check in checklist(facts) if not check.is_met} == broken


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"has_steps": False}, "The execution is not complete: no step was ever issued."),
        (
            {"open_steps": ("A", "B", "C")},
            "The execution is not complete: 3 steps are open, the first is A.",
        ),
        ({"is_aborted": True}, "The batch was aborted: it can only be rejected."),
        ({"unopened_exceptions": 3}, "3 exceptions are not opened by a reviewer."),
        ({"undecided_exceptions": 1}, "1 exception is not decided."),
        (
            {"open_deviations": ("D-000001", "D-000002", "D-000003")},
            "Deviations D-000001, D-000002 and D-000003 are not closed.",
        ),
        ({"open_holds": 2}, "2 holds are not lifted."),
        (
            {"identity_steps_unverified": ("A", "B")},
            "The chain of identity was not verified in 2 steps, the first is A.",
        ),
        (
            {"is_changed_since_trail_review": True},
            "The audit trail changed after its review: it must be reviewed again.",
        ),
        ({"ledger_findings": None}, "The ledger of the batch has not been verified."),
        (
            {"ledger_findings": ("gap: x", "gap: y")},
            "The record is not as it was recorded: gap: x (2 findings in all).",
        ),
    ],
)
def test_the_sentences_count(facts: dict[str, Any], sentence: str) -> None:
    assert missing_before_release(replace(WHOLE, **facts)) == (sentence,)


@given(st.sets(st.sampled_from(sorted(BROKEN))), st.booleans())
def test_the_review_asks_for_its_own_part_only(broken: set[str], is_aborted: bool) -> None:
    facts = replace(WHOLE, is_aborted=is_aborted)
    for code in broken:
        facts = replace(facts, **BROKEN[code][0])
    asked = ABORTED_CHECKS if is_aborted else REVIEW_CHECKS
    assert missing_before_review(facts) == tuple(
        sentence for code, (_, sentence) in BROKEN.items() if code in broken and code in asked
    )


def test_nobody_knows_that_nobody_may() -> None:
    facts = ReleaseFacts(is_signer_qualified=False, ledger_findings=None)
    assert len(missing_before_release(facts)) == 2
