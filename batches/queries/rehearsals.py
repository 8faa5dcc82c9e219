"""Rehearsals: who sees which, where one stands, and what is signed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from audit.models import RoleGrant, Signature, User
from audit.permissions import holds, sites_of
from audit.queries.validity import Standing, standing_of_change
from batches.models import Rehearsal
from batches.rules.needs import is_number
from batches.rules.rehearsals import Fault
from kernel.canonical import digest
from kernel.errors import Invalid, NotFound
from kernel.quantities import decimal_from
from recipes.queries import document_of, version_title
from recipes.rules.document import Document, Placed

# How long the training holds that a passed rehearsal leaves.
TRAINING_LASTS = timedelta(days=365)


def rehearsals_seen(user: User) -> QuerySet[Rehearsal]:
    """Return the rehearsals that somebody may look at: their own; quality those of its sites."""
    found = Rehearsal.objects.select_related(
        "person", "recipe_version__recipe__therapy", "training"
    ).order_by("-pk")
    if not holds(user, "qa"):
        return found.filter(person=user)
    sites = sites_of(user, "qa")
    if sites is None:
        return found
    colleagues = RoleGrant.objects.filter(revoked_at=None, site_id__in=sites).values("user_id")
    return found.filter(Q(person=user) | Q(person__in=colleagues))


def rehearsal_seen(number: int, user: User) -> Rehearsal:
    """Return a rehearsal.

    Raises:
        NotFound: there is none, or not for this person.
    """
    found = rehearsals_seen(user).filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(f"There is no rehearsal R-{number}.")
    return found


def rehearsals_of(version_id: int, user: User) -> list[Rehearsal]:
    """Return the rehearsals of a version that somebody may look at, newest first."""
    return list(rehearsals_seen(user).filter(recipe_version_id=version_id)[:50])


def document_rehearsed(rehearsal: Rehearsal) -> Document:
    """Return the recipe that is rehearsed: approved, so it cannot have changed since."""
    return document_of(rehearsal.recipe_version)


def faults_in(rehearsal: Rehearsal) -> list[Fault]:
    """Return the scripted faults as objects of the rules."""
    return [Fault(**{**one, "met_by": tuple(one["met_by"])}) for one in rehearsal.faults]


def place_in(rehearsal: Rehearsal) -> Placed | None:
    """Return the step that is to be done now; None after the last."""
    placed = list(document_rehearsed(rehearsal).placed_steps())
    at = len(rehearsal.acts)
    return placed[at] if at < len(placed) else None


def found_in(rehearsal: Rehearsal) -> dict[str, Decimal]:
    """Return the numbers found so far, by the code of their step."""
    steps = {one.code: one for one in document_rehearsed(rehearsal).steps}
    found = {}
    for act in rehearsal.acts:
        step = steps[act["step"]]
        if is_number(step) and act["entered"]:
            try:
                found[step.code] = decimal_from(act["entered"])
            except Invalid:
                continue
    return found


def rehearsal_statement(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return what quality signs of a passed rehearsal: who did what, and what it is good for."""
    assert rehearsal.ended_at is not None, "a rehearsal that ended has an end"
    return {
        "record": "rehearsal",
        "rehearsal": rehearsal.code,
        "person": rehearsal.person.username,
        "recipe": version_title(rehearsal.recipe_version),
        "document_digest": rehearsal.document_digest,
        "scenario": rehearsal.scenario,
        "faults": rehearsal.faults,
        "acts": rehearsal.acts,
        "missed": rehearsal.missed,
        "started_at": rehearsal.started_at,
        "ended_at": rehearsal.ended_at,
        "training_until": rehearsal.ended_at + TRAINING_LASTS,
    }


def standing_of_rehearsals(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how rehearsals stand beside the signatures on them."""
    found = Rehearsal.objects.select_related("person", "recipe_version__recipe").in_bulk(
        {one.subject_id for one in signatures}
    )
    standings = {}
    for one in signatures:
        rehearsal = found.get(one.subject_id)
        if rehearsal is None or rehearsal.ended_at is None:
            standings[one.pk] = Standing.ALTERED
            continue
        is_same = digest(rehearsal_statement(rehearsal)) == one.statement_digest
        standings[one.pk] = Standing.AS_SIGNED if is_same else standing_of_change(one)
    return standings
