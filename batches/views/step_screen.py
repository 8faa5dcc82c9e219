"""The screen of one step: everything its template shows, decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.http import HttpRequest

from audit.forms import signer_facts, witness_facts
from audit.permissions import holds
from audit.queries import judged, signatures_of
from audit.signing import digest_of
from batches.commands.corrections import CORRECTABLE
from batches.models import Batch, Step, StepValue
from batches.ports import room_sensors
from batches.queries import (
    current_values,
    definition_of,
    holds_of,
    latest_of,
    number_of,
    open_holds,
    step_statement,
    values_of,
)
from batches.rules.lateness import TOLD_BY_PEOPLE
from batches.rules.moments import FORM, shown_instant
from batches.rules.needs import is_scanned, may_repeat, missing_values
from batches.rules.phases import phase_of
from batches.rules.verdicts import NOT_APPLICABLE, ONLY_TRIED
from batches.states import STEP_OVER
from batches.views.forms import person_of
from batches.views.kinds import facts_of_kind
from batches.views.laboratory_screen import AMOUNTS, laboratory_fields, laboratory_lines
from batches.views.more import commands_now
from kernel.errors import Refusal
from kernel.quantities import quantity_label, unit_label
from recipes.rules.steps import Step as Phase

# What is told where it was entered, and not above the step.
TOLD_AT_FIELDS = (
    "/value",
    "/unit",
    "/reason",
    "/happened_at",
    "/file",
    "/scanned",
    "/fate",
    "/sample",
)


@dataclass(slots=True, kw_only=True)
class Typed:
    """What came with a refused form, to be shown again, and the refusal."""

    refusal: Refusal | None = None
    value: str = ""
    reason: str = ""
    happened_at: str = ""
    fate: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    form: str = ""

    def problem(self) -> Refusal | None:
        """Return the refusal, unless it is told at its field or in the dialog."""
        is_at_amount = self.refusal is not None and any(
            one.pointer.startswith(AMOUNTS) for one in self.refusal.errors
        )
        told_elsewhere = (
            is_at_amount
            or self.error_at(*TOLD_AT_FIELDS)
            or (self.refusal is not None and self.refusal.status == 401)
        )
        return None if told_elsewhere else self.refusal

    def error_at(self, *pointers: str) -> str:
        """Return the sentence for a field, if the refusal is about it."""
        if self.refusal is None:
            return ""
        return next((e.detail for e in self.refusal.errors if e.pointer in pointers), "")


def screen_of(request: HttpRequest, step: Step, typed: Typed | None = None) -> dict[str, Any]:
    """Return the context of the step's page."""
    typed = typed or Typed()
    batch, phase = step.batch, definition_of(step)
    values = values_of(step)
    standing = current_values(values)
    user = person_of(request)
    is_mine = holds(user, *phase.roles, site_id=batch.site_id)
    missing = missing_values(phase, [value.name for value in standing])
    goes_on = batch.state == "in_progress" and phase_of(step.state, step.phase) == "running"
    is_open = goes_on and step.state == "running" and is_mine
    is_earlier = batch.steps.filter(code=step.code, execution__gt=step.execution).exists()
    may_omit = is_open and not standing
    more = [] if is_earlier else commands_now(user, step, phase, may_omit=may_omit)
    context: dict[str, Any] = {
        "batch": batch,
        "step": step,
        "phase": phase,
        "screen": header_of(batch, step),
        "holds": open_holds(batch) if batch.state == "on_hold" else [],
        "may_start": batch.state == "in_progress" and step.state == "ready" and is_mine,
        "may_enter": is_open and bool(missing),
        "may_sign": is_open and not missing,
        "may_verify": goes_on and step.state == "performed",
        "may_hold": batch.state == "in_progress" and holds(user, "operator", "verifier", "qa"),
        "may_correct": may_correct(batch, step, bool(standing)) and is_mine and not is_earlier,
        "is_earlier": is_earlier,
        "is_mine": is_mine,
        "phase_state": phase_of(step.state, step.phase),
        "phase_holds": [one for one in holds_of(batch) if one.step_id == step.pk],
        "more": more,
        "value": shown_value(standing[-1], values) if standing else None,
        "earlier": [shown_value(one, values) for one in standing[:-1]],
        "may_replace": is_open and step.kind == "file" and bool(standing),
        "file_error": typed.error_at("/file"),
        "may_repeat": is_open and may_repeat(phase, len(standing)),
        "tries": [value for value in values if value.verdict in ONLY_TRIED],
        "waits_for": waiting_for(step, phase) if step.state == "waiting" else [],
        "next_step": following(step),
        "typed": typed,
        "problem": typed.problem(),
        "signed": judged(signatures_of(step).order_by("pk")),
        "error": typed.error_at("/value", "/unit"),
        "reason_error": typed.error_at("/reason"),
        "asks_reason": bool(typed.reason or typed.error_at("/reason")),
        "is_first": not typed.error_at("/reason"),
        "is_scan": is_scanned(phase),
        "asks_event_time": step.kind in TOLD_BY_PEOPLE,
        "event_time_error": typed.error_at("/happened_at"),
        "event_time_help": f"{FORM}, in {batch.site.time_zone} unless a zone is added",
        "sensors": room_sensors(batch.room.code) if batch.room else [],
        "kind": facts_of_kind(step, phase),
        **of_labels(step, bool(standing), typed, is_mine=is_mine and not is_earlier),
        **of_tests(step, phase, standing, typed),
        **sign_dialogs(request, step, values, standing, typed),
    }
    context["topics"] = ",".join(
        [f"batch:{batch.number}", *(f"sensor:{one.sensor}" for one in context["sensors"])]
    )
    return context


def header_of(batch: Batch, step: Step | None = None) -> dict[str, Any]:
    """Return the line that never scrolls: who it is for, what it is, how far it is."""
    identified = batch.steps.filter(kind="scan_identity", values__verdict="ok").exists()
    collected = batch.order.chain.collections.order_by("collected_at").first()
    return {
        "back_href": f"/batches/{batch.number}/" if step else "/batches/",
        "patient_code": batch.order.patient.code,
        "batch_number": batch.number,
        "product": batch.order.therapy.name,
        "step_number": step.place if step else None,
        "step_count": batch.steps.aggregate(most=Max("ordinal"))["most"] or 0,
        "step_title": step.title if step else "",
        "is_identity_proven": identified,
        "clock_from": collected.collected_at if collected else None,
    }


def may_correct(batch: Batch, step: Step, has_value: bool) -> bool:
    """Say whether the value of a step can be corrected now."""
    states = ("in_progress", "execution_complete", "returned_for_correction")
    is_kind = step.kind in CORRECTABLE and not step.definition.get("laboratory")
    return has_value and batch.state in states and is_kind


def of_labels(step: Step, has_value: bool, typed: Typed, *, is_mine: bool) -> dict[str, Any]:
    """Return what the screen of a step shows of replacing its labels."""
    return {
        "may_replace_label": is_mine and may_replace_label(step, has_value),
        "scanned_error": typed.error_at("/scanned", "/fate"),
    }


def of_tests(step: Step, phase: Phase, standing: list[StepValue], typed: Typed) -> dict[str, Any]:
    """Return what the screen of a step shows of its laboratory record."""
    return {
        **laboratory_fields(step, phase, typed=typed.fields, error_at=typed.error_at),
        "record_lines": laboratory_lines(standing[-1]) if standing else [],
    }


def may_replace_label(step: Step, has_value: bool) -> bool:
    """Say whether a label of a step can be replaced now."""
    states = ("in_progress", "execution_complete", "returned_for_correction")
    is_accounted = step.kind == "label" and step.state == "complete" and has_value
    return is_accounted and step.batch.state in states


def shown_value(value: StepValue, values: list[StepValue]) -> dict[str, Any]:
    """Return a value with everything it replaced, oldest first."""
    by_id = {one.pk: one for one in values}
    old, one = [], value
    while one.corrects_id:
        before = by_id[one.corrects_id]
        old.append(
            {
                "value": words_of(before),
                "by": one.entered_by.full_name,
                "at": one.entered_at,
                "reason": one.reason,
            }
        )
        one = before
    return {
        "label": value.name,
        "value": value,
        "words": words_of(value),
        "old": old[::-1],
        "source": value.source if "keyed" in value.source and not value.unit else "",
    }


def event_time_of(standing: list[StepValue]) -> list[dict[str, Any]]:
    """Return the line of the e-sign dialog that says when it was done, where somebody said so."""
    done_at = standing[-1].happened_at if standing else None
    return [{"label": "Done", "value": shown_instant(done_at), "old": ""}] if done_at else []


def _containers(standing: list[StepValue]) -> list[dict[str, Any]]:
    """Return the lines of the e-sign dialog for what was weighed: which lot, on which scale."""
    found = standing[-1].details.get("containers", ()) if standing else ()
    return [
        {
            "label": one["container"],
            "value": f"lot {one['lot']}, {one['net'] or one['tare']} {one['unit']}"
            f" on {one['scale']}, {one['state']}",
            "old": "",
        }
        for one in found
    ]


def _label(standing: list[StepValue]) -> str:
    if not standing:
        return "Step"
    return f"Result {len(standing)}" if len(standing) > 1 else "Value"


def _results_before(standing: list[StepValue]) -> list[dict[str, Any]]:
    """Return the lines of the e-sign dialog for the results that a repeat stands beside."""
    return [
        {"label": f"Result {number}", "value": words_of(one), "old": ""}
        for number, one in enumerate(standing[:-1], 1)
    ]


def words_of(value: StepValue) -> str:
    """Return a value as it is read: as entered, with its unit, or by the name of what was scanned."""
    details = value.details
    if value.verdict == NOT_APPLICABLE:
        return "Not applicable"
    if "lot" in details:
        number = number_of(value)
        amount = quantity_label(number, value.unit) if number is not None else ""
        return f"{details['name']}, lot {details['lot']}, {amount}".rstrip(", ")
    if "equipment" in details:
        return f"{details['equipment']}, {details['name']}"
    if "attachment" in details:
        return f"{value.entered}, {details['digest'][:12]}…"
    if "document" in details:
        return f"{details['document']}, version {details['version']}"
    if "from_lot" in details:
        number = number_of(value)
        amount = quantity_label(number, value.unit) if number is not None else ""
        return f"{details['sample']}: {amount} of {details['material']}, lot {details['from_lot']}"
    if "point" in details:
        return f"{details['sample']}: {value.entered} {unit_label(value.unit)}"
    if "instant" in details:
        return (
            f"{value.entered}, that is {shown_instant(datetime.fromisoformat(details['instant']))}"
        )
    if "label" in details:
        return str(details["label"])
    return f"{value.entered} {unit_label(value.unit) if value.unit else ''}".strip()


def waiting_for(step: Step, phase: Phase) -> list[Step]:
    """Return the steps that must be complete before this one."""
    found = latest_of(step.batch.steps.filter(code__in=phase.after))
    return [one for one in found if one.state not in STEP_OVER]


def following(step: Step) -> Step | None:
    """Return the next step of the procedure that is not skipped."""
    here = step.ordinal
    is_later = Q(ordinal__gt=here) | Q(ordinal=here, inserted__gt=step.inserted)
    later = step.batch.steps.filter(is_later).exclude(state="skipped")
    return later.order_by("ordinal", "inserted", "-execution").first()


def sign_dialogs(
    request: HttpRequest,
    step: Step,
    values: list[StepValue],
    standing: list[StepValue],
    typed: Typed,
) -> dict[str, Any]:
    """Return the e-sign dialog of this state of the step: performed, or verified."""
    if step.state not in ("running", "performed"):
        return {}
    digest = digest_of(step_statement(step, values))
    shown = shown_value(standing[-1], values) if standing else None
    base = {
        "what": f"{step.batch.number} · {step.code} {step.title} ·"
        f" patient {step.batch.order.patient.code}",
        "values": [
            {
                "label": _label(standing),
                "value": shown["words"] if shown else "Done as instructed",
                "old": ", ".join(one["value"] for one in shown["old"]) if shown else "",
            },
            *(laboratory_lines(standing[-1]) if standing else ()),
            *_results_before(standing),
            *event_time_of(standing),
            *_containers(standing),
        ],
        "digest": digest,
        "version": step.version,
        "error": typed.refusal.detail if typed.refusal and typed.refusal.status == 401 else "",
        "is_open": request.GET.get("sign") == "1",
    }
    path = f"/batches/{step.batch.number}/steps/{step.code}"
    act = shown["words"] if shown else "done"
    if step.state == "running":
        own = {"id": "sign-step", "action": f"{path}/sign/", "meaning": "performed"}
        facts = signer_facts(request, shown=step, digest=digest, meaning="performed")
        return {"signing": {**base, **facts, **own, "submit": f"Sign: {act}"}}
    own = {"id": "verify-step", "action": f"{path}/verify/", "meaning": "verified", "who": ""}
    facts = witness_facts(request, shown=step, digest=digest, meaning="verified")
    return {"signing": {**base, **facts, **own, "submit": f"Verify: {act}"}}
