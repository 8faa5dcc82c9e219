"""Every write of the fourth floor."""

from batches.commands.amendments import (
    approve_amendment,
    reject_amendment,
    withdraw_amendment,
    write_amendment,
)
from batches.commands.clearing import (
    approve_changeover_plan,
    begin_changeover,
    do_point,
    sign_changeover,
    withdraw_changeover_plan,
    write_changeover_plan,
)
from batches.commands.copies import certify_copy
from batches.commands.corrections import correct_value
from batches.commands.decisions import (
    mark_in_review,
    mark_production_reviewed,
    mark_rejected,
    mark_released,
    mark_returned,
)
from batches.commands.erasure import erase_patient
from batches.commands.files import attach_file
from batches.commands.holds import hold_batch, hold_batches_of, resume_batch
from batches.commands.labels import print_labels, replace_label, require_replaceable
from batches.commands.lifecycle import abort_batch, start_batch
from batches.commands.modes import switch_mode
from batches.commands.omissions import mark_not_applicable
from batches.commands.orders import (
    cancel_order,
    place_order,
    receive_material,
    report_collection,
)
from batches.commands.phases import move_phase, reset_phase
from batches.commands.planning import cancel_batch, issue_batch, plan_batch
from batches.commands.rehearsals import (
    begin_rehearsal,
    confirm_rehearsal,
    leave_rehearsal,
    rehearse_step,
)
from batches.commands.steps import note_refusal, sign_step, start_step, verify_step
from batches.commands.values import enter_value
from batches.commands.weighing import (
    discard_container,
    return_container,
    weigh_empty,
    weigh_full,
)

__all__ = [
    "abort_batch",
    "approve_amendment",
    "approve_changeover_plan",
    "attach_file",
    "begin_changeover",
    "begin_rehearsal",
    "cancel_batch",
    "cancel_order",
    "certify_copy",
    "confirm_rehearsal",
    "correct_value",
    "discard_container",
    "do_point",
    "enter_value",
    "erase_patient",
    "hold_batch",
    "hold_batches_of",
    "issue_batch",
    "leave_rehearsal",
    "mark_in_review",
    "mark_not_applicable",
    "mark_production_reviewed",
    "mark_rejected",
    "mark_released",
    "mark_returned",
    "move_phase",
    "note_refusal",
    "place_order",
    "plan_batch",
    "print_labels",
    "receive_material",
    "rehearse_step",
    "reject_amendment",
    "replace_label",
    "report_collection",
    "require_replaceable",
    "reset_phase",
    "resume_batch",
    "return_container",
    "sign_changeover",
    "sign_step",
    "start_batch",
    "start_step",
    "switch_mode",
    "verify_step",
    "weigh_empty",
    "weigh_full",
    "withdraw_amendment",
    "withdraw_changeover_plan",
    "write_amendment",
    "write_changeover_plan",
]
