"""The conventions of the programming interface, for every app above."""

from audit.api.access import Scoped, TokenAuthentication, sites_seen
from audit.api.body import MAX_BODY, NumberText, StrictJSONParser
from audit.api.fields import Day, Moment, Quantity, Strict, Text
from audit.api.paging import cursor_page, only_known
from audit.api.refusals import (
    Malformed,
    NotAllowed,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMedia,
)
from audit.api.repeats import (
    answered_once,
    digest_of_request,
    etag_of,
    idempotency_key,
    is_unchanged,
)
from audit.commands.answers import Answer

__all__ = [
    "MAX_BODY",
    "Answer",
    "Day",
    "Malformed",
    "Moment",
    "NotAllowed",
    "NumberText",
    "PreconditionFailed",
    "PreconditionRequired",
    "Quantity",
    "Scoped",
    "Strict",
    "StrictJSONParser",
    "Text",
    "TokenAuthentication",
    "UnsupportedMedia",
    "answered_once",
    "cursor_page",
    "digest_of_request",
    "etag_of",
    "idempotency_key",
    "is_unchanged",
    "only_known",
    "sites_seen",
]
