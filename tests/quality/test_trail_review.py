"""The review of a batch's audit trail: who may, what it covers, and what opens it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.commands import grant_role
from audit.edges import now
from audit.models import LedgerEntry
from audit.queries import signatures_of
from audit.signing import digest_of
from audit.verification import Verifier
from batches.commands.steps import note_refusal
from batches.models import Batch
from kernel.errors import AlreadyDone, Conflict, NotFound, NotPermitted, StaleView
from quality import commands, queries
from quality.models import Review
from quality.rules.release_gate import missing_before_release
from tests.worlds.audit import PASSWORD, act_by, person, site
from tests.worlds.batches import again, operator, running_batch, verifier
from tests.worlds.quality import (
    LATER,
    decided,
    disposition,
    escalated,
    executed_batch,
    moved,
    qualified,
    quality,
    raised,
    review,
    reviewed_batch,
    reviewed_by_production,
    second_quality,
    trail_reviewed,
)

pytestmark = pytest.mark.django_db
NOT_REVIEWED = "The audit trail is not reviewed."
CHANGED = "The audit trail changed after its review: it must be reviewed again."
BACKEND = "mes.sign_in.People"


def missing(batch: Batch) -> tuple[str, ...]:
    facts = queries.release_facts(again(batch), signer=qualified(), findings=())
    return tuple(one for one in missing_before_release(facts) if "trail" in one)


@pytest.mark.requirement("A11D-16", "A11-09")
def test_a_batch_is_released_only_when_its_trail_is_reviewed() -> None:
    batch = reviewed_by_production()
    review(batch, "quality", quality())
    with pytest.raises(Conflict) as refused:
        disposition(batch, "released", qualified())
    assert [error.detail for error in refused.value.errors] == [NOT_REVIEWED]
    assert refused.value.status == 409
    trail_reviewed(batch)
    disposition(batch, "released", qualified())
    assert again(batch).state == "released"


@pytest.mark.requirement("A11D-16")
def test_the_signature_says_reviewed_and_covers_the_trail_as_far_as_it_goes() -> None:
    batch = reviewed_by_production()
    last = LedgerEntry.objects.filter(stream=batch.stream()).order_by("seq").last()
    assert last is not None
    made = trail_reviewed(batch)
    signature = signatures_of(made).get()
    assert signature.meaning == "reviewed"
    assert signature.statement["ledger_entries"] == last.seq == made.ledger_seq
    assert signature.statement["ledger_head"] == last.hash
    assert signature.statement["chain_head"] != last.hash
    assert [str(one) for one in Verifier().findings()] == []
    assert {"kind": "trail"}.items() <= queries.section_for_record(again(batch))["reviews"][
        -1
    ].items()


@pytest.mark.requirement("A11D-16", "A11-06")
def test_who_had_a_part_in_the_making_or_is_not_of_quality_does_not_review_the_trail() -> None:
    batch = executed_batch()
    for one in (operator(), verifier(), person("erik", "engineer"), person("adam", "admin")):
        with pytest.raises(NotPermitted):
            trail_reviewed(batch, one)
    elsewhere = person("nina", "qa", at_site=site("NORTH2"))
    with pytest.raises(NotFound, match="no such batch"):
        trail_reviewed(batch, elsewhere)
    # Whoever performed a step does not review its trail, whatever role they hold now.
    verified = batch.steps.exclude(verified_by=None).first()
    assert verified is not None
    both = person("vera", "verifier")
    grant_role(user=both, role="qa", site=None, act=act_by(reason="Moved to quality."))
    both = type(both).objects.get(pk=both.pk)
    with pytest.raises(NotPermitted, match="had a part"):
        trail_reviewed(batch, both)


@pytest.mark.requirement("A11D-16")
def test_the_trail_is_reviewed_once_and_not_before_the_making_is_over() -> None:
    running = running_batch()
    with pytest.raises(Conflict, match="in progress"):
        trail_reviewed(running)


def test_a_current_review_is_not_given_twice_and_no_decided_batch_gets_one() -> None:
    batch = reviewed_batch()
    with pytest.raises(AlreadyDone, match="nothing changed since"):
        trail_reviewed(batch, second_quality())
    disposition(batch, "released", qualified())
    with pytest.raises(Conflict, match="released"):
        trail_reviewed(batch, second_quality())


@pytest.mark.requirement("A11D-16", "P11-17")
def test_what_was_recorded_after_the_trail_was_shown_makes_the_signature_impossible() -> None:
    batch = reviewed_by_production()
    shown = digest_of(queries.trail_statement(batch))
    raised(batch)
    with pytest.raises(StaleView):
        trail_reviewed(batch, seen_digest=shown)
    assert not Review.objects.filter(kind="trail").exists()


@pytest.mark.requirement("A11D-16")
def test_a_new_change_reopens_the_review_and_a_second_one_closes_it_again() -> None:
    batch = reviewed_by_production()
    trail_reviewed(batch)
    assert missing(batch) == ()
    raised(batch)
    assert missing(batch) == (CHANGED,)
    trail_reviewed(batch, second_quality())
    assert missing(batch) == ()


def test_decisions_that_come_after_do_not_reopen_the_review() -> None:
    batch = reviewed_by_production(S05="45.0")
    trail_reviewed(batch)
    commands.open_review(
        batch_id=batch.pk, seen=again(batch).version, act=act_by(quality(), at=LATER)
    )
    for one in queries.exceptions_of(batch):
        decided(one)
    review(batch, "quality", quality())
    assert missing(batch) == ()
    disposition(batch, "released", qualified())
    made = queries.last_review(batch, "trail")
    assert made is not None
    assert not queries.reopening_entries(again(batch), made).exists()


def test_the_review_of_the_trail_does_not_reopen_the_review_of_quality() -> None:
    batch = reviewed_by_production()
    review(batch, "quality", quality())
    trail_reviewed(batch)
    facts = queries.release_facts(again(batch))
    assert facts.is_quality_reviewed
    assert not facts.is_changed_since_review


def test_a_deviation_that_is_opened_reopens_the_review_and_its_closing_does_not() -> None:
    batch = reviewed_by_production(S05="45.0")
    trail_reviewed(batch)
    deviation = escalated(queries.exceptions_of(batch)[0])
    assert missing(batch) == (CHANGED,)
    for verb in ("classify", "investigate", "assess"):
        deviation = moved(deviation, verb)
    trail_reviewed(batch)
    moved(deviation, "close")
    assert missing(batch) == ()


def test_what_was_refused_changes_nothing() -> None:
    batch = reviewed_by_production()
    trail_reviewed(batch)
    note_refusal(
        batch_id=batch.pk,
        step_id=None,
        verb="start",
        refusal=Conflict("No."),
        act=act_by(operator()),
    )
    assert missing(batch) == ()


@pytest.mark.requirement("A11D-16")
def test_a_change_of_the_chain_of_identity_reopens_the_review() -> None:
    from supply.commands import check_identity

    batch = reviewed_by_production()
    trail_reviewed(batch)
    check_identity(
        chain=batch.order.chain, scanned="BAG-OF-SOMEBODY", is_keyed=False, site=batch.site,
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    assert missing(batch) == (CHANGED,)


def test_a_review_without_its_signature_covers_nothing() -> None:
    batch = reviewed_by_production()
    made = trail_reviewed(batch)
    made.pk = 999_999_999
    assert queries.reopening_entries(again(batch), made).exists()


# The screen.


def window(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.mark.requirement("A11-09", "A11D-16", "P11-06")
def test_the_page_counts_shows_filters_and_is_signed() -> None:
    batch = reviewed_by_production(S05="45.0")
    url = f"/batches/{batch.number}/trail/"
    client = window(quality())
    page = client.get(url).content.decode()
    for words in (
        "Exceptions",
        "Refusals",
        "Holds",
        "Corrections",
        "Late entries",
        "Critical only",
    ):
        assert words in page
    assert "sign-trail" in page
    part = client.get(f"{url}?critical=1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Raised an exception" in part
    assert ">Performed<" not in part
    digest = queries.trail_statement(again(batch))
    challenge = client.get(url).context["signing"]["challenge"]
    given = {
        "username": "quinn", "password": PASSWORD, "challenge": challenge, "digest": digest_of(digest),
        "version": again(batch).version, "reason": "Two soft limits, both explained.",
    }  # fmt: skip
    wrong = client.post(f"{url}sign/", {**given, "password": "x"})
    assert wrong.status_code == 401
    assert "Not signed." in wrong.content.decode()
    assert client.post(f"{url}sign/", given).status_code == 302
    page = client.get(url).content.decode()
    assert "nothing changed since" in page
    assert "Two soft limits, both explained." in page
    assert "sign-trail" not in page
    raised(batch)
    page = client.get(url).content.decode()
    assert "must be reviewed again" in page
    assert "sign-trail" in page


@pytest.mark.requirement("A11D-16", "P11-09")
def test_who_may_not_review_sees_the_trail_and_no_signature() -> None:
    batch = reviewed_by_production()
    url = f"/batches/{batch.number}/trail/"
    page = window(verifier()).get(url)
    assert page.status_code == 200
    assert "sign-trail" not in page.content.decode()
    assert window(verifier()).post(f"{url}sign/", {}).status_code == 403
    assert window(operator()).get(url).status_code == 403
    assert window(person("nina", "qa", at_site=site("NORTH2"))).get(url).status_code == 404


@pytest.mark.requirement("DI-03")
def test_a_late_entry_is_critical_in_the_trail() -> None:
    batch = executed_batch()
    # Performed four hours after it was done, as paper is copied: recorded now, done at noon.
    raised(batch, at=now() - timedelta(hours=4), kind="paper", severity="note")
    raised(batch, at=now(), kind="on_time", severity="note")
    late = set(queries.late_entries(batch))
    on_time, copied = queries.trail_of(batch)[:2]
    assert copied.pk in late
    assert on_time.pk not in late
    counts = {one["label"]: one["count"] for one in queries.trail_counts(batch, sorted(late))}
    assert counts["Late entries"] == len(late)
    assert counts["Critical"] >= len(late)
