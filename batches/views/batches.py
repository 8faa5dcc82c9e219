"""Batches, the screens: the list, and one batch with its steps and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.forms import signer_facts
from audit.models import Signature, User
from audit.permissions import holds, sites_of
from audit.signing import digest_of
from audit.views import EVERYBODY, roles_required
from batches.models import Batch, Branch, Step, StepValue
from batches.queries import (
    batch_numbered,
    batches_seen,
    branches_of,
    current_values,
    holds_of,
    issue_statement,
    latest_of,
    progress_of,
    signatures_by_subject,
    steps_with_values,
    yields_of,
)
from batches.rules.phases import phase_of, rolled_up
from batches.states import BATCH
from batches.views.forms import person_of
from batches.views.step_screen import header_of, shown_value
from kernel.quantities import quantity_label
from recipes.queries import version_title

PAGE = 50


@require_safe
@roles_required(*EVERYBODY)
def batch_list(request: HttpRequest) -> HttpResponse:
    """Show the batches of this person's sites, newest first; the address holds the filter."""
    state = request.GET.get("state", "")
    state = state if state in BATCH.states else ""
    found = batches_seen(sites_of(person_of(request))).order_by("-pk")
    if state:
        found = found.filter(state=state)
    batches, pager = page_of(request, found, state)
    context = {
        "batches": batches,
        "pager": pager,
        "state": state,
        "states": [name for name, _ in BATCH.choices()],
        "may_plan": holds(person_of(request), "planner"),
        "rows": [row_of(batch) for batch in batches],
    }
    return render(request, "batches/list.html", context)


def page_of(request: HttpRequest, found: Any, state: str) -> tuple[list[Batch], dict[str, Any]]:
    """Return one page by cursor, and the pager's links (the filter stays in them)."""
    total = found.count()
    before, after = (_cursor(request, name) for name in ("before", "after"))
    if after is not None:
        rows = list(found.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        has_newer, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        has_older = True
    else:
        rows = list((found if before is None else found.filter(pk__lt=before))[: PAGE + 1])
        has_older, rows = len(rows) > PAGE, rows[:PAGE]
        has_newer = before is not None

    def link(name: str, row: Batch) -> str:
        kept = {"state": state} if state else {}
        return "?" + urlencode({**kept, name: row.pk})

    return rows, {
        "shown": len(rows),
        "total": total,
        "noun": "batches",
        "prev_href": link("after", rows[0]) if rows and has_newer else "",
        "next_href": link("before", rows[-1]) if rows and has_older else "",
    }


def _cursor(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def row_of(batch: Batch) -> dict[str, Any]:
    """Return a batch as a row of the list."""
    return {
        "href": f"/batches/{batch.number}/",
        "cells": [
            {"text": batch.number},
            {"state": batch.state},
            {"text": batch.order.patient.code, "note": batch.order.number},
            {"text": batch.order.therapy.name, "note": version_title(batch.recipe_version)},
            {"text": batch.room.code if batch.room else "—", "note": batch.site.code},
            {"at": batch.updated_at},
        ],
    }


@require_safe
@roles_required(*EVERYBODY)
def batch_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one batch: its way, its steps with values and signatures, and what may be done now."""
    batch = batch_numbered(number, person_of(request))
    return render(request, "batches/batch.html", batch_shown(request, batch))


def batch_shown(request: HttpRequest, batch: Batch, **more: Any) -> dict[str, Any]:
    """Return the context of a batch's page."""
    steps = steps_with_values(batch)
    signatures = signatures_by_subject(batch)
    user = person_of(request)
    return {
        "batch": batch,
        "order": batch.order,
        "screen": header_of(batch),
        "recipe": version_title(batch.recipe_version),
        "progress": progress_of(one.state for one in latest_of(step for step, _ in steps)),
        "tree": tree_of(steps, signatures, branches_of(batch)),
        "phases": phases_of(step for step, _ in steps),
        "holds": holds_of(batch),
        "yields": yields_of(batch),
        "signatures": signatures[Batch._meta.label, batch.pk],
        "may": may_now(user, batch),
        "signing": issue_dialog(request, batch, str(more.pop("sign_error", ""))),
        "next_step": next(
            (s for s, _ in steps if s.state in ("ready", "running", "performed")), None
        ),
        **more,
    }


def may_now(user: User, batch: Batch) -> dict[str, bool]:
    """Return which moves of the table this person may make now."""
    asked = {
        "issue": ("qa",),
        "start": ("operator",),
        "hold": ("operator", "verifier", "qa", "qp"),
        "resume": ("qa",),
        "abort": ("qa",),
        "cancel": ("planner", "qa"),
    }
    verbs = BATCH.verbs_from(batch.state)
    return {
        verb: verb in verbs and holds(user, *roles, site_id=batch.site_id)
        for verb, roles in asked.items()
    }


def tree_of(
    steps: list[tuple[Step, list[StepValue]]],
    signatures: dict[tuple[str, int], list[Signature]],
    branches: list[Branch],
) -> list[dict[str, Any]]:
    """Return the steps by unit procedure and operation, each with its values and signatures."""
    parts = [
        (place, list(lines))
        for place, lines in groupby(
            steps,
            key=lambda pair: (pair[0].unit_procedure, pair[0].operation, pair[0].round),
        )
    ]
    repeated = {place[:2] for place, _ in parts if place[2] > 1}
    latest = {one.pk for one in latest_of(step for step, _ in steps)}
    return [
        {
            "title": title,
            "operation": operation,
            "round": number if (title, operation) in repeated else None,
            "branches": branches_on(branches, {step for step, _ in lines}, number),
            "phase": phases_of(step for step, _ in lines)["whole"],
            "steps": [
                {
                    **step_line(step, values, signatures.get((Step._meta.label, step.pk), [])),
                    "is_earlier": step.pk not in latest,
                }
                for step, values in lines
            ],
        }
        for (title, operation, number), lines in parts
    ]


def phases_of(steps: Iterable[Step]) -> dict[str, Any]:
    """Return the procedural state of the whole, and of each unit procedure, from the phases'."""
    latest = [one for one in latest_of(steps) if one.state != "skipped"]
    units: dict[str, list[str]] = {}
    for one in latest:
        units.setdefault(one.unit_procedure, []).append(phase_of(one.state, one.phase))
    return {
        "whole": rolled_up(phase_of(one.state, one.phase) for one in latest),
        "units": [{"title": title, "state": rolled_up(found)} for title, found in units.items()],
    }


def branches_on(branches: list[Branch], steps: set[Step], number: int) -> list[dict[str, Any]]:
    """Return what was decided of these steps in this round, in words."""
    places = (
        {("unit_procedure", one.unit_procedure_code) for one in steps}
        | {("operation", one.operation_code) for one in steps}
        | {("step", one.code) for one in steps}
    )
    return [
        {"branch": one, "words": branch_words(one)}
        for one in branches
        if (one.level, one.code) in places and (one.round == number or one.kind == "when")
    ]


def branch_words(one: Branch) -> str:
    """Return a condition filled in: "purity < 95 (purity = 93.1 %)"."""
    values = ", ".join(
        f"{used['name']} = {quantity_label(Decimal(used['value']), used['unit'])}"
        for used in one.used
    )
    return f"{one.formula} ({values})" if values else one.formula


def step_line(step: Step, values: list[StepValue], signatures: list[Signature]) -> dict[str, Any]:
    """Return one step as it stands on the page of its batch."""
    standing = current_values(values)
    return {
        "step": step,
        "value": shown_value(standing[-1], values) if standing else None,
        "tries": [value for value in values if value.verdict == "mismatch"],
        "signatures": signatures,
    }


def issue_dialog(request: HttpRequest, batch: Batch, error: str = "") -> dict[str, Any] | None:
    """Return the e-sign dialog of the issue, while the batch is planned."""
    if batch.state != "planned":
        return None
    statement = issue_statement(batch)
    digest = digest_of(statement)
    return {
        "id": "sign-issue",
        "action": f"/batches/{batch.number}/issue/",
        "meaning": "issued",
        **signer_facts(request, shown=batch, digest=digest, meaning="issued"),
        "what": f"{batch.number} · {statement['recipe']} · patient {statement['patient']}",
        "values": [
            {"label": "Order", "value": statement["order"]},
            {"label": "Chain of identity", "value": statement["chain_of_identity"]},
            {"label": "Recipe", "value": statement["recipe"]},
            {"label": "Document", "value": str(statement["document_digest"])[:16]},
            {"label": "Room", "value": statement["room"] or "—"},
        ],
        "digest": digest,
        "version": batch.version,
        "consequence": "Freezes the whole recipe for this batch. A later version does not change it.",
        "submit": f"Sign: issue {batch.number}",
        "error": error,
        "is_open": request.GET.get("sign") == "1",
    }
