"""Running a job: the work on this thread, its heartbeat on another."""

from __future__ import annotations

import threading
from types import TracebackType

import structlog
from django.db import Error, connection

from audit.commands import jobs
from audit.edges import act_of_task
from audit.models import Job
from kernel.errors import Refusal

log = structlog.get_logger()

BEAT_S = 1.0


class NotWanted(Exception):
    """The job was canceled, or given to another worker."""


class Heartbeat:
    """Says every second how far a job is, on a thread and a connection of its own.

    The work may keep a transaction open, in which it sees the database as it was; the progress is
    written outside it.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = 0
        self.total = 0
        self._ended = threading.Event()
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"job-{job.pk}", daemon=True)

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is.

        Raises:
            NotWanted: the job was canceled, or given to another worker.
        """
        self.done, self.total = done, total
        if self._unwanted.is_set():
            raise NotWanted

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(BEAT_S) and not self._unwanted.is_set():
                self._beat_once()
            self._beat_once()
        finally:
            connection.close()

    def _beat_once(self) -> None:
        """Write the progress; while the database is away, the work goes on."""
        act = act_of_task("run_job")
        try:
            if not jobs.beat_job(job=self.job, done=self.done, total=self.total, act=act):
                self._unwanted.set()
        except Error:
            connection.close()


def run(job: Job) -> bool:
    """Do the work of a job that was begun, and note how it ended; return whether it is done."""
    work = jobs.work_of(job.kind)
    try:
        if work is None:
            raise RuntimeError(f"nobody knows how to do {job.kind}")
        with Heartbeat(job) as progress:
            result = work(job.payload, progress)
    except NotWanted:
        return False
    except Exception as error:
        words = in_words(error)
        log.exception("job_failed", job=job.pk, kind=job.kind)
        jobs.end_job(job=job, state=Job.State.FAILED, error=words, act=act_of_task("run_job"))
        return False
    return jobs.end_job(job=job, state=Job.State.DONE, result=result, act=act_of_task("run_job"))


def in_words(error: Exception) -> str:
    """Return what may be kept of an error: a refusal's sentence, or the kind of a fault and where.

    What else an exception says may name a patient.
    """
    if isinstance(error, Refusal):
        return f"{error.title}: {error.detail}"[:400]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
    return f"{type(error).__name__}{where}"
