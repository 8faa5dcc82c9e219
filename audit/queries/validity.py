"""How each signature stands today: valid, invalidated by a later recorded change, or broken.

One function decides (``state_of``), from two questions: does the seal still cover what was signed,
and is the record still what was signed? Only the floor that owns a record can answer the second;
the roof hands its answers down (``set_standings``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from django.db.models import Q

from audit.keys import is_sealed
from audit.models import LedgerEntry, Recorded, Signature
from kernel.canonical import canonical, digest

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class Validity(StrEnum):
    """The three states of a signature (21 CFR 11.70), the same words everywhere."""

    VALID = "valid"
    INVALIDATED = "invalidated"
    BROKEN = "broken"


class Standing(StrEnum):
    """How a record stands beside what was signed of it."""

    AS_SIGNED = "as signed"
    CHANGED = "changed by recorded acts"
    ALTERED = "altered, and nobody recorded it"


# Told signatures of one kind of record; says of each, by its id, how its record stands.
Standings = Callable[[Sequence[Signature]], Mapping[int, Standing]]
_standings: dict[str, Standings] = {}


def set_standings(standings: Mapping[str, Standings]) -> None:
    """Replace the table of who knows how which kind of record stands; the roof hands it down."""
    _standings.clear()
    _standings.update(standings)


def state_of(signature: Signature, standing: Standing) -> Validity:
    """Return the state of a signature whose record stands so."""
    try:
        is_whole = digest(signature.statement) == signature.statement_digest and is_sealed(
            canonical(signature.sealed_part()),
            key_id=signature.key_id,
            signature=signature.seal,
        )
    except UNREADABLE:
        is_whole = False
    if not is_whole or standing is Standing.ALTERED:
        return Validity.BROKEN
    return Validity.INVALIDATED if standing is Standing.CHANGED else Validity.VALID


def judged(signatures: Iterable[Signature]) -> list[Signature]:
    """Return the signatures, each with its state as ``validity``."""
    found = list(signatures)
    by_kind: dict[str, list[Signature]] = defaultdict(list)
    for signature in found:
        by_kind[signature.subject_type].append(signature)
    for kind, some in by_kind.items():
        standing = _standing_of(_standings.get(kind), some)
        for signature in some:
            signature.validity = state_of(signature, standing.get(signature.pk, Standing.AS_SIGNED))
    return found


def _standing_of(known: Standings | None, some: Sequence[Signature]) -> Mapping[int, Standing]:
    """Ask how the records of some signatures stand; where one is noise, ask for each alone."""
    if known is None:
        return {}
    try:
        return known(some)
    except UNREADABLE:
        if len(some) == 1:
            return {some[0].pk: Standing.ALTERED}
        return {pk: one for each in some for pk, one in _standing_of(known, [each]).items()}


def checked_signatures(batch: Recorded) -> tuple[int, list[Signature]]:
    """Return how many signatures on a batch were checked, and those not valid any more."""
    found = judged(Signature.objects.filter(in_stream=batch.stream()).order_by("pk"))
    return len(found), [one for one in found if one.validity is not Validity.VALID]


def standing_of_change(signature: Signature, *, kinds: Sequence[str] = ()) -> Standing:
    """Return how a record stands that is not what was signed: did an act recorded since change it?

    Args:
        kinds: further kinds of records of the same stream that belong to it ("batches.Batch").
    """
    own = LedgerEntry.objects.filter(
        subject_type=Signature._meta.label, subject_id=str(signature.pk), verb="sign"
    ).first()
    if own is None:
        return Standing.ALTERED
    about = Q(subject_type=signature.subject_type, subject_id=str(signature.subject_id))
    later = LedgerEntry.objects.filter(
        about | Q(subject_type__in=list(kinds)), stream=own.stream, seq__gt=own.seq
    )
    is_recorded = later.exclude(act=own.act).exclude(verb__in=("refused", "sign")).exists()
    return Standing.CHANGED if is_recorded else Standing.ALTERED
