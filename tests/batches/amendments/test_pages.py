"""Amendments on the screen and over REST: written, drawn as a difference, signed, and told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import User
from audit.signing import digest_of
from batches import queries
from batches.models import Amendment, Batch
from kernel.canonical import digest
from tests.worlds.amendments import added_step, approved, changed, hard, rejected, writer, written
from tests.worlds.audit import PASSWORD, client_token, shown_in, site
from tests.worlds.batches import again, operator, running_batch, step_of
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def at_work(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="mes.sign_in.People")
    return client


def page(batch: Batch, user: User) -> str:
    return at_work(user).get(f"/batches/{batch.number}/amendments/").content.decode()


def sent(batch: Batch, query: str, client: Client | None = None, **fields: Any) -> Any:
    given = {"shown": digest(queries.effective_plain(again(batch))), "reason": "A thin bag."}
    return (client or at_work(writer())).post(
        f"/batches/{batch.number}/amendments/new/?{query}", {**given, **fields}
    )


@pytest.mark.requirement("S88-11")
def test_a_limit_is_changed_on_the_screen_from_what_it_reads_now() -> None:
    batch = running_batch()
    query = "what=change_limits&place=S05"
    form = at_work(writer()).get(f"/batches/{batch.number}/amendments/new/?{query}")
    assert 'value="50.0"' in form.content.decode()
    limits = {"hard_min": "10.0", "hard_max": "200.0", "soft_min": "70.0", "soft_max": "90,0"}
    answer = sent(batch, query, **limits)
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/batches/{batch.number}/amendments/#A1",
    )
    amendment = Amendment.objects.get()
    assert (amendment.what, amendment.place) == ("change_limits", "S05")
    assert amendment.before == {"soft": hard("50.0", "100.0")}
    assert amendment.after == {"soft": hard("70.0", "90.0")}
    shown = page(batch, quality())
    assert "<del>50.0</del>" in shown
    assert "<ins>70.0</ins>" in shown
    assert "Approve A1" in shown
    # Whoever wrote it may take it back, and not decide.
    assert "Withdraw A1" in page(batch, writer())
    assert "Approve A1" not in page(batch, writer())
    assert "Withdraw A1" not in page(batch, operator())


@pytest.mark.requirement("S88-11")
@pytest.mark.parametrize(
    ("kind", "fields", "kept"),
    [
        (
            "confirm",
            {"checks": "Door shut\r\n\r\nLight off"},
            {"checks": ["Door shut", "Light off"]},
        ),
        ("instruction", {}, {}),
        ("text", {}, {"longest": 400}),
        ("timer", {"min_seconds": "60", "max_seconds": "120"}, {"max_seconds": 120}),
        (
            "number",
            {"parameter": "volume", "decimals": "1", "verify": "on", "soft_min": "5"},
            {"parameter": "volume", "unit": "mL", "soft": {**hard("5", ""), "max": None}},
        ),
    ],
)
def test_a_step_of_each_kind_is_added_on_the_screen(
    kind: str, fields: dict[str, str], kept: dict[str, Any]
) -> None:
    batch = running_batch()
    query = f"what=add_step&place=S05&kind={kind}"
    said = {"title": "Look again", "instruction": "Look.", "code": "S20", "role": "operator"}
    assert sent(batch, query, **said, **fields).status_code == 303
    approved(Amendment.objects.get())
    step = step_of(batch, "S20")
    assert (step.kind, step.title, step.place) == (kind, "Look again", "5.1")
    assert {name: step.definition[name] for name in kept} == kept


@pytest.mark.requirement("S88-11")
def test_a_quantity_keeps_its_unit_and_a_target_its_parameter() -> None:
    batch = running_batch()
    assert sent(batch, "what=change_quantity&place=S04", quantity="12").status_code == 303
    assert sent(batch, "what=change_target&place=factor", default="0.6").status_code == 303
    one, two = Amendment.objects.order_by("number")
    assert one.after == {"quantity": "12", "unit": "mL"}
    assert (two.before, two.after) == ({"default": "0.5"}, {"default": "0.6"})


@pytest.mark.requirement("S88-11")
def test_what_is_refused_is_told_in_the_form_and_leaves_nothing() -> None:
    batch = running_batch()
    limits = {"hard_min": "10.0", "hard_max": "200.0", "soft_min": "5.0", "soft_max": "90"}
    answer = sent(batch, "what=change_limits&place=S05", **limits)
    assert answer.status_code == 422
    assert "lie outside its hard limits" in answer.content.decode()
    stale = sent(batch, "what=change_limits&place=S05", **{**limits, "shown": "x"})
    assert stale.status_code == 409
    assert sent(batch, "what=change_limits&place=S01").status_code == 422
    assert sent(batch, "what=change_limits&place=S99").status_code == 404
    assert not Amendment.objects.exists()


def decided(client: Client, amendment: Amendment, verb: str, **more: Any) -> Any:
    batch = again(Batch.objects.get(pk=amendment.batch_id))
    amendment.batch = batch
    meaning = "approved" if verb == "approve" else "rejected"
    said = (
        queries.statement_now(amendment, queries.effective_plain(batch))
        if verb == "approve"
        else queries.rejection_statement(amendment)
    )
    value = digest_of(said)
    return client.post(
        f"/batches/{batch.number}/amendments/{amendment.number}/{verb}/",
        {
            "challenge": shown_in(client, amendment, meaning, value),
            "username": quality().username,
            "password": PASSWORD,
            "digest": value,
            **more,
        },
    )


@pytest.mark.requirement("S88-11", "P11-18")
def test_quality_signs_an_approval_and_a_rejection_on_the_screen() -> None:
    batch = running_batch()
    first, second = written(batch, added_step("S05")), written(batch, added_step("S06", "S21"))
    client = at_work(quality())
    wrong = decided(client, first, "approve", password="wrong")
    assert wrong.status_code == 401
    assert "Not signed." in wrong.content.decode()
    assert decided(client, first, "approve").status_code == 303
    refused = decided(client, second, "reject", reason=" ")
    assert refused.status_code == 422
    assert decided(client, second, "reject", reason="Not needed.").status_code == 303
    states = [queries.state_of(one) for one in queries.amendments_of(batch)]
    assert states == ["approved", "rejected"]
    shown = page(batch, operator())
    assert "1 amendment in force" in " ".join(shown.split())
    assert "Rejected by Quinn Example" in shown
    whole = at_work(operator()).get(f"/batches/{batch.number}/").content.decode()
    assert 'id="step-5.1"' in whole
    assert "amended:" in whole


@pytest.mark.requirement("S88-11")
def test_the_author_withdraws_on_the_screen() -> None:
    batch = running_batch()
    written(batch, added_step("S05"))
    answer = at_work(writer()).post(
        f"/batches/{batch.number}/amendments/1/withdraw/", {"reason": "A mistake."}
    )
    assert answer.status_code == 303
    assert "Withdrawn by Emma Example" in page(batch, operator())
    gone = at_work(writer()).post(
        f"/batches/{batch.number}/amendments/9/withdraw/", {"reason": "x"}
    )
    assert gone.status_code == 404


@pytest.mark.requirement("S88-11", "P11-09")
def test_the_interface_reads_amendments_and_another_hospital_finds_none() -> None:
    batch = running_batch()
    approved(written(batch, changed(batch, "change_limits", "S06", max_seconds=900)))

    def asked(code: str) -> Any:
        _, text = client_token(site(code), "batches:read", name=f"portal-{code.lower()}")
        path = f"/api/v1/batches/{batch.number}/amendments/"
        return Client().get(path, headers={"Authorization": f"Bearer {text}"})

    (one,) = asked("PLANT").json()["results"]
    assert (one["number"], one["state"], one["before"]) == (
        "A1", "approved", {"max_seconds": 600},
    )  # fmt: skip
    assert one["decision"]["effective_digest"] == again(batch).effective_digest
    assert asked("SOUTH").status_code == 404


@pytest.mark.requirement("S88-11")
def test_the_page_asks_as_often_for_one_amendment_as_for_four() -> None:
    batch = running_batch()
    client = at_work(operator())

    def asked() -> int:
        with CaptureQueriesContext(connection) as told:
            client.get(f"/batches/{batch.number}/amendments/")
        return len(told)

    approved(written(batch, added_step("S05")))
    asked()
    one = asked()
    approved(written(again(batch), added_step("S06", "S21")))
    rejected(written(again(batch), added_step("S07", "S22")))
    written(again(batch), added_step("S08", "S23"))
    assert asked() == one
