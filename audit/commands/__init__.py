"""Every write of the ground floor."""

from audit.commands.couriers import Handler, enqueue, set_handlers, write_to_feed
from audit.commands.jobs import Progress, Work, ask_job, cancel_job, set_works
from audit.commands.people import (
    add_site,
    add_user,
    create_system_user,
    create_token,
    deactivate_user,
    grant_role,
    set_password,
)

__all__ = [
    "Handler",
    "Progress",
    "Work",
    "add_site",
    "add_user",
    "ask_job",
    "cancel_job",
    "create_system_user",
    "create_token",
    "deactivate_user",
    "enqueue",
    "grant_role",
    "set_handlers",
    "set_password",
    "set_works",
    "write_to_feed",
]
