"""Amendments of a batch: which there are, what the batch follows with them, and what is signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from audit.models import Signature
from audit.queries import judged, signatures_in
from audit.queries.validity import Standing, standing_of_change
from batches.models import Amendment, AmendmentDecision, Batch
from batches.rules.amendments import Change, amended, lines_of, words_of_change
from kernel.canonical import digest
from kernel.errors import Conflict, Invalid, NotFound
from recipes.queries import read_document
from recipes.rules.differences import Difference, differences
from recipes.rules.document import Document, to_plain
from recipes.rules.parsing import step_from
from recipes.rules.sequence import order_of

APPROVED = AmendmentDecision.Outcome.APPROVED
OPEN = "proposed"


def amendments_of(batch: Batch) -> list[Amendment]:
    """Return every amendment of a batch with what became of it, oldest first."""
    found = batch.amendments.select_related("written_by", "decision__decided_by")
    return list(found.order_by("number"))


def decision_of(amendment: Amendment) -> AmendmentDecision | None:
    """Return what became of an amendment, or None while nobody decided."""
    return getattr(amendment, "decision", None)


def state_of(amendment: Amendment) -> str:
    """Return how an amendment stands, in one word."""
    decision = decision_of(amendment)
    return OPEN if decision is None else decision.outcome


def change_of(amendment: Amendment) -> Change:
    """Return the change that an amendment makes, as an object of the rules."""
    return Change(
        what=amendment.what,  # type: ignore[arg-type]  # the column takes these words only
        place=amendment.place,
        before=amendment.before,
        after=amendment.after,
    )


def in_force(batch_id: int) -> list[Amendment]:
    """Return the approved amendments of a batch, in the order in which they came into force."""
    found = Amendment.objects.filter(batch_id=batch_id, decision__outcome=APPROVED)
    return list(found.select_related("decision").order_by("decision__pk"))


def effective_plain(batch: Batch) -> dict[str, Any]:
    """Return the plain document that a batch follows: nothing before it is issued.

    Raises:
        Conflict: with code ``altered``, an amendment is not the one that was approved.
    """
    return documents_of(batch)[1]


def documents_of(batch: Batch) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """Return the plain document each approved amendment was made to, by its id, and that of now.

    Raises:
        Conflict: with code ``altered``, an amendment is not the one that was approved.
    """
    made: dict[str, Any] = batch.control_recipe or {}
    before: dict[int, dict[str, Any]] = {}
    known = batch.control_recipe_digest
    for one in in_force(batch.pk):
        before[one.pk], made = made, amended(made, [change_of(one)])
        known = one.decision.effective_digest
    if known and digest(made) != known:
        raise Conflict(
            f"The amendments of batch {batch.number} are not those that were approved.",
            code="altered",
        )
    return before, made


def strays_of(batch: Batch) -> Iterator[str]:
    """Yield what an amended batch holds that is not what was approved, in words.

    Its document must follow from the frozen copy and the approved amendments, and each step must
    read what that document says.
    """
    approved = in_force(batch.pk)
    if not approved and not batch.effective_digest:
        return
    try:
        plain = effective_plain(batch)
    except (Conflict, NotFound) as refusal:
        yield refusal.detail
        return
    if digest(plain) != batch.effective_digest:
        yield "the batch follows another document than the one that was approved"
        return
    document = read_document(plain)
    order = order_of(document)
    said = {one.code: replace(one, after=order.waits[one.code]) for one in document.steps}
    latest = {one.code: one for one in batch.steps.order_by("execution")}
    for code in sorted(said.keys() | latest.keys()):
        row = latest.get(code)
        if row is None or code not in said or step_from(row.definition) != said[code]:
            yield f"step {code} does not read what was approved"


@lru_cache(maxsize=64)
def effective_document(batch_id: int, effective_digest: str) -> Document:
    """Return the document of a batch with amendments, read once: its digest names its content.

    Raises:
        Conflict: with code ``altered``, what is stored is not what was approved.
    """
    plain = effective_plain(Batch.objects.get(pk=batch_id))
    if digest(plain) != effective_digest:
        raise Conflict("The amendments are not those that were approved.", code="altered")
    return read_document(plain)


def amendment_statement(
    amendment: Amendment, *, base_digest: str, effective_digest: str
) -> dict[str, Any]:
    """Return what quality signs of an amendment: the values before and after, and what results.

    Args:
        base_digest: of the document that the batch follows before.
        effective_digest: of the one that it follows afterwards.
    """
    return {
        "record": "amendment",
        "batch": amendment.batch.number,
        "patient": amendment.batch.order.patient.code,
        "control_recipe_digest": amendment.batch.control_recipe_digest,
        "amendment": amendment.code,
        "what": amendment.what,
        "place": amendment.place,
        "before": amendment.before,
        "after": amendment.after,
        "reason": amendment.reason,
        "written_by": amendment.written_by.full_name,
        "base_digest": base_digest,
        "effective_digest": effective_digest,
    }


def statement_now(amendment: Amendment, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would be signed of an amendment now.

    Args:
        base: the plain document that the batch follows.

    Raises:
        Conflict: with code ``outdated``, its place reads otherwise by now.
    """
    made = amended(base, [change_of(amendment)])
    return amendment_statement(amendment, base_digest=digest(base), effective_digest=digest(made))


def rejection_statement(amendment: Amendment) -> dict[str, Any]:
    """Return what quality signs when it rejects an amendment: the batch follows what it followed."""
    return amendment_statement(amendment, base_digest="", effective_digest="")


def differences_of(amendment: Amendment, base: Mapping[str, Any] | None) -> list[Difference]:
    """Return what an amendment makes read otherwise, part by part, as two recipes are compared.

    Args:
        base: the plain document it was or would be made to; None, or one that reads otherwise by
            now, shows the change alone.
    """
    change = change_of(amendment)
    try:
        if base is not None:
            pair = (base, amended(base, [change]))
            old, new = (to_plain(read_document(one)) for one in pair)
            return differences(old, new)
    except (Conflict, NotFound, Invalid):
        pass
    return [
        Difference(
            path=f"/steps/{change.place}",
            kind="Amendment",
            code=change.place,
            title=words_of_change(change),
            sorts=["added" if change.what == "add_step" else "changed"],
            changes=lines_of(change),
        )
    ]


def signatures_on_amendments(batch: Batch) -> defaultdict[int, list[Signature]]:
    """Return the signatures on the amendments of a batch, by the id of the amendment, in order."""
    rows = signatures_in(batch.stream()).filter(subject_type=Amendment._meta.label)
    found: defaultdict[int, list[Signature]] = defaultdict(list)
    for one in judged(rows.order_by("pk")):
        found[one.subject_id].append(one)
    return found


def standing_of_amendments(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how amendments stand beside the signatures on them."""
    found = Amendment.objects.select_related(
        "batch__order__patient", "written_by", "decision"
    ).in_bulk({one.subject_id for one in signatures})
    standings = {}
    for one in signatures:
        amendment = found.get(one.subject_id)
        decision = decision_of(amendment) if amendment else None
        if amendment is None or decision is None:
            standings[one.pk] = Standing.ALTERED
            continue
        said = amendment_statement(
            amendment,
            base_digest=decision.base_digest,
            effective_digest=decision.effective_digest,
        )
        # Whoever wrote it may be called otherwise by now; the row of the ledger knows who.
        said["written_by"] = one.statement["written_by"]
        is_same = digest(said) == one.statement_digest
        standings[one.pk] = Standing.AS_SIGNED if is_same else standing_of_change(one)
    return standings


def plain_amendment(one: Amendment) -> dict[str, Any]:
    """Return an amendment as it stands in the record and in the interface."""
    decision = decision_of(one)
    return {
        "number": one.code,
        "what": one.what,
        "place": one.place,
        "before": one.before,
        "after": one.after,
        "reason": one.reason,
        "written_by": one.written_by.full_name,
        "written_at": one.written_at,
        "state": state_of(one),
        "decision": decision
        and {
            "reason": decision.reason,
            "decided_by": decision.decided_by.full_name,
            "decided_at": decision.decided_at,
            "base_digest": decision.base_digest,
            "effective_digest": decision.effective_digest,
        },
    }
