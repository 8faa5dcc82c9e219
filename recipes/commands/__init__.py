"""Every write of the third floor."""

from recipes.commands.approval import (
    approve_version,
    check_version,
    make_due_effective,
    make_effective,
    retire_version,
    schedule_version,
)
from recipes.commands.beginning import begin_entry, begin_recipe
from recipes.commands.comments import resolve_comment, write_comment
from recipes.commands.drafting import (
    add_therapy,
    draft_version,
    return_version,
    revise_version,
    submit_version,
)

__all__ = [
    "add_therapy",
    "approve_version",
    "begin_entry",
    "begin_recipe",
    "check_version",
    "draft_version",
    "make_due_effective",
    "make_effective",
    "resolve_comment",
    "retire_version",
    "return_version",
    "revise_version",
    "schedule_version",
    "submit_version",
    "write_comment",
]
