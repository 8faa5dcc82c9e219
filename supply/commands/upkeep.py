"""Upkeep: calibrations are recorded, and count once quality has accepted them; scales are checked."""

from __future__ import annotations

from datetime import date, timedelta

from audit.acts import Act, command, record
from audit.permissions import holds, require, sites_of
from audit.signing import Proof, sign
from kernel.canonical import plain
from kernel.errors import Conflict, IllegalMove, Invalid, NotFound, NotPermitted
from kernel.quantities import text_of
from supply.commands.equipment_classes import weight_from
from supply.commands.logbook import log
from supply.commands.scales import read_scale
from supply.commands.service import unit_for_update
from supply.models import Calibration, Equipment, ScaleCheck
from supply.queries import calibration_statement, class_coded
from supply.rules.fitness import is_within_tolerance
from supply.states import CALIBRATION

RECORDERS = ("engineer", "qa")
CHECKERS = ("operator", "qa")
LONGEST_CERTIFICATE, LONGEST_NAME = 80, 120


@command
def record_calibration(
    *,
    code: str,
    certificate: str,
    done_by: str,
    done_on: date,
    due_on: date,
    is_passed: bool,
    act: Act,
) -> Calibration:
    """Record what the certificate of a calibration says.

    A calibration that failed stops the unit at once; one that passed counts when it is accepted.

    Raises:
        NotFound: there is no such unit where this person works.
        NotPermitted: neither an engineer nor quality assurance there.
        Invalid: a value is missing, or the days contradict each other.
        Conflict: the certificate of the unit was recorded before.
    """
    unit = unit_for_update(code, act)
    require(holds(act.by, *RECORDERS, site_id=unit.site_id), "record calibrations here")
    number = _text(certificate, "/certificate", LONGEST_CERTIFICATE)
    laboratory = _text(done_by, "/done_by", LONGEST_NAME)
    if done_on > act.at.date():
        raise Invalid("It was done, not yet to be done.", pointer="/done_on", code="future")
    if due_on <= done_on:
        raise Invalid("It is due after it was done.", pointer="/due_on", code="range")
    if unit.calibrations.filter(certificate=number).exclude(state="declined").exists():
        raise Conflict(
            f"Certificate {number} of {unit.name} was recorded before.",
            pointer="/certificate",
            code="used",
        )
    calibration = Calibration(
        equipment=unit,
        certificate=number,
        done_by=laboratory,
        done_on=done_on,
        due_on=due_on,
        is_passed=is_passed,
        recorded_by=act.by,
        recorded_at=act.at,
    )
    calibration.save(force_insert=True)
    record(act, "record_calibration", calibration)
    if not is_passed and not unit.is_calibration_failed:
        unit.is_calibration_failed = True
        unit.save(update_fields=["is_calibration_failed"])
        record(act, "fail_calibration", unit)
    result = "passed" if is_passed else "failed"
    words = f"Certificate {number} of {laboratory} recorded: {result}, due {due_on}"
    log(unit, "calibration", words, act=act)
    return calibration


@command
def accept_calibration(
    *, calibration_id: int, proof: Proof, seen_digest: str, act: Act
) -> Calibration:
    """Accept a calibration, with a signature; one that passed moves the due day of its unit.

    Raises:
        NotFound: there is none of that id where this person works.
        NotPermitted: the signer is not quality assurance there, or recorded it.
        IllegalMove: it was accepted or declined before.
        Conflict: a later calibration of the unit was accepted before.
    """
    calibration, unit = _calibration_for_update(calibration_id, act)
    if calibration.recorded_by_id == act.by.pk:
        raise NotPermitted("Whoever recorded a calibration does not accept it.", code="own_record")
    later = unit.calibrations.filter(state="accepted", done_on__gt=calibration.done_on)
    if later.exists():
        raise Conflict("A later calibration was accepted already.", code="superseded")
    statement = calibration_statement(calibration)
    calibration.state = CALIBRATION.after(calibration.state, "accept")
    calibration.save(update_fields=["state"])
    record(act, "accept", calibration)
    is_news = unit.is_calibration_failed or unit.calibration_due_on != calibration.due_on
    if calibration.is_passed and is_news:
        unit.calibration_due_on = calibration.due_on
        unit.is_calibration_failed = False
        unit.save(update_fields=["calibration_due_on", "is_calibration_failed"])
        record(act, "calibrate", unit)
    signature = sign(
        act=act,
        proof=proof,
        subject=calibration,
        meaning="approved",
        statement=statement,
        seen_digest=seen_digest,
    )
    words = f"Certificate {calibration.certificate} accepted"
    log(unit, "calibration", words, act=act, signature=signature)
    return calibration


@command
def decline_calibration(*, calibration_id: int, reason: str, act: Act) -> Calibration:
    """Decline what was recorded of a calibration: it counts for nothing, and may be recorded anew.

    A unit that a failed one stopped stays stopped: only a calibration that passed starts it again.

    Raises:
        NotFound: there is none of that id where this person works.
        NotPermitted: whoever asks is not quality assurance there.
        IllegalMove: it was accepted or declined before.
        Invalid: nobody says why.
    """
    calibration, unit = _calibration_for_update(calibration_id, act)
    if not reason.strip():
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    calibration.state = CALIBRATION.after(calibration.state, "decline")
    calibration.save(update_fields=["state"])
    told = reason.strip()[:1000]
    record(act, "decline", calibration, reason=told)
    log(unit, "calibration", f"Certificate {calibration.certificate} declined: {told}", act=act)
    return calibration


def _told_by(code: str, act: Act) -> str:
    """Return what a scale itself shows of its check weight, before it is locked."""
    sites = sites_of(act.by)
    unit = Equipment.objects.filter(code=code).first()
    if unit is None or (sites is not None and unit.site_id not in sites):
        raise NotFound(f"Equipment {code[:40]} is not known here.")
    known = class_coded(unit.equipment_class)
    shown = read_scale(unit, load=known.check_weight if known else None)
    if known is None or shown.unit != known.unit:
        raise Conflict(f"{unit.name} shows {shown.unit}: set it to its unit.", code="wrong_unit")
    return text_of(shown.value)


@command
def check_scale(*, code: str, entered: str, act: Act) -> ScaleCheck:
    """Record what a scale shows with its check weight on it.

    A check that passed holds for the hours of the class; one that did not ends what held before.

    Args:
        entered: what it shows, as it was read, in the unit of the class; nothing: it is asked.

    Raises:
        NotFound: there is no such unit where this person works.
        NotPermitted: they neither make medicines there nor are quality assurance.
        Invalid: it is no number.
        IllegalMove: its class asks for no check.
        Conflict: it is asked, and is not connected or shows no weight.
    """
    told = "" if entered.strip() else _told_by(code, act)
    unit = unit_for_update(code, act)
    require(holds(act.by, *CHECKERS, site_id=unit.site_id), "check scales here")
    known = class_coded(unit.equipment_class)
    if known is None or known.check_hours is None:
        raise IllegalMove(f"No check is asked of {unit.name}.", code="no_check")
    assert known.check_weight is not None, "the database keeps a check whole"
    assert known.check_tolerance is not None, "as above"
    text = told or entered.strip()
    shown = weight_from(text, pointer="/shown")
    check = ScaleCheck(
        equipment=unit,
        at=act.at,
        by=act.by,
        unit=known.unit,
        check_weight=known.check_weight,
        tolerance=known.check_tolerance,
        source="device" if told else "keyed",
        entered=text,
        shown=shown,
        is_passed=is_within_tolerance(shown, known.check_weight, known.check_tolerance),
    )
    check.save(force_insert=True)
    record(act, "check_scale", check)
    until = act.at + timedelta(hours=known.check_hours) if check.is_passed else None
    if unit.checked_until != until:
        unit.checked_until = until
        unit.save(update_fields=["checked_until"])
        record(act, "check", unit)
    verdict = "passed" if check.is_passed else "failed"
    words = f"Check with {plain(check.check_weight)} {check.unit}: shows {check.entered}, {verdict}"
    log(unit, "check", words, act=act)
    return check


def _text(text: str, pointer: str, longest: int) -> str:
    asked = text.strip()
    if not asked or not asked.isprintable() or len(asked) > longest:
        raise Invalid(
            f"This is needed, at most {longest} characters.", pointer=pointer, code="blank"
        )
    return asked


def _calibration_for_update(calibration_id: int, act: Act) -> tuple[Calibration, Equipment]:
    """Return a calibration and its unit, both under lock, to somebody of quality there."""
    found = Calibration.objects.select_related("equipment").filter(pk=calibration_id).first()
    sites = sites_of(act.by)
    if found is None or (sites is not None and found.equipment.site_id not in sites):
        raise NotFound("There is no such calibration.")
    unit = unit_for_update(found.equipment.code, act)
    require(holds(act.by, "qa", site_id=unit.site_id), "accept calibrations here")
    locked = Calibration.objects.select_for_update(of=("self",)).get(pk=found.pk)
    locked.equipment = unit
    return locked, unit
