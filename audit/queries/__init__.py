"""Every read of the ground floor that leaves it."""

from audit.queries.access import EVENT_ORDERS, access_events
from audit.queries.accountability import has_accepted
from audit.queries.house import SetUpItem, set_up_items
from audit.queries.lockout import locked_accounts, may_unlock
from audit.queries.naming import Name, Vocabulary, set_vocabulary, vocabulary
from audit.queries.people import (
    grants_of,
    people_seen,
    person_seen,
    sites_offered,
    waiting_requests,
)
from audit.queries.records import (
    entries_in,
    feed_after,
    job_numbered,
    jobs_of_kind,
    making_sites,
    next_id,
    plain_signature,
    signatures_in,
    signatures_of,
    site_coded,
    user_named,
)
from audit.queries.reviews import (
    EVERYWHERE,
    access_statement,
    review_seen,
    reviews_due,
    reviews_seen,
)
from audit.queries.searching import (
    Asked,
    critical_entries,
    entries_asked,
    entries_seen,
    page_by_time,
    saved_searches,
)
from audit.queries.telling import LATE_AFTER, PLAYED, Change, Told, in_one_line, told_entries
from audit.queries.training import procedures, set_procedures, training_missing, trainings_of
from audit.queries.validity import (
    Standing,
    Standings,
    Validity,
    checked_signatures,
    judged,
    set_standings,
    standing_of_change,
)

__all__ = [
    "EVENT_ORDERS",
    "EVERYWHERE",
    "LATE_AFTER",
    "PLAYED",
    "Asked",
    "Change",
    "Name",
    "SetUpItem",
    "Standing",
    "Standings",
    "Told",
    "Validity",
    "Vocabulary",
    "access_events",
    "access_statement",
    "checked_signatures",
    "critical_entries",
    "entries_asked",
    "entries_in",
    "entries_seen",
    "feed_after",
    "grants_of",
    "has_accepted",
    "in_one_line",
    "job_numbered",
    "jobs_of_kind",
    "judged",
    "locked_accounts",
    "making_sites",
    "may_unlock",
    "next_id",
    "page_by_time",
    "people_seen",
    "person_seen",
    "plain_signature",
    "procedures",
    "review_seen",
    "reviews_due",
    "reviews_seen",
    "saved_searches",
    "set_procedures",
    "set_standings",
    "set_up_items",
    "set_vocabulary",
    "signatures_in",
    "signatures_of",
    "site_coded",
    "sites_offered",
    "standing_of_change",
    "told_entries",
    "training_missing",
    "trainings_of",
    "user_named",
    "vocabulary",
    "waiting_requests",
]
