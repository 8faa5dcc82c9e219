"""Activating an account: another person has verified who stands behind it (21 CFR 11.100(b))."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import Activation, LedgerEntry, User
from audit.permissions import require
from audit.queries.lockout import may_unlock
from kernel.errors import Conflict, Invalid, NotPermitted

SHORTEST = 5


def opener_of(user: User, act: Act) -> User:
    """Return who opened an account: the ledger knows, unless it is this same act."""
    opened = LedgerEntry.objects.filter(
        subject_type=User._meta.label, subject_id=str(user.pk), verb="add"
    ).first()
    return act.by if opened is None else User.objects.get(pk=opened.actor_id)


@command
def activate_person(*, username: str, evidence: str, act: Act, verifier: str = "") -> Activation:
    """Note that the identity of a person was verified; from now on the account opens.

    Args:
        evidence: what was looked at ("passport, face to face").
        verifier: who looked, where a house is founded from the shell; otherwise it is who acts.

    Raises:
        NotPermitted: one opened the account oneself, or does not look after this person.
        Conflict: it is active already, closed, or no account of a person.
        Invalid: it is not said how, or by whom.
    """
    user = User.objects.select_for_update().get(username=username)
    opened_by = opener_of(user, act)
    by_person = act.by.is_person
    if by_person and act.by.pk in (opened_by.pk, user.pk):
        raise NotPermitted("Another person verifies who this is.", code="same")
    require(not by_person or may_unlock(act.by, user), "verify who this is")
    if not user.is_waiting or not user.is_active or not user.is_person:
        raise Conflict("This account does not wait for anybody.", code="not_waiting")
    name = act.by.full_name if by_person else verifier.strip()
    if not name or name.casefold() == user.full_name.casefold():
        raise Invalid("Say who verified the identity.", pointer="/verifier", code="required")
    if len(evidence.strip()) < SHORTEST:
        raise Invalid("Say how the identity was verified.", pointer="/evidence", code="required")
    user.is_waiting = False
    user.save(update_fields=["is_waiting"])
    record(act, "activate", user)
    made = Activation(
        person=user,
        opened_by=opened_by,
        verified_by=act.by if by_person else None,
        verifier_name=name[:120],
        evidence=evidence.strip()[:200],
        verified_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "add", made)
    return made
