"""Rehearsals: a recipe carried out for training, with scripted faults (21 CFR 211.25).

Nothing of a batch is made or changed: no number, no order, no material is used, no exception is
raised, and nothing is told to the floors above. What stays is the rehearsal itself, and a training
once quality has signed that it was passed.
"""

from __future__ import annotations

from dataclasses import asdict

from django.db import IntegrityError, transaction

from audit.acts import Act, command, record
from audit.commands import record_training
from audit.permissions import TRAINING_RECORDERS, holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import check_seen
from batches.models import Rehearsal
from batches.queries.rehearsals import (
    TRAINING_LASTS,
    document_rehearsed,
    faults_in,
    found_in,
    place_in,
    rehearsal_seen,
    rehearsal_statement,
)
from batches.rules.rehearsals import carried_out, faults_of, missed_in, shown_at
from batches.states import REHEARSAL
from kernel.errors import AlreadyDone, Conflict, NotFound, NotPermitted
from recipes.queries import document_of, versions

REHEARSERS = ("operator", "verifier", "engineer", "qa")
# Approved and not in force yet is rehearsed, too: people are trained before the day.
REHEARSABLE = ("approved", "effective")
VERBS = ("go_on", "hold")


@command
def begin_rehearsal(*, version_id: int, scenario: str, act: Act) -> Rehearsal:
    """Begin a rehearsal of a version, with the faults of a scenario scripted into it.

    Raises:
        NotPermitted: nobody who carries out, writes or reviews recipes.
        Conflict: the version is neither approved nor effective.
        AlreadyDone: this person is rehearsing it already.
        Invalid: the recipe has no step for that scenario.
    """
    require(act.by.is_person and holds(act.by, *REHEARSERS), "rehearse recipes")
    version = versions().filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such recipe version.")
    if version.state not in REHEARSABLE:
        raise Conflict(
            "Only an approved version, or the one in force, is rehearsed.", code="not_approved"
        )
    turn = Rehearsal.objects.filter(person=act.by, recipe_version=version).count()
    faults = faults_of(document_of(version), scenario, turn)
    rehearsal = Rehearsal(
        id=next_id(Rehearsal),
        person=act.by,
        recipe_version=version,
        document_digest=version.document_digest,
        scenario=scenario,
        faults=[{**asdict(one), "met_by": list(one.met_by)} for one in faults],
        started_at=act.at,
    )
    try:
        with transaction.atomic():
            rehearsal.save(force_insert=True)
    except IntegrityError:
        raise AlreadyDone("You are rehearsing this version already.") from None
    record(act, "begin_rehearsal", rehearsal)
    return rehearsal


@command
def rehearse_step(
    *, rehearsal_id: int, seen: int, verb: str, entered: str = "", reason: str = "", act: Act
) -> Rehearsal:
    """Carry out the step that is to be done now: enter and go on, or put the work on hold.

    After a hold the simulated quality lets the work go on. After the last step the rehearsal is
    passed, or failed with what was missed.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Invalid: a batch would have refused this; nothing is kept.
        IllegalMove: it has ended.
        StaleView: it went on after it was shown.
    """
    rehearsal = _running(rehearsal_id, act)
    check_seen(seen, rehearsal.version)
    here = place_in(rehearsal)
    assert here is not None, "a rehearsal that runs has a step to be done"
    faults = faults_in(rehearsal)
    document = document_rehearsed(rehearsal)
    done = carried_out(
        here.step,
        next((one for one in faults if one.step == here.step.code), None),
        act=verb if verb in VERBS else "go_on",
        entered=entered,
        reason=reason,
        shown=shown_at(document, here.step, faults, found_in(rehearsal)),
    )
    rehearsal.acts = [*rehearsal.acts, {**asdict(done), "at": act.at.isoformat()}]
    told = "rehearse"
    fields = ["acts"]
    if len(rehearsal.acts) == len(document.steps):
        rehearsal.missed = missed_in(faults, rehearsal.acts)
        told = "fail" if rehearsal.missed else "pass"
        rehearsal.state = REHEARSAL.after(rehearsal.state, told)
        rehearsal.ended_at = act.at
        fields += ["missed", "ended_at"]
    _save(rehearsal, told, *fields, act=act)
    return rehearsal


@command
def leave_rehearsal(*, rehearsal_id: int, act: Act) -> Rehearsal:
    """End a rehearsal before its last step; it is worth nothing.

    Raises:
        NotFound: there is none, or it is somebody else's.
        IllegalMove: it has ended.
    """
    rehearsal = _running(rehearsal_id, act)
    rehearsal.state = REHEARSAL.after(rehearsal.state, "leave")
    rehearsal.ended_at = act.at
    _save(rehearsal, "leave", "ended_at", act=act)
    return rehearsal


@command
def confirm_rehearsal(*, rehearsal_id: int, proof: Proof, seen_digest: str, act: Act) -> Rehearsal:
    """Sign that a rehearsal was passed, and record the training that it is (21 CFR 11.10(i)).

    Raises:
        NotPermitted: the signer may not record training, or rehearsed it themselves.
        NotFound: whoever rehearsed works at none of the signer's sites.
        IllegalMove: it was not passed, or is recorded already.
        StaleView: it is not what was shown.
    """
    rehearsal = _for_update(rehearsal_id)
    require(holds(act.by, *TRAINING_RECORDERS), "confirm rehearsals")
    rehearsal_seen(rehearsal_id, act.by)
    if rehearsal.person_id == act.by.pk:
        raise NotPermitted("Nobody confirms their own rehearsal.", code="same")
    rehearsal.state = REHEARSAL.after(rehearsal.state, "confirm")
    assert rehearsal.ended_at is not None, "a rehearsal that was passed has ended"
    sign(
        act=act,
        proof=proof,
        subject=rehearsal,
        meaning="approved",
        statement=rehearsal_statement(rehearsal),
        seen_digest=seen_digest,
    )
    version = rehearsal.recipe_version
    rehearsal.training = record_training(
        user=rehearsal.person,
        procedure=version.recipe.code,
        version=version.number,
        trained_by=act.by,
        evidence=f"Rehearsal {rehearsal.code} ({rehearsal.get_scenario_display()}), passed",
        valid_until=rehearsal.ended_at + TRAINING_LASTS,
        act=act,
    )
    _save(rehearsal, "confirm", "training", act=act)
    return rehearsal


def _for_update(rehearsal_id: int) -> Rehearsal:
    found = (
        Rehearsal.objects.select_for_update(of=("self",))
        .select_related("person", "recipe_version__recipe")
        .filter(pk=rehearsal_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such rehearsal.")
    return found


def _running(rehearsal_id: int, act: Act) -> Rehearsal:
    """Return a rehearsal of the actor's own that has not ended, under lock."""
    rehearsal = _for_update(rehearsal_id)
    if rehearsal.person_id != act.by.pk:
        raise NotFound("There is no such rehearsal.")
    REHEARSAL.after(rehearsal.state, "leave")
    return rehearsal


def _save(rehearsal: Rehearsal, verb: str, *fields: str, act: Act) -> None:
    rehearsal.version += 1
    rehearsal.save(update_fields=["state", "version", *fields])
    record(act, verb, rehearsal)
