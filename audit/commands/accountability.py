"""Accepting the statement of accountability, once per version (21 CFR 11.10(j))."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import Acceptance
from audit.rules.accountability import accountability
from kernel.errors import NotPermitted, StaleView


@command(may_be_silent=True)
def accept_accountability(*, digest: str, act: Act) -> Acceptance:
    """Accept the version in force, for oneself; to accept it again changes nothing.

    Args:
        digest: of the text that stood on the screen.

    Raises:
        NotPermitted: a service account; it never signs.
        StaleView: another version is in force now.
    """
    if not act.by.is_person:
        raise NotPermitted("A service account never signs.")
    current = accountability()
    if digest != current.digest:
        raise StaleView("The statement changed after it was shown. Read it again.")
    known = act.by.acceptances.filter(version=current.version, digest=current.digest).first()
    if known is not None:
        return known
    made = Acceptance(
        person=act.by,
        version=current.version,
        digest=current.digest,
        accepted_at=act.at,
        origin=act.origin,
    )
    made.save(force_insert=True)
    record(act, "accept_accountability", made)
    return made
