"""What runs by itself: versions of recipes come into force when their time has come."""

from __future__ import annotations

from celery import shared_task

from audit.edges import act_of_task
from recipes.commands import make_due_effective


@shared_task(name="recipes.tasks.make_due_effective")
def put_due_in_force() -> int:
    """Put every approved version in force whose time has come, and return how many."""
    return len(make_due_effective(act=act_of_task("make_due_effective")))
