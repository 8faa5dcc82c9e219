"""Training is recorded: who, on which version of which procedure, by whom, with what evidence."""

from __future__ import annotations

from datetime import datetime

from audit.acts import Act, command, record
from audit.models import Training, User
from audit.permissions import TRAINING_RECORDERS, holds, require
from audit.queries import procedures
from kernel.errors import Conflict, Invalid, NotPermitted

LONGEST_EVIDENCE = 200
SHORTEST_EVIDENCE = 3


@command
def record_training(
    *,
    user: User,
    procedure: str,
    version: int,
    trained_by: User,
    evidence: str,
    valid_until: datetime,
    act: Act,
) -> Training:
    """Record that a person was trained; it holds from now on, until ``valid_until``.

    Args:
        trained_by: the person who trained; whoever records it may be a third one.
        evidence: where it is proved (a certificate, a signed sheet, a test and its result).

    Raises:
        NotPermitted: it is about oneself, or the recorder may not record training.
        Invalid: there is no such procedure, no evidence, or it has ended already.
        Conflict: one of the accounts is closed.
    """
    if user.pk in (act.by.pk, trained_by.pk):
        raise NotPermitted("Nobody trains themselves, or records it.", code="own_training")
    require(not act.by.is_person or holds(act.by, *TRAINING_RECORDERS), "record training")
    known = {(one.code, one.version) for one in procedures()}
    if (procedure, version) not in known:
        raise Invalid("There is no such procedure.", pointer="/procedure", code="unknown")
    proof = evidence.strip()
    if len(proof) < SHORTEST_EVIDENCE:
        raise Invalid("Say where it is proved.", pointer="/evidence", code="required")
    if valid_until <= act.at:
        raise Invalid("It would have ended already.", pointer="/valid_until", code="past")
    if not (user.is_active and trained_by.is_active and trained_by.is_person):
        raise Conflict("The account is closed, or is no person's.", code="closed")
    training = Training(
        user=user,
        procedure=procedure,
        version=version,
        trained_by=trained_by,
        evidence=proof[:LONGEST_EVIDENCE],
        trained_at=act.at,
        valid_until=valid_until,
    )
    training.save(force_insert=True)
    record(act, "train", training)
    return training
