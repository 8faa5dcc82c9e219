"""The service of equipment: cleaned, taken out and brought back, qualified; what makes fit is signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit.acts import Act, command, record
from audit.permissions import holds, require, sites_of
from audit.signing import Proof, sign
from kernel.errors import Invalid, NotFound
from supply.commands.logbook import log
from supply.models import Equipment
from supply.queries import class_coded, unit_statement
from supply.states import EQUIPMENT, QUALIFICATION

CLEANERS = ("operator", "qa")
# Who may do what to a unit; the verbs that need a reason; those that are signed, and as what.
DOERS = {
    "begin_cleaning": CLEANERS,
    "clean": CLEANERS,
    "retire": ("qa",),
    "return_to_service": ("qa",),
    "disqualify": ("qa",),
    "qualify": ("qa",),
}
REASONED = ("retire", "return_to_service", "disqualify", "qualify")
# How each move stands in the logbook: its kind and its words.
LINES = {
    "begin_cleaning": ("cleaning", "Cleaning begun"),
    "clean": ("cleaning", "Cleaned"),
    "retire": ("service", "Taken out of service"),
    "return_to_service": ("service", "Returned to service"),
    "disqualify": ("service", "Qualification taken away"),
    "qualify": ("service", "Declared qualified"),
}
SIGNED = {"clean": "performed", "return_to_service": "approved", "qualify": "approved"}


def unit_for_update(code: str, act: Act) -> Equipment:
    """Return a unit under lock.

    Raises:
        NotFound: there is none of that code where this person works.
    """
    sites = sites_of(act.by)
    found = Equipment.objects.select_for_update(of=("self",)).filter(code=code).first()
    if found is None or (sites is not None and found.site_id not in sites):
        raise NotFound(f"Equipment {code[:40]} is not known here.")
    return found


def room_for_update(code: str, act: Act) -> Equipment:
    """Return a room under lock.

    Raises:
        NotFound: there is no room of that code where this person works.
    """
    found = unit_for_update(code, act)
    if found.equipment_class != "room":
        raise NotFound(f"{code[:40]} is no room.")
    return found


@command
def move_equipment(*, code: str, verb: str, reason: str = "", act: Act) -> Equipment:
    """Begin the cleaning of a unit, take it out of service, or take its qualification away.

    These need no signature: none of them makes a unit fit for use.

    Args:
        verb: "begin_cleaning", "retire" or "disqualify".

    Raises:
        NotFound: there is none of that code where this person works.
        NotPermitted: they may not do that there.
        IllegalMove: the unit is in another state; it is never retired while a batch holds it.
        Invalid: nobody says why, or the move is one that is signed.
    """
    if verb in SIGNED:
        raise Invalid("This is signed.", pointer="/verb", code="signature_needed")
    unit = _moved(code, verb, reason, act)
    log(unit, *_line(verb, reason), act=act)
    return unit


@command
def sign_equipment(
    *, code: str, verb: str, reason: str = "", proof: Proof, seen_digest: str, act: Act
) -> Equipment:
    """Declare a unit clean, back in service, or qualified, with a signature.

    What comes back into service is cleaned before it is used.

    Args:
        verb: "clean", "return_to_service" or "qualify".

    Raises:
        NotFound: there is none of that code where this person works.
        NotPermitted: they may not do that there.
        IllegalMove: the unit is in another state.
        Invalid: nobody says why a unit comes back, or is qualified.
        StaleView: it is not what was shown.
    """
    if verb not in SIGNED:
        raise Invalid("There is no such move.", pointer="/verb", code="unknown_word")
    statement = unit_statement(unit_for_update(code, act), verb)
    unit = _moved(code, verb, reason, act)
    signature = sign(
        act=act,
        proof=proof,
        subject=unit,
        meaning=SIGNED[verb],
        statement=statement,
        seen_digest=seen_digest,
        reason=reason.strip()[:1000],
    )
    log(unit, *_line(verb, reason), act=act, signature=signature)
    return unit


def _line(verb: str, reason: str) -> tuple[str, str]:
    """Return the kind of the line of a move in the logbook, and its words."""
    kind, words = LINES[verb]
    told = reason.strip()[:1000]
    return kind, f"{words}: {told}" if told else words


def _moved(code: str, verb: str, reason: str, act: Act) -> Equipment:
    """Make one move of a unit that may be made."""
    if verb not in DOERS:
        raise Invalid("There is no such move.", pointer="/verb", code="unknown_word")
    unit = unit_for_update(code, act)
    told = verb.replace("_", " ")
    require(holds(act.by, *DOERS[verb], site_id=unit.site_id), f"{told} equipment here")
    words = reason.strip()[:1000]
    if verb in REASONED and not words:
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    if verb in QUALIFICATION.verbs:
        unit.qualification = QUALIFICATION.after(unit.qualification, verb)
        unit.save(update_fields=["qualification"])
    else:
        unit.state = EQUIPMENT.after(unit.state, verb)
        unit.clean_until = _clean_until(unit, act) if verb == "clean" else None
        unit.save(update_fields=["state", "clean_until"])
    record(act, verb, unit, reason=words)
    return unit


def _clean_until(unit: Equipment, act: Act) -> datetime | None:
    known = class_coded(unit.equipment_class)
    hours = known.clean_hold_hours if known else None
    return act.at + timedelta(hours=hours) if hours is not None else None


@command(may_be_silent=True)
def expire_cleanings(*, act: Act) -> list[Equipment]:
    """Make dirty what has stood clean for too long, and return it (21 CFR 211.67(b))."""
    due = Equipment.objects.select_for_update(of=("self",), skip_locked=True)
    found = list(due.filter(state="ready", clean_until__lte=act.at).order_by("pk"))
    for unit in found:
        unit.state = EQUIPMENT.after(unit.state, "expire")
        unit.clean_until = None
        unit.save(update_fields=["state", "clean_until"])
        record(act, "expire", unit)
        log(unit, "cleaning", "Stood clean for too long: dirty", act=act)
    return found
