"""Jobs: long work that shows how far it is, can be stopped, and outlives its worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.commands import Progress, ask_job, cancel_job, set_works
from audit.commands.jobs import beat_job, begin_job, end_job, jobs_to_send
from audit.models import Job
from audit.tasks import run_job, running
from kernel.errors import Conflict, NotFound
from mes import wiring
from mes.verifying import VERIFY_LEDGER
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site

BACKEND = "mes.sign_in.People"
pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=5)


def count(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    for done in range(4):
        progress.tell(done, 4)
    return {"counted": 4}


def crash(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    raise ZeroDivisionError("Mrs. Example")


@pytest.fixture(autouse=True)
def works(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    set_works({"count": count, "crash": crash, **wiring.works()})
    yield
    set_works(wiring.works())


def asked(kind: str = "count", **payload: Any) -> Job:
    return ask_job(kind=kind, payload=payload, act=act_by())


def again(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_a_job_is_done_once_and_keeps_its_result() -> None:
    job = asked()
    assert [run_job(job.pk), run_job(job.pk)] == [True, False]
    job = again(job)
    assert (job.state, job.result, job.attempts, job.error) == ("done", {"counted": 4}, 1, "")
    assert (job.done, job.total) == (3, 4)


def test_the_same_job_asked_twice_is_one() -> None:
    assert asked().pk == asked().pk
    assert asked(other=1).pk != asked().pk


def test_a_job_that_fails_says_how_and_names_nobody() -> None:
    job = asked("crash")
    assert not run_job(job.pk)
    job = again(job)
    assert (job.state, "Example" in job.error) == ("failed", False)
    assert job.error.startswith("ZeroDivisionError in crash")


def test_a_job_can_be_stopped_while_it_runs() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def endless(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        begun.set()
        while True:
            progress.tell(1, 2)
            stopped.wait(0.01)

    set_works({"endless": endless})
    job = asked("endless")
    worker = threading.Thread(target=_run, args=(job.pk,))
    worker.start()
    assert begun.wait(10)
    cancel_job(job_id=job.pk, act=act_by())
    worker.join(10)
    assert not worker.is_alive()
    job = again(job)
    assert (job.state, job.result) == ("canceled", {})
    with pytest.raises(Conflict):
        cancel_job(job_id=job.pk, act=act_by())


def _run(job_id: int) -> None:
    from django.db import connection

    run_job(job_id)
    connection.close()


def test_a_job_that_the_broker_lost_is_sent_again() -> None:
    job = asked()
    assert jobs_to_send(limit=5, act=act_by()) == [job.pk]
    assert jobs_to_send(limit=5, act=act_by()) == []
    assert jobs_to_send(limit=5, act=act_by(at=NOON + timedelta(seconds=31))) == [job.pk]


def test_a_job_whose_worker_died_is_given_to_another_thrice_at_most() -> None:
    job = asked()
    at = NOON
    for attempt in range(1, 4):
        taken = begin_job(job_id=job.pk, act=act_by(at=at))
        assert taken is not None
        assert taken.attempts == attempt
        at += LATER
        jobs_to_send(limit=5, act=act_by(at=at))
    job = again(job)
    assert (job.state, job.error) == ("failed", "Its worker was lost.")


def test_a_worker_given_up_for_dead_changes_nothing_when_it_comes_back() -> None:
    job = asked()
    dead = begin_job(job_id=job.pk, act=act_by())
    assert dead is not None
    jobs_to_send(limit=5, act=act_by(at=NOON + LATER))
    alive = begin_job(job_id=job.pk, act=act_by(at=NOON + LATER))
    assert alive is not None
    assert not beat_job(job=dead, done=1, total=2, act=act_by())
    assert not end_job(job=dead, state="done", result={"wrong": 1}, act=act_by())
    assert end_job(job=alive, state="done", result={"right": 1}, act=act_by())
    assert again(job).result == {"right": 1}


def test_a_job_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        cancel_job(job_id=999, act=act_by())


@pytest.mark.requirement("P11-01", "P11-02")
def test_the_whole_ledger_is_verified_from_the_browser(attacker: Any) -> None:
    plant = site()
    client = Client()
    client.force_login(person("quinn", "qa"), backend=BACKEND)
    assert "Not verified yet" in client.get("/verification/").content.decode()
    answer = client.post("/verification/ask/")
    job = Job.objects.get(kind=VERIFY_LEDGER)
    assert (answer.status_code, answer["Location"]) == (302, f"/verification/{job.pk}/")
    waiting = client.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    run_job(job.pk)
    page = client.get(answer["Location"]).content.decode()
    assert "7 entries, intact; no checkpoint yet" in page
    assert "hx-trigger" not in page
    attacker.execute("UPDATE audit_site SET name = 'Planu' WHERE id = %s", [plant.pk])
    client.post("/verification/ask/")
    second = Job.objects.latest("pk")
    run_job(second.pk)
    page = client.get(f"/verification/{second.pk}/").content.decode()
    assert "Not as recorded" in page
    assert f"audit.Site {plant.pk}.name" in page
    assert "Not as recorded" in client.get("/verification/").content.decode()


def test_a_verification_can_be_stopped_and_is_no_business_of_operators() -> None:
    client = Client()
    client.force_login(person("quinn", "qa"), backend=BACKEND)
    client.post("/verification/ask/")
    job = Job.objects.get()
    client.post(f"/verification/{job.pk}/stop/")
    assert again(job).state == "canceled"
    assert "Stopped" in client.get(f"/verification/{job.pk}/").content.decode()
    assert client.get("/verification/99999999999999999999/").status_code == 404
    client.force_login(person("olivia", "operator", at_site=site()), backend=BACKEND)
    assert client.get("/verification/").status_code == 403
    assert client.post("/verification/ask/").status_code == 403
