"""Every read of the ground floor that leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet

from audit.models import FeedEvent, Job, LedgerEntry, Recorded, Signature, Site, User
from kernel.errors import NotFound


def next_id(model: type[models.Model]) -> int:
    """Return the next id of ``model``, from its own sequence, so that a number can show it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        (value,) = cursor.fetchone()
    return int(value)


def making_sites() -> list[Site]:
    """Return the sites at which medicines are made, by code."""
    return list(Site.objects.filter(kind__in=(Site.Kind.PLANT, Site.Kind.POINT_OF_CARE)))


def site_coded(code: str) -> Site:
    """Return the site of that code.

    Raises:
        NotFound: there is none.
    """
    try:
        return Site.objects.get(code=code)
    except Site.DoesNotExist:
        raise NotFound(f"There is no site {code}.") from None


def user_named(username: str) -> User:
    """Return the person or account of that name.

    Raises:
        NotFound: there is none.
    """
    try:
        return User.objects.get(username=username.strip().casefold())
    except User.DoesNotExist:
        raise NotFound(f"There is nobody called {username}.") from None


def signatures_of(subject: Recorded) -> QuerySet[Signature]:
    """Return the signatures on a record, oldest first."""
    return Signature.objects.filter(subject_type=subject._meta.label, subject_id=subject.pk)


def signatures_in(stream: str) -> QuerySet[Signature]:
    """Return all signatures of one stream, oldest first."""
    return Signature.objects.filter(in_stream=stream)


def entries_in(stream: str) -> QuerySet[LedgerEntry]:
    """Return the ledger of one stream, oldest first."""
    return LedgerEntry.objects.filter(stream=stream).order_by("seq")


def feed_after(
    cursor: tuple[int, int], *, sites: Iterable[int] | None, limit: int
) -> list[FeedEvent]:
    """Return the feed events that follow ``cursor``, oldest first, none of which can come later.

    Note [Feed order]: ids are given before commit, so a smaller id may appear after a larger
    one. Events are therefore ordered by transaction, and shown only once every transaction that
    could still write a smaller one has ended; a reader that goes on from its last cursor skips
    nothing.

    Args:
        cursor: (transaction, id) of the last event seen; (0, 0) from the beginning.
        sites: the ids of the sites the reader may see; None is all.
    """
    found = FeedEvent.objects.extra(
        where=[
            "txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
            "(txid, id) > (%s, %s)",
        ],
        params=list(cursor),
    )
    if sites is not None:
        found = found.filter(site_id__in=list(sites))
    return list(found.order_by("txid", "id")[:limit])


def plain_signature(signature: Signature) -> dict[str, Any]:
    """Return a signature as it must be shown everywhere: name, time with zone, meaning."""
    return {
        "id": signature.pk,
        "signer": signature.signer_name,
        "username": signature.signer_username,
        "meaning": signature.meaning,
        "signed_at": signature.signed_at,
        "time_zone": signature.time_zone,
        "reason": signature.reason,
        "statement": signature.statement,
        "statement_digest": signature.statement_digest,
        "key_id": signature.key_id,
        "seal": signature.seal,
    }


def jobs_of_kind(kind: str) -> QuerySet[Job]:
    """Return the jobs of a kind, newest first."""
    return Job.objects.filter(kind=kind).select_related("asked_by").order_by("-pk")


def job_numbered(job_id: int, *, kind: str) -> Job:
    """Return a job.

    Raises:
        NotFound: there is none of that kind.
    """
    # PostgreSQL has no larger number, so no job has one.
    found = jobs_of_kind(kind).filter(pk=job_id).first() if job_id < 2**63 else None
    if found is None:
        raise NotFound("There is no such job.")
    return found
