"""State machines of orders, batches and steps (requirements 19.2 A, B and I, in first form)."""

from kernel.states import Moves

ORDER = Moves(
    "order",
    "ordered",
    {
        ("ordered", "collect"): "collected",
        ("ordered", "cancel"): "canceled",
        ("ordered", "manufacture"): "manufacturing",
        ("collected", "receive"): "received",
        ("collected", "cancel"): "canceled",
        ("received", "manufacture"): "manufacturing",
        ("received", "cancel"): "canceled",
        ("manufacturing", "release"): "released",
        ("manufacturing", "fail"): "failed",
    },
)

# States in which a second order for the same patient and therapy window is refused.
ACTIVE_ORDER = ("ordered", "collected", "received", "manufacturing", "released")

BATCH = Moves(
    "batch",
    "planned",
    {
        ("planned", "issue"): "issued",
        ("planned", "cancel"): "canceled",
        ("issued", "start"): "in_progress",
        ("issued", "cancel"): "canceled",
        ("in_progress", "hold"): "on_hold",
        ("on_hold", "resume"): "in_progress",
        ("in_progress", "complete"): "execution_complete",
        ("in_progress", "abort"): "aborted",
        ("on_hold", "abort"): "aborted",
        ("execution_complete", "review_production"): "production_reviewed",
        ("production_reviewed", "open_review"): "qa_review",
        ("qa_review", "return"): "returned_for_correction",
        ("returned_for_correction", "open_review"): "qa_review",
        ("qa_review", "release"): "released",
        ("qa_review", "reject"): "rejected",
        ("aborted", "open_review"): "qa_review_of_aborted",
        ("qa_review_of_aborted", "reject"): "rejected",
    },
)

# A batch in one of these no longer makes its order: another batch may be planned for it.
GIVEN_UP = ("canceled", "aborted", "qa_review_of_aborted", "rejected")

STEP = Moves(
    "step",
    "waiting",
    {
        ("waiting", "open"): "ready",
        ("ready", "start"): "running",
        ("running", "perform"): "performed",
        ("running", "complete"): "complete",
        ("performed", "verify"): "complete",
        ("waiting", "skip"): "skipped",
        # An amendment put a step before one that was open already.
        ("ready", "wait"): "waiting",
        ("running", "stop"): "stopped",
        ("performed", "stop"): "stopped",
        ("running", "abort"): "aborted",
        ("performed", "abort"): "aborted",
        ("stopped", "abort"): "aborted",
    },
)

# Nobody waits any longer for a step in one of these.
STEP_OVER = ("complete", "skipped")

# The procedural states of ISA-88 (the example model of IEC 61512-1; requirements 19.2 A).
PHASE = Moves(
    "phase",
    "idle",
    {
        ("idle", "start"): "running",
        ("running", "pause"): "pausing",
        ("running", "hold"): "holding",
        ("running", "stop"): "stopping",
        ("running", "abort"): "aborting",
        ("running", "done"): "complete",
        ("pausing", "hold"): "holding",
        ("pausing", "stop"): "stopping",
        ("pausing", "abort"): "aborting",
        ("pausing", "done"): "paused",
        ("paused", "resume"): "running",
        ("paused", "hold"): "holding",
        ("paused", "stop"): "stopping",
        ("paused", "abort"): "aborting",
        ("holding", "stop"): "stopping",
        ("holding", "abort"): "aborting",
        ("holding", "done"): "held",
        ("held", "restart"): "restarting",
        ("held", "stop"): "stopping",
        ("held", "abort"): "aborting",
        ("restarting", "hold"): "holding",
        ("restarting", "stop"): "stopping",
        ("restarting", "abort"): "aborting",
        ("restarting", "done"): "running",
        ("stopping", "abort"): "aborting",
        ("stopping", "done"): "stopped",
        ("stopped", "abort"): "aborting",
        ("stopped", "reset"): "idle",
        ("aborting", "done"): "aborted",
        ("aborted", "reset"): "idle",
        ("complete", "reset"): "idle",
    },
)

# What one row of the record may do: a reset leads to another execution, which begins idle.
EXECUTION = Moves(
    "execution of a phase",
    "idle",
    {edge: after for edge, after in PHASE.table.items() if edge[1] != "reset"},
)

# The modes of ISA-88: who moves a step on. Where an instrument gives the value (automatic), somebody
# with the right may let people read and type it (manual), and back.
MODE = Moves(
    "mode of a step",
    "semi_automatic",
    {
        ("automatic", "take_over"): "manual",
        ("semi_automatic", "take_over"): "manual",
        ("manual", "give_back"): "automatic",
    },
)

# A recipe carried out for training; a pass is recorded when quality signs it.
REHEARSAL = Moves(
    "rehearsal",
    "running",
    {
        ("running", "pass"): "passed",
        ("running", "fail"): "failed",
        ("running", "leave"): "left",
        ("passed", "confirm"): "recorded",
    },
)

# By these names the programming interface knows the states.
ORDER_STATES, BATCH_STATES, STEP_STATES = ORDER.choices(), BATCH.choices(), STEP.choices()

# One container of a weighing: empty, filled, and put back where it is not used.
WEIGHING = Moves(
    "container",
    "tared",
    {
        ("tared", "weigh"): "weighed",
        ("tared", "discard"): "discarded",
        ("weighed", "return"): "returned",
    },
)

CHANGEOVER_PLAN = Moves(
    "changeover plan",
    "draft",
    {
        ("draft", "approve"): "in_force",
        ("draft", "withdraw"): "withdrawn",
        ("in_force", "supersede"): "superseded",
    },
)

# A room between two batches: its points, then one person's signature and another's.
CHANGEOVER = Moves(
    "changeover",
    "open",
    {
        ("open", "perform"): "performed",
        ("performed", "check"): "done",
    },
)
