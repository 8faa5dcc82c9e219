"""Every write of the quality app."""

from quality.commands.deviations import (
    assess_deviation,
    classify_deviation,
    close_deviation,
    investigate_deviation,
    reopen_deviation,
    return_deviation,
)
from quality.commands.dispositions import reject_batch, release_batch
from quality.commands.exceptions import (
    accept_exception,
    escalate_exception,
    open_exception,
    record_exception,
)
from quality.commands.excursions import record_custody_break, record_excursion
from quality.commands.reviews import open_review, return_batch, review_batch, review_production
from quality.commands.trail_review import review_trail

__all__ = [
    "accept_exception",
    "assess_deviation",
    "classify_deviation",
    "close_deviation",
    "escalate_exception",
    "investigate_deviation",
    "open_exception",
    "open_review",
    "record_custody_break",
    "record_exception",
    "record_excursion",
    "reject_batch",
    "release_batch",
    "reopen_deviation",
    "return_batch",
    "return_deviation",
    "review_batch",
    "review_production",
    "review_trail",
]
