"""Every write of the ground floor."""

from audit.commands.couriers import enqueue, write_to_feed
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
    "add_site",
    "add_user",
    "create_system_user",
    "create_token",
    "deactivate_user",
    "enqueue",
    "grant_role",
    "set_password",
    "write_to_feed",
]
