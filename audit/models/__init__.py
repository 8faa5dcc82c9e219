"""The records of the ground floor, one noun per file."""

from audit.models.access import AccessEvent, SavedSearch
from audit.models.activation import Activation
from audit.models.challenge import Acceptance, SigningChallenge
from audit.models.courier import FeedEvent, Job, OutboxMessage, RememberedAnswer
from audit.models.entry import Checkpoint, LedgerEntry
from audit.models.grant import AccessReview, RoleRequest
from audit.models.passing import PasswordLink, Remembered
from audit.models.recorded import NoAct, Recorded, kept_history
from audit.models.setting import HouseSetting
from audit.models.signature import MEANINGS, Signature
from audit.models.site import Site
from audit.models.training import Training
from audit.models.user import ApiToken, RoleGrant, User

__all__ = [
    "MEANINGS",
    "Acceptance",
    "AccessEvent",
    "AccessReview",
    "Activation",
    "ApiToken",
    "Checkpoint",
    "FeedEvent",
    "HouseSetting",
    "Job",
    "LedgerEntry",
    "NoAct",
    "OutboxMessage",
    "PasswordLink",
    "Recorded",
    "Remembered",
    "RememberedAnswer",
    "RoleGrant",
    "RoleRequest",
    "SavedSearch",
    "Signature",
    "SigningChallenge",
    "Site",
    "Training",
    "User",
    "kept_history",
]
