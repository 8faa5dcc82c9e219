"""The release gate: what is missing before a batch may go to its patient, in words.

Sources: 21 CFR 211.192 (the quality unit reviews every discrepancy before release), draft EU GMP
Annex 11 section 12 (the audit trail is reviewed before release, by somebody independent), Annex
16 (a Qualified Person certifies each batch) and requirement 19.2 B (the release guard).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """What is known of a batch when somebody asks to release it.

    Args:
        open_steps: the titles of the steps that are not complete.
        has_steps: a batch that was never issued has none.
        unopened_exceptions: how many exceptions no reviewer has looked at.
        undecided_exceptions: how many are neither accepted nor settled by a closed deviation.
        open_deviations: the numbers of those not closed, of the batch and of its chain of identity.
        open_holds: how many holds are not lifted.
        undecided_amendments: how many nobody approved, rejected or withdrew.
        identity_steps_unverified: the titles of identity steps without a matching scan.
        clearances_missing: the line clearances ("before", "after") that were not carried out.
        unreviewed_results: the titles of the tests whose laboratory record nobody reviewed.
        ledger_findings: what verification found wrong; None when nobody has verified yet.
        is_signer_qualified: the signer is a Qualified Person at the site of the batch.
        has_signer_taken_part: the signer performed or verified a step of this batch.
    """

    has_steps: bool = True
    open_steps: tuple[str, ...] = ()
    is_aborted: bool = False
    is_production_reviewed: bool = True
    is_quality_reviewed: bool = True
    is_changed_since_review: bool = False
    is_trail_reviewed: bool = True
    is_changed_since_trail_review: bool = False
    unopened_exceptions: int = 0
    undecided_exceptions: int = 0
    open_deviations: tuple[str, ...] = ()
    open_holds: int = 0
    undecided_amendments: int = 0
    is_identity_verified_at_receipt: bool = True
    identity_steps_unverified: tuple[str, ...] = ()
    clearances_missing: tuple[str, ...] = ()
    unreviewed_results: tuple[str, ...] = ()
    ledger_findings: tuple[str, ...] | None = ()
    is_signer_qualified: bool = True
    has_signer_taken_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the checklist: what is asked, and the sentence that says what is missing."""

    code: str
    label: str
    missing: str = ""

    @property
    def is_met(self) -> bool:
        """Say whether nothing is missing here."""
        return not self.missing


def _counting(number: int, noun: str, what: str) -> str:
    """Return the sentence about that many: 1 hold is not lifted, 2 holds are not lifted."""
    if not number:
        return ""
    return f"{number} {noun} is {what}." if number == 1 else f"{number} {noun}s are {what}."


def _execution(facts: ReleaseFacts) -> str:
    if facts.is_aborted:
        return "The batch was aborted: it can only be rejected."
    if not facts.has_steps:
        return "The execution is not complete: no step was ever issued."
    if not facts.open_steps:
        return ""
    if len(facts.open_steps) == 1:
        return f"The execution is not complete: the step {facts.open_steps[0]} is open."
    return (
        f"The execution is not complete: {len(facts.open_steps)} steps are open,"
        f" the first is {facts.open_steps[0]}."
    )


def _deviations(numbers: Sequence[str]) -> str:
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"Deviation {numbers[0]} is not closed."
    return f"Deviations {', '.join(numbers[:-1])} and {numbers[-1]} are not closed."


def _clearances(stages: Sequence[str]) -> str:
    return f"The line was not cleared {' nor '.join(stages)} the making." if stages else ""


def _results(titles: Sequence[str]) -> str:
    if not titles:
        return ""
    if len(titles) == 1:
        return f"The laboratory record of {titles[0]} is not reviewed by a second person."
    return (
        f"{len(titles)} laboratory records are not reviewed by a second person,"
        f" the first is of {titles[0]}."
    )


def _identity_steps(titles: Sequence[str]) -> str:
    if not titles:
        return ""
    if len(titles) == 1:
        return f"The chain of identity was not verified in the step {titles[0]}."
    return (
        f"The chain of identity was not verified in {len(titles)} steps, the first is {titles[0]}."
    )


def _ledger(findings: Sequence[str] | None) -> str:
    if findings is None:
        return "The ledger of the batch has not been verified."
    if not findings:
        return ""
    more = f" ({len(findings)} findings in all)" if len(findings) > 1 else ""
    return f"The record is not as it was recorded: {findings[0]}{more}."


def _trail(facts: ReleaseFacts) -> str:
    if not facts.is_trail_reviewed:
        return "The audit trail is not reviewed."
    if facts.is_changed_since_trail_review:
        return "The audit trail changed after its review: it must be reviewed again."
    return ""


def _when(is_missing: bool, sentence: str) -> str:
    return sentence if is_missing else ""


def checklist(facts: ReleaseFacts) -> tuple[Check, ...]:
    """Return every line of the release checklist, met or not, in the order of the work."""
    return (*_making(facts), *_identity(facts), *_reviews(facts), *_signer(facts))


def _making(facts: ReleaseFacts) -> tuple[Check, ...]:
    unopened, undecided = facts.unopened_exceptions, facts.undecided_exceptions
    holds = facts.open_holds
    return (
        Check(code="execution", label="Every step is complete", missing=_execution(facts)),
        Check(
            code="clearance",
            label="The line was cleared before and after",
            missing=_clearances(facts.clearances_missing),
        ),
        Check(
            code="production_review",
            label="Production has reviewed the record",
            missing=_when(
                not facts.is_production_reviewed, "Production has not reviewed the batch."
            ),
        ),
        Check(
            code="exceptions_opened",
            label="A reviewer has opened every exception",
            missing=_counting(unopened, "exception", "not opened by a reviewer"),
        ),
        Check(
            code="exceptions_decided",
            label="Every exception is decided",
            missing=_counting(undecided, "exception", "not decided"),
        ),
        Check(
            code="deviations",
            label="Every deviation is closed",
            missing=_deviations(facts.open_deviations),
        ),
        Check(
            code="holds",
            label="Every hold is lifted",
            missing=_counting(holds, "hold", "not lifted"),
        ),
        Check(
            code="amendments",
            label="Every amendment is decided",
            missing=_counting(facts.undecided_amendments, "amendment", "not decided"),
        ),
        Check(
            code="results",
            label="A second person has reviewed every laboratory record",
            missing=_results(facts.unreviewed_results),
        ),
    )


def _identity(facts: ReleaseFacts) -> tuple[Check, ...]:
    return (
        Check(
            code="identity_at_receipt",
            label="Identity was verified at receipt",
            missing=_when(
                not facts.is_identity_verified_at_receipt,
                "The chain of identity was not verified at receipt.",
            ),
        ),
        Check(
            code="identity_in_steps",
            label="Identity was verified at every identity step",
            missing=_identity_steps(facts.identity_steps_unverified),
        ),
    )


def _reviews(facts: ReleaseFacts) -> tuple[Check, ...]:
    return (
        Check(
            code="trail_review",
            label="The audit trail is reviewed",
            missing=_trail(facts),
        ),
        Check(
            code="quality_review",
            label="Quality has reviewed the record",
            missing=_when(not facts.is_quality_reviewed, "Quality has not reviewed the batch."),
        ),
        Check(
            code="review_is_current",
            label="Nothing changed after the quality review",
            missing=_when(
                facts.is_changed_since_review,
                "The record changed after quality reviewed it: it must be reviewed again.",
            ),
        ),
        Check(
            code="ledger",
            label="Ledger, rows and signatures are intact",
            missing=_ledger(facts.ledger_findings),
        ),
    )


def _signer(facts: ReleaseFacts) -> tuple[Check, ...]:
    return (
        Check(
            code="signer",
            label="The signer is a Qualified Person",
            missing=_when(
                not facts.is_signer_qualified, "Only a Qualified Person may release a batch."
            ),
        ),
        Check(
            code="independence",
            label="The signer took no part in the making",
            missing=_when(
                facts.has_signer_taken_part,
                "Whoever performed or verified a step of a batch does not release it.",
            ),
        ),
    )


def missing_before_release(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return what is missing before the batch may be released, in words; nothing when it may."""
    return tuple(check.missing for check in checklist(facts) if check.missing)


# What quality must find in order before it signs its review; the rest is for the release.
REVIEW_CHECKS = (
    "execution",
    "clearance",
    "production_review",
    "exceptions_opened",
    "exceptions_decided",
    "deviations",
    "holds",
    "amendments",
    "results",
    "identity_at_receipt",
    "identity_in_steps",
)
# An aborted batch is reviewed to be rejected: it has neither all its steps nor their reviews.
ABORTED_CHECKS = ("exceptions_opened", "exceptions_decided", "deviations")


def missing_before_review(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return what is missing before quality may sign its review, in words."""
    asked = ABORTED_CHECKS if facts.is_aborted else REVIEW_CHECKS
    return tuple(
        check.missing for check in checklist(facts) if check.missing and check.code in asked
    )
