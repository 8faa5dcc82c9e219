"""The conventions of the programming interface, for every app above."""

from audit.api.access import Scoped, TokenAuthentication, sites_seen
from audit.api.body import MAX_BODY, StrictJSONParser
from audit.api.paging import cursor_page, only_known
from audit.api.refusals import (
    Malformed,
    NotAllowed,
    PreconditionFailed,
    PreconditionRequired,
    UnsupportedMedia,
)
from audit.api.repeats import (
    digest_of_request,
    etag_of,
    hold_key,
    idempotency_key,
    remembered,
)

__all__ = [
    "MAX_BODY",
    "Malformed",
    "NotAllowed",
    "PreconditionFailed",
    "PreconditionRequired",
    "Scoped",
    "StrictJSONParser",
    "TokenAuthentication",
    "UnsupportedMedia",
    "cursor_page",
    "digest_of_request",
    "etag_of",
    "hold_key",
    "idempotency_key",
    "only_known",
    "remembered",
    "sites_seen",
]
