"""The release gate: what is missing before a batch may go to its patient, in words.

Sources: 21 CFR 211.192 (the quality unit reviews every discrepancy before release), EU GMP Annex
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
        identity_steps_unverified: the titles of identity steps without a matching scan.
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
    unopened_exceptions: int = 0
    undecided_exceptions: int = 0
    open_deviations: tuple[str, ...] = ()
    open_holds: int = 0
    is_identity_verified_at_receipt: bool = True
    identity_steps_unverified: tuple[str, ...] = ()
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


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 hold, 2 holds."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


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


def _when(is_missing: bool, sentence: str) -> str:
    return sentence if is_missing else ""


def checklist(facts: ReleaseFacts) -> tuple[Check, ...]:
    """Return every line of the release checklist, met or not, in the order of the work."""
    unopened, undecided = facts.unopened_exceptions, facts.undecided_exceptions
    asked = (
        ("execution", "Every step is complete", _execution(facts)),
        (
            "production_review",
            "Production has reviewed the record",
            _when(not facts.is_production_reviewed, "Production has not reviewed the batch."),
        ),
        (
            "exceptions_opened",
            "A reviewer has opened every exception",
            _when(
                bool(unopened),
                f"{counted(unopened, 'exception')} {_is(unopened)} not opened by a reviewer.",
            ),
        ),
        (
            "exceptions_decided",
            "Every exception is decided",
            _when(
                bool(undecided),
                f"{counted(undecided, 'exception')} {_is(undecided)} not decided.",
            ),
        ),
        ("deviations", "Every deviation is closed", _deviations(facts.open_deviations)),
        (
            "holds",
            "Every hold is lifted",
            _when(
                bool(facts.open_holds),
                f"{counted(facts.open_holds, 'hold')} {_is(facts.open_holds)} not lifted.",
            ),
        ),
        (
            "identity_at_receipt",
            "Identity was verified at receipt",
            _when(
                not facts.is_identity_verified_at_receipt,
                "The chain of identity was not verified at receipt.",
            ),
        ),
        (
            "identity_in_steps",
            "Identity was verified at every identity step",
            _identity_steps(facts.identity_steps_unverified),
        ),
        (
            "quality_review",
            "Quality has reviewed the record",
            _when(not facts.is_quality_reviewed, "Quality has not reviewed the batch."),
        ),
        (
            "review_is_current",
            "Nothing changed after the quality review",
            _when(
                facts.is_changed_since_review,
                "The record changed after quality reviewed it: it must be reviewed again.",
            ),
        ),
        ("ledger", "Ledger, rows and signatures are intact", _ledger(facts.ledger_findings)),
        (
            "signer",
            "The signer is a Qualified Person",
            _when(not facts.is_signer_qualified, "Only a Qualified Person may release a batch."),
        ),
        (
            "independence",
            "The signer took no part in the making",
            _when(
                facts.has_signer_taken_part,
                "Whoever performed or verified a step of a batch does not release it.",
            ),
        ),
    )
    return tuple(Check(code=code, label=label, missing=missing) for code, label, missing in asked)


def missing_before_release(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return what is missing before the batch may be released, in words; nothing when it may."""
    return tuple(check.missing for check in checklist(facts) if check.missing)


# What quality must find in order before it signs its review; the rest is for the release.
REVIEW_CHECKS = (
    "execution",
    "production_review",
    "exceptions_opened",
    "exceptions_decided",
    "deviations",
    "holds",
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
