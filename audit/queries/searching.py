"""Looking things up in the ledger: what one may see of it, what was asked, page by page.

Note [Cursor]: the ledger is read by time, newest first, and ``id`` decides between entries of one
moment. A page begins after the last entry of the page before, by an index, however far back it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from typing import Any

from django.db.models import Q, QuerySet

from audit.models import LedgerEntry, SavedSearch, User
from audit.permissions import sites_of
from audit.queries.naming import place_of, vocabulary
from kernel.canonical import canonical

# Quality reads the whole ledger of its sites; the others what belongs to records of theirs.
QUALITY = ("qa", "qp")
WORKERS = ("operator", "verifier", "engineer", "planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody looks for; whatever is empty filters nothing.

    Args:
        person: the user ID of who acted.
        record: a number or code, or a kind and id.
        since: the first day, in UTC.
        until: the last day, in UTC.
        why: words of the reason.
    """

    person: str = ""
    record: str = ""
    verb: str = ""
    since: Date | None = None
    until: Date | None = None
    why: str = ""
    is_critical: bool = False


def entries_seen(user: User) -> QuerySet[LedgerEntry]:
    """Return the entries that this person may read, unordered.

    Raises nothing: who holds no role that reads the ledger sees nothing of it.
    """
    quality = sites_of(user, *QUALITY) if _holds_any(user, QUALITY) else set()
    if quality is None:
        return LedgerEntry.objects.order_by()
    sites = sites_of(user, *QUALITY, *WORKERS)
    if sites is not None and not sites:
        return LedgerEntry.objects.none()
    words = vocabulary()
    seen = Q()
    for kind in words.house_kinds:
        seen |= Q(stream=kind) | Q(stream__startswith=f"{kind}:")
    if sites is None:
        for kind in words.site_kinds:
            seen |= Q(stream__startswith=f"{kind}:")
    else:
        for streams in words.streams_of(sites):
            seen |= Q(stream__in=streams)
    for streams in words.patient_streams_of(quality) if quality else []:
        seen |= Q(stream__in=streams)
    return LedgerEntry.objects.filter(seen).order_by()


def _holds_any(user: User, roles: tuple[str, ...]) -> bool:
    return any(grant.role in roles for grant in user.grants_held())


def critical_entries() -> Q:
    """Return what a reviewer must look at: corrections, refusals, holds, exceptions and the like."""
    words = vocabulary()
    found = Q(verb__in=words.critical)
    for label, verb in words.critical_of:
        found |= Q(subject_type=label, verb=verb)
    return found


def entries_asked(asked: Asked, user: User) -> QuerySet[LedgerEntry]:
    """Return the entries that somebody looks for and may read, newest first."""
    found = entries_seen(user)
    if asked.person:
        actors = User.objects.filter(username=asked.person.casefold()).values_list("pk", flat=True)
        # By value: the planner then knows how many entries one person has.
        found = found.filter(actor_id__in=list(actors))
    if asked.record:
        place = place_of(asked.record)
        found = found.none() if place is None else found.filter(place)
    if asked.verb:
        found = found.filter(verb=asked.verb)
    if asked.since is not None:
        found = found.filter(recorded_at__gte=_midnight(asked.since))
    if asked.until is not None:
        found = found.filter(recorded_at__lt=_midnight(asked.until) + timedelta(days=1))
    if asked.why:
        # The reason is kept as its entry writes it: a quotation mark has its backslash there.
        found = found.filter(reason__gt="", reason__icontains=canonical(asked.why)[1:-1])
    if asked.is_critical:
        found = found.filter(critical_entries())
    return found.order_by("-recorded_at", "-id")


def _midnight(day: Date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def page_by_time(
    found: QuerySet[LedgerEntry],
    *,
    size: int,
    before: int | None = None,
    after: int | None = None,
) -> tuple[list[LedgerEntry], bool, bool]:
    """Return one page, newest first: (entries, whether there are newer, whether there are older).

    Args:
        before: the page of what is older than this entry.
        after: the page of what is newer than this entry.
    """
    at = after if before is None else before
    mark = None if at is None else LedgerEntry.objects.filter(pk=at).first()
    if mark is None:
        some = list(found[: size + 1])
        return some[:size], False, len(some) > size
    here = Q(recorded_at=mark.recorded_at)
    if before is not None:
        older = Q(recorded_at__lte=mark.recorded_at) & ~(here & Q(pk__gte=mark.pk))
        some = list(found.filter(older)[: size + 1])
        return some[:size], True, len(some) > size
    newer = Q(recorded_at__gte=mark.recorded_at) & ~(here & Q(pk__lte=mark.pk))
    some = list(found.filter(newer).order_by("recorded_at", "id")[: size + 1])
    return some[:size][::-1], len(some) > size, True


def saved_searches(person: User) -> QuerySet[SavedSearch, Any]:
    """Return the searches that somebody keeps, by name."""
    return SavedSearch.objects.filter(person=person).order_by("name")
