"""Who decides on the quality floor: quality assurance, the Qualified Person, and production."""

from __future__ import annotations

from typing import Any

from audit.permissions import holds

# 21 CFR 210.3(b)(15): the quality control unit; a Qualified Person is part of it.
QUALITY_UNIT = ("qa", "qp")
READERS = ("operator", "verifier", "qa", "qp")
REVIEWERS = ("verifier", "qa", "qp")


def may_decide(user: Any, site_id: int) -> bool:
    """Say whether the person belongs to the quality unit at the site."""
    return holds(user, *QUALITY_UNIT, site_id=site_id)


def may_review_production(user: Any, site_id: int) -> bool:
    """Say whether the person reviews for production at the site."""
    return holds(user, "verifier", site_id=site_id)


def may_certify(user: Any, site_id: int) -> bool:
    """Say whether the person is a Qualified Person at the site; nothing else counts."""
    return holds(user, "qp", site_id=site_id)
