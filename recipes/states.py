"""State machine of a recipe version (requirements 19.2 D)."""

from kernel.states import Moves

VERSION = Moves(
    "recipe version",
    "draft",
    {
        ("draft", "submit"): "in_review",
        ("in_review", "return"): "draft",
        ("in_review", "check"): "in_review",
        ("in_review", "approve"): "approved",
        ("approved", "schedule"): "approved",
        ("approved", "make_effective"): "effective",
        ("effective", "supersede"): "superseded",
        ("effective", "retire"): "retired",
        ("superseded", "retire"): "retired",
    },
)
