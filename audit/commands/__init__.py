"""Every write of the ground floor."""

from audit.commands.access import note_access
from audit.commands.access_review import review_access
from audit.commands.accountability import accept_accountability
from audit.commands.activation import activate_person
from audit.commands.couriers import Handler, enqueue, set_handlers, write_to_feed
from audit.commands.grants import (
    approve_role,
    ask_role,
    decline_role,
    grant_role,
    revoke_role,
    withdraw_role_request,
)
from audit.commands.house import change_setting
from audit.commands.jobs import Progress, Work, ask_job, cancel_job, set_works
from audit.commands.lockout import lock_after_failures, unlock_account
from audit.commands.people import (
    add_site,
    add_user,
    create_system_user,
    create_token,
    deactivate_user,
)
from audit.commands.searches import forget_search, save_search
from audit.commands.training import record_training

__all__ = [
    "Handler",
    "Progress",
    "Work",
    "accept_accountability",
    "activate_person",
    "add_site",
    "add_user",
    "approve_role",
    "ask_job",
    "ask_role",
    "cancel_job",
    "change_setting",
    "create_system_user",
    "create_token",
    "deactivate_user",
    "decline_role",
    "enqueue",
    "forget_search",
    "grant_role",
    "lock_after_failures",
    "note_access",
    "record_training",
    "review_access",
    "revoke_role",
    "save_search",
    "set_handlers",
    "set_works",
    "unlock_account",
    "withdraw_role_request",
    "write_to_feed",
]
