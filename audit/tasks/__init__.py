"""Couriers of the ground floor: checkpoints every minute, and the sweeping of outbox and jobs."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.db import connection

from audit import ledger
from audit.commands import challenges, couriers, jobs, lockout, witnessing
from audit.edges import act_of_task, now
from audit.tasks.running import in_words, run

log = structlog.get_logger()

# One sweep takes at most so many messages at a time, and goes on for at most so many rounds.
AT_ONCE = 20
ROUNDS = 50


@shared_task(name="audit.tasks.write_checkpoint")
def write_checkpoint() -> None:
    """Write a checkpoint, unless another worker is just doing so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ledger.CHECKPOINT_LOCK])
        if not cursor.fetchone()[0]:
            return
        try:
            witnessing.checkpoint(act=act_of_task("write_checkpoint"))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ledger.CHECKPOINT_LOCK])


@shared_task(name="audit.tasks.sweep_outbox")
def sweep_outbox() -> int:
    """Deliver every message that is due, tell workers of jobs that wait, and return how many."""
    delivered = 0
    for _ in range(ROUNDS):
        claims = couriers.claim_messages(limit=AT_ONCE, act=act_of_task("sweep_outbox"))
        delivered += sum(_deliver(claim) for claim in claims)
        if len(claims) < AT_ONCE:
            break
    challenges.sweep_challenges(at=now())
    for job_id in jobs.jobs_to_send(limit=AT_ONCE, act=act_of_task("sweep_outbox")):
        run_job.delay(job_id)
    return delivered


def _deliver(claim: couriers.Claim) -> bool:
    """Deliver one message; whatever it does wrong, the next one has its turn."""
    try:
        return couriers.deliver_message(claim=claim, act=act_of_task("deliver_message"))
    except Exception as error:
        words = in_words(error)
        log.warning("message_not_delivered", message=claim.message_id, error=words)
        couriers.note_failure(claim=claim, error=words, act=act_of_task("deliver_message"))
        return False


@shared_task(name="audit.tasks.lock_dormant")
def lock_dormant() -> list[str]:
    """Lock the accounts that nobody has used for ninety days, and return their names."""
    return lockout.lock_dormant(act=act_of_task("lock_dormant"))


@shared_task(name="audit.tasks.run_job")
def run_job(job_id: int) -> bool:
    """Do a job, unless somebody else does; return whether it was done here."""
    job = jobs.begin_job(job_id=job_id, act=act_of_task("run_job"))
    return job is not None and run(job)


__all__ = ["lock_dormant", "run_job", "sweep_outbox", "write_checkpoint"]
