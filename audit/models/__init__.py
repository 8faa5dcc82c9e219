"""The records of the ground floor, one noun per file."""

from audit.models.courier import FeedEvent, Job, OutboxMessage, RememberedAnswer
from audit.models.entry import Checkpoint, LedgerEntry
from audit.models.recorded import NoAct, Recorded, kept_history
from audit.models.signature import MEANINGS, Signature
from audit.models.site import Site
from audit.models.user import ApiToken, RoleGrant, User

__all__ = [
    "MEANINGS",
    "ApiToken",
    "Checkpoint",
    "FeedEvent",
    "Job",
    "LedgerEntry",
    "NoAct",
    "OutboxMessage",
    "Recorded",
    "RememberedAnswer",
    "RoleGrant",
    "Signature",
    "Site",
    "User",
    "kept_history",
]
