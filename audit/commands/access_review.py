"""The recurring review of access: quality signs the list of who may do what at that moment."""

from __future__ import annotations

from datetime import timedelta

from audit.acts import Act, command, record
from audit.models import AccessReview, Site
from audit.permissions import ACCESS_REVIEW_DAYS, ACCESS_REVIEWERS, require, sites_of
from audit.queries.reviews import EVERYWHERE, access_statement
from audit.signing import Proof, digest_of, sign
from kernel.canonical import plain
from kernel.errors import Invalid

LONGEST_COMMENT = 1000


@command
def review_access(
    *, site: Site | None, comment: str, proof: Proof, seen_digest: str, act: Act
) -> AccessReview:
    """Keep and sign who may do what at a site, or everywhere, as it is now.

    Args:
        comment: what was found, and what was done about it.
        seen_digest: the digest of the list that stood on the reviewer's screen.

    Raises:
        NotPermitted: the reviewer is not quality there.
        Invalid: nothing is said about what was found.
        StaleView: somebody's access changed after the list was shown.
    """
    sites = sites_of(act.by, *ACCESS_REVIEWERS)
    is_over = sites is None or (site is not None and site.pk in sites)
    require(act.by.is_active and is_over, "review access there")
    if not comment.strip():
        raise Invalid("Say what was found.", pointer="/reason", code="required")
    statement = access_statement(site, at=act.at)
    review = AccessReview(
        site=site,
        listed=plain(statement["accounts"]),
        listed_digest=digest_of(statement),
        comment=comment.strip()[:LONGEST_COMMENT],
        reviewed_by=act.by,
        reviewed_at=act.at,
        next_due_on=(act.at + timedelta(days=ACCESS_REVIEW_DAYS)).date(),
    )
    review.save(force_insert=True)
    record(act, "review_access", review)
    sign(
        act=act,
        proof=proof,
        subject=review,
        meaning="reviewed",
        statement=statement,
        seen_digest=seen_digest,
        shown=site or EVERYWHERE,
        reason=review.comment,
    )
    return review
