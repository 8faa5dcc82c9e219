"""State machines of the quality floor (requirements 19.2 E, in first form)."""

from kernel.states import Moves

DEVIATION = Moves(
    "deviation",
    "open",
    {
        ("open", "classify"): "under_investigation",
        ("under_investigation", "investigate"): "cause_found",
        ("cause_found", "assess"): "qa_approval",
        ("cause_found", "return"): "under_investigation",
        ("qa_approval", "close"): "closed",
        ("qa_approval", "return"): "under_investigation",
        ("closed", "reopen"): "under_investigation",
    },
)

EXCEPTION = Moves(
    "exception",
    "open",
    {
        ("open", "accept"): "accepted",
        ("open", "escalate"): "in_deviation",
        ("in_deviation", "settle"): "accepted",
        ("accepted", "escalate"): "in_deviation",
    },
)
