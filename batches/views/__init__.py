"""Screens of the fourth floor: my work, the orders, the batches, and the steps."""

from batches.views.amendments import (
    amendment_approve,
    amendment_new,
    amendment_reject,
    amendment_withdraw,
    amendments,
)
from batches.views.batches import batch_list, batch_page
from batches.views.changeovers import changeovers
from batches.views.clearing import approve_plan as changeover_plan_approve
from batches.views.clearing import begin as changeover_begin
from batches.views.clearing import point as changeover_point
from batches.views.clearing import sign as changeover_sign
from batches.views.clearing import withdraw_plan as changeover_plan_withdraw
from batches.views.clearing import write_plan as changeover_plan
from batches.views.copies import batch_files, certified_copy, certify_copy
from batches.views.files import attach, batch_file
from batches.views.labels import labels, replace_label
from batches.views.laboratory import enter_test
from batches.views.moves import abort, cancel, hold, issue, plan, resume, start
from batches.views.order_filter import order_list
from batches.views.order_form import order_new
from batches.views.orders import order_cancel, order_collect, order_page, order_reveal
from batches.views.phases import move_phase
from batches.views.receipt import receipt_choose, receipt_list, receipt_order, receipt_scan
from batches.views.rehearsals import (
    rehearsal,
    rehearsal_confirm,
    rehearsal_leave,
    rehearse,
)
from batches.views.replay import replay
from batches.views.steps import (
    correct_value,
    enter_value,
    sign_step,
    start_step,
    step_page,
    step_status,
    verify_step,
)
from batches.views.weighing import weigh
from batches.views.work import my_work, my_work_cards, open_scanned

__all__ = [
    "abort",
    "amendment_approve",
    "amendment_new",
    "amendment_reject",
    "amendment_withdraw",
    "amendments",
    "attach",
    "batch_file",
    "batch_files",
    "batch_list",
    "batch_page",
    "cancel",
    "certified_copy",
    "certify_copy",
    "changeover_begin",
    "changeover_plan",
    "changeover_plan_approve",
    "changeover_plan_withdraw",
    "changeover_point",
    "changeover_sign",
    "changeovers",
    "correct_value",
    "enter_test",
    "enter_value",
    "hold",
    "issue",
    "labels",
    "move_phase",
    "my_work",
    "my_work_cards",
    "open_scanned",
    "order_cancel",
    "order_collect",
    "order_list",
    "order_new",
    "order_page",
    "order_reveal",
    "plan",
    "receipt_choose",
    "receipt_list",
    "receipt_order",
    "receipt_scan",
    "rehearsal",
    "rehearsal_confirm",
    "rehearsal_leave",
    "rehearse",
    "replace_label",
    "replay",
    "resume",
    "sign_step",
    "start",
    "start_step",
    "step_page",
    "step_status",
    "verify_step",
    "weigh",
]
