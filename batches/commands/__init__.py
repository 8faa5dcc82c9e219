"""Every write of the fourth floor."""

from batches.commands.decisions import (
    mark_in_review,
    mark_production_reviewed,
    mark_rejected,
    mark_released,
    mark_returned,
)
from batches.commands.holds import hold_batch, hold_batches_of, resume_batch
from batches.commands.lifecycle import abort_batch, start_batch
from batches.commands.steps import note_refusal, sign_step, start_step, verify_step

__all__ = [
    "abort_batch",
    "hold_batch",
    "hold_batches_of",
    "mark_in_review",
    "mark_production_reviewed",
    "mark_rejected",
    "mark_released",
    "mark_returned",
    "note_refusal",
    "resume_batch",
    "sign_step",
    "start_batch",
    "start_step",
    "verify_step",
]
