"""State machines of the quality floor (requirements 19.2 E, in first form)."""

from kernel.states import Moves

DEVIATION = Moves(
    "deviation",
    "open",
    {
        ("open", "classify"): "under_investigation",
        ("under_investigation", "assess"): "qa_approval",
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
        ("in_deviation", "accept"): "accepted",
    },
)
