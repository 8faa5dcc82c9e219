"""Every read of the quality app that leaves it."""

from quality.queries.context import (
    chart_of,
    results_of,
    sections_of,
    steps_around,
    steps_of,
    steps_shown,
)
from quality.queries.deviations import (
    batch_of,
    deviation_numbered,
    deviations_of,
    deviations_seen,
    life_of,
    related_batches,
)
from quality.queries.exceptions import exception_of, exceptions_of, makers_of, participants_of
from quality.queries.queue import WAITING, review_queue, waiting_after
from quality.queries.record import disposition_of, section_for_record
from quality.queries.release import (
    is_changed_since,
    last_review,
    release_facts,
    verified_findings,
)
from quality.queries.standings import (
    standing_of_deviations,
    standing_of_dispositions,
    standing_of_reviews,
)
from quality.queries.statements import (
    closing_statement,
    consequence,
    disposition_statement,
    review_statement,
    shown_lines,
    trail_statement,
)
from quality.queries.trail import late_entries, reopening_entries, trail_counts, trail_of

__all__ = [
    "WAITING",
    "batch_of",
    "chart_of",
    "closing_statement",
    "consequence",
    "deviation_numbered",
    "deviations_of",
    "deviations_seen",
    "disposition_of",
    "disposition_statement",
    "exception_of",
    "exceptions_of",
    "is_changed_since",
    "last_review",
    "late_entries",
    "life_of",
    "makers_of",
    "participants_of",
    "related_batches",
    "release_facts",
    "reopening_entries",
    "results_of",
    "review_queue",
    "review_statement",
    "section_for_record",
    "sections_of",
    "shown_lines",
    "standing_of_deviations",
    "standing_of_dispositions",
    "standing_of_reviews",
    "steps_around",
    "steps_of",
    "steps_shown",
    "trail_counts",
    "trail_of",
    "trail_statement",
    "verified_findings",
    "waiting_after",
]
