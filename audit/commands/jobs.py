"""Jobs: long work with a progress bar, a heartbeat and a way to stop it.

Note [Jobs]: the row is the promise; the broker only says "now". A job that waits too long is sent
again, and one whose worker fell silent is given to another, thrice at most. ``attempts`` names the
worker that has the job: one that was given up for dead and comes back changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from django.db.models import Q

from audit.acts import Act, command
from audit.models import Job
from kernel.errors import Conflict, NotFound

# Sent again after this time, and given up for dead after that one.
SENT_AGAIN_AFTER = timedelta(seconds=30)
SILENT_AFTER = timedelta(seconds=60)
TRIES = 3
ACTIVE = (Job.State.WAITING, Job.State.RUNNING)


class Progress(Protocol):
    """How work says how far it is."""

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is; raises when nobody wants it any more."""


# Told the payload of a job and whom to tell how far it is; returns the result, in plain values.
Work = Callable[[Mapping[str, Any], Progress], dict[str, Any]]
_works: dict[str, Work] = {}


def set_works(works: Mapping[str, Work]) -> None:
    """Replace the table of what each kind of job does; the roof hands it down."""
    _works.clear()
    _works.update(works)


def work_of(kind: str) -> Work | None:
    """Return what a kind of job does."""
    return _works.get(kind)


@command(may_be_silent=True)
def ask_job(*, kind: str, payload: dict[str, Any], act: Act) -> Job:
    """Ask for long work; the same work that is already asked for is not done twice."""
    same = Job.objects.select_for_update().filter(kind=kind, payload=payload, state__in=ACTIVE)
    known = same.order_by("pk").first()
    if known is not None:
        return known
    job: Job = Job.objects.create(kind=kind, payload=payload, asked_by=act.by, created_at=act.at)
    return job


@command(may_be_silent=True)
def cancel_job(*, job_id: int, act: Act) -> Job:
    """Stop a job that waits or runs; its worker notices within seconds.

    Raises:
        NotFound: there is no such job.
        Conflict: it has ended already.
    """
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    if job.state not in ACTIVE:
        raise Conflict("The job has ended already.", code="ended")
    job.state = Job.State.CANCELED
    job.ended_at = act.at
    job.save(update_fields=["state", "ended_at"])
    return job


@command(may_be_silent=True)
def jobs_to_send(*, limit: int, act: Act) -> list[int]:
    """Return the jobs that a worker should be told of now, and note that it was.

    A job whose worker fell silent waits again, or has failed when that happened too often.
    """
    lost = Job.objects.filter(
        state=Job.State.RUNNING, heartbeat_at__lt=act.at - SILENT_AFTER
    ).select_for_update(skip_locked=True)
    for job in lost[:limit]:
        is_given_up = job.attempts >= TRIES
        job.state = Job.State.FAILED if is_given_up else Job.State.WAITING
        job.error = "Its worker was lost." if is_given_up else ""
        job.ended_at = act.at if is_given_up else None
        job.heartbeat_at = None
        job.save(update_fields=["state", "error", "ended_at", "heartbeat_at"])
    unsent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=act.at - SENT_AGAIN_AFTER)
    waiting = Job.objects.select_for_update(skip_locked=True).filter(
        unsent, state=Job.State.WAITING
    )
    found = [job.pk for job in waiting.order_by("pk")[:limit]]
    Job.objects.filter(pk__in=found).update(heartbeat_at=act.at)
    return found


@command(may_be_silent=True)
def begin_job(*, job_id: int, act: Act) -> Job | None:
    """Take a waiting job; None when somebody else has it, or nobody wants it any more."""
    waiting = Job.objects.select_for_update(skip_locked=True).select_related("asked_by")
    job = waiting.filter(pk=job_id, state=Job.State.WAITING).first()
    if job is None:
        return None
    job.state = Job.State.RUNNING
    job.attempts += 1
    job.heartbeat_at = act.at
    job.save(update_fields=["state", "attempts", "heartbeat_at"])
    return job


@command(may_be_silent=True)
def beat_job(*, job: Job, done: int, total: int, act: Act) -> bool:
    """Note that the worker of a job lives, and how far it is; False when the job is not its any more."""
    return bool(_mine(job).update(done=done, total=total, heartbeat_at=act.at))


@command(may_be_silent=True)
def end_job(
    *, job: Job, state: str, act: Act, result: dict[str, Any] | None = None, error: str = ""
) -> bool:
    """Note how a job ended; False when it was not this worker's any more."""
    return bool(
        _mine(job).update(
            state=state, result=result or {}, error=error, ended_at=act.at, heartbeat_at=act.at
        )
    )


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
