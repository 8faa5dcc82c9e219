"""Release: only a Qualified Person, once, and only when nothing is missing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.models import FeedEvent, LedgerEntry
from audit.queries import signatures_of
from audit.verification import Verifier
from kernel.errors import (
    AlreadyDone,
    Conflict,
    IllegalMove,
    Invalid,
    NotFound,
    NotPermitted,
    StaleView,
)
from quality import commands, queries
from quality.models import Disposition
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import again
from tests.worlds.quality import (
    LATER,
    SOFT,
    closed,
    disposition,
    escalated,
    executed_batch,
    qualified,
    quality,
    reviewed_batch,
    reviewed_by_production,
)

pytestmark = pytest.mark.django_db


def missing_of(batch: Any) -> list[str]:
    with pytest.raises(Conflict) as refused:
        disposition(batch, "released", qualified())
    return [error.detail for error in refused.value.errors]


@pytest.mark.requirement("A11-15", "P11-15")
def test_the_qualified_person_releases_with_a_signature() -> None:
    batch = reviewed_batch(**SOFT)
    made = disposition(batch, "released", qualified(), comment="Good.")
    signature = signatures_of(made).get()
    assert (signature.meaning, signature.signer_name) == ("released", "Paula Example")
    assert signature.statement["consequence"].startswith(f"Releases batch {batch.number}")
    assert (made.decision, made.decided_by, made.reason) == ("released", qualified(), "Good.")
    batch = again(batch)
    assert (batch.state, batch.order.state, batch.decided_at) == ("released", "released", LATER)
    kinds = FeedEvent.objects.filter(subject=batch.number, kind="batch.released")
    assert kinds.count() == 1
    verbs = LedgerEntry.objects.filter(subject_type="quality.Disposition")
    assert list(verbs.values_list("verb", "stream")) == [("release", batch.stream())]
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("A11-15", "P11-09")
@pytest.mark.parametrize("role", ["operator", "verifier", "qa", "engineer", "planner", "admin"])
def test_nobody_else_releases_or_rejects(role: str) -> None:
    batch = reviewed_batch()
    someone = person(f"r-{role}", role, at_site=site("PLANT"))
    # What other frameworks call a superuser is nothing here.
    someone.is_superuser = True  # type: ignore[attr-defined]
    someone.is_staff = True  # type: ignore[attr-defined]
    for decision in ("released", "rejected"):
        with pytest.raises(NotPermitted):
            disposition(batch, decision, someone)
    assert not Disposition.objects.exists()
    assert again(batch).state == "qa_review"


def test_a_qualified_person_of_another_site_does_not_even_see_it() -> None:
    batch = reviewed_batch()
    other = person("paul", "qp", at_site=site("SOUTH"))
    with pytest.raises(NotPermitted):
        disposition(batch, "released", other)
    with pytest.raises(NotFound):
        disposition(batch, "rejected", other)


@pytest.mark.requirement("A11-15")
def test_a_second_decision_is_refused_and_names_the_first() -> None:
    batch = reviewed_batch()
    disposition(batch, "released", qualified())
    second = person("pia", "qp", at_site=site("PLANT"))
    for decision in ("released", "rejected"):
        with pytest.raises(AlreadyDone) as refused:
            disposition(batch, decision, second)
        assert refused.value.status == 409
        assert refused.value.detail == (
            f"Batch {batch.number} was released by Paula Example, 23 Nov 2026 16:00:00 UTC."
            " Nothing was written now."
        )
    assert Disposition.objects.count() == 1


@pytest.mark.requirement("CGMP-17", "A11D-16")
def test_what_is_missing_is_said_in_words() -> None:
    batch = executed_batch(**SOFT)
    assert missing_of(batch) == [
        "Production has not reviewed the batch.",
        "1 exception is not opened by a reviewer.",
        "1 exception is not decided.",
        "The audit trail is not reviewed.",
        "Quality has not reviewed the batch.",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_batch_without_a_scan_at_receipt_or_in_a_step_is_not_released(superuser: Any) -> None:
    batch = reviewed_batch()
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("DELETE FROM supply_custodyevent WHERE kind = 'received'")
    superuser.execute(
        "UPDATE batches_stepvalue SET verdict = 'mismatch' FROM batches_step s"
        " WHERE s.id = step_id AND s.code = 'S10'"
    )
    first, second, *others = missing_of(batch)
    assert first == "The chain of identity was not verified at receipt."
    assert second == "The chain of identity was not verified in the step Identify the label."
    assert len(others) == 1
    assert "deleted: supply.CustodyEvent" in " ".join(queries.verified_findings(batch))


@pytest.mark.requirement("ATMP-12", "CGMP-17")
def test_an_open_deviation_blocks_the_release() -> None:
    batch = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(batch).get()
    deviation = escalated(found)
    assert missing_of(batch) == [
        "1 exception is not decided.",
        f"Deviation {deviation.number} is not closed.",
        "The audit trail is not reviewed.",
        "Quality has not reviewed the batch.",
    ]
    closed(deviation)
    assert missing_of(batch) == [
        "The audit trail is not reviewed.",
        "Quality has not reviewed the batch.",
    ]


@pytest.mark.requirement("A11D-16")
def test_a_deviation_reopened_after_the_review_blocks_again() -> None:
    from tests.worlds.quality import moved, review

    batch = reviewed_by_production(**SOFT)
    deviation = closed(escalated(queries.exceptions_of(batch).get()))
    review(batch, "quality", quality())
    moved(deviation, "reopen")
    assert missing_of(batch) == [
        "1 exception is not decided.",
        f"Deviation {deviation.number} is not closed.",
        "The audit trail is not reviewed.",
        "The record changed after quality reviewed it: it must be reviewed again.",
    ]


@pytest.mark.requirement("P11-01")
@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_tampered_with_is_not_released(superuser: Any) -> None:
    batch = reviewed_batch(**SOFT)
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE batches_stepvalue SET entered = '55.0' WHERE batch_id = %s AND entered = '45.0'"
        " RETURNING id",
        [batch.pk],
    )
    (value_id,) = superuser.fetchone()
    (said,) = missing_of(batch)
    assert said.startswith(
        f"The record is not as it was recorded: changed: batches.StepValue {value_id}.entered:"
        " is not what was recorded"
    )
    assert again(batch).state == "qa_review"


def test_whoever_took_part_does_not_release() -> None:
    both = person("vera", "verifier", "qp", at_site=site("PLANT"))
    batch = reviewed_batch()
    with pytest.raises(Conflict, match="does not release it"):
        disposition(batch, "released", both)


@pytest.mark.requirement("P11-17")
def test_what_changed_after_it_was_shown_is_not_released() -> None:
    batch = reviewed_batch()
    for changes in ({"seen": 1}, {"seen_digest": "0" * 64}):
        with pytest.raises(StaleView):
            disposition(batch, "released", qualified(), **changes)
    assert not Disposition.objects.exists()


def test_a_rejection_needs_words_and_fails_the_order() -> None:
    batch = reviewed_batch()
    with pytest.raises(Invalid):
        disposition(batch, "rejected", qualified(), reason=" . ")
    made = disposition(batch, "rejected", qualified())
    assert (made.decision, made.reason) == ("rejected", "The patient withdrew.")
    assert (again(batch).state, again(batch).order.state) == ("rejected", "failed")
    assert signatures_of(made).get().meaning == "rejected"


def test_a_batch_that_is_not_in_review_is_not_rejected() -> None:
    with pytest.raises(IllegalMove):
        disposition(executed_batch(), "rejected", qualified())


def test_an_aborted_batch_is_reviewed_and_rejected_but_never_released() -> None:
    from batches.commands import abort_batch
    from tests.worlds.batches import batch_at
    from tests.worlds.quality import decided, review

    batch, _ = batch_at("S09", work=None)
    abort_batch(
        batch_id=batch.pk, seen=batch.version, reason="The bag broke.", act=act_by(quality())
    )
    for found in queries.exceptions_of(batch):
        decided(found)
    review(batch, "quality", quality())
    assert again(batch).state == "qa_review_of_aborted"
    assert "The batch was aborted: it can only be rejected." in missing_of(batch)
    assert disposition(batch, "rejected", qualified()).decision == "rejected"


@pytest.mark.requirement("P11-21", "P11-24")
def test_the_proof_must_be_the_signers_own_and_fresh() -> None:
    from datetime import timedelta

    batch = reviewed_batch()
    second = person("pia", "qp", at_site=site("PLANT"))
    with pytest.raises(NotPermitted):
        disposition(batch, "released", qualified(), proof=proof_of(second, at=LATER))
    with pytest.raises(NotPermitted):
        disposition(
            batch,
            "released",
            qualified(),
            proof=proof_of(qualified(), at=LATER - timedelta(seconds=31)),
        )
    assert not Disposition.objects.exists()


def test_the_database_holds_one_disposition_for_ever() -> None:
    batch = reviewed_batch()
    disposition(batch, "released", qualified())
    for attack in (
        "UPDATE quality_disposition SET decision = 'rejected'",
        "DELETE FROM quality_disposition",
        "UPDATE quality_review SET ledger_seq = 0",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quality_disposition (batch_id, decision, decided_by_id, decided_at,"
            " reason) SELECT batch_id, 'rejected', decided_by_id, now(), '' FROM"
            " quality_disposition"
        )


@pytest.mark.requirement("A11-15")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_the_same_moment_one_wins() -> None:
    """On real connections: release against rejection against release, all at once."""
    batch = reviewed_batch(**SOFT)
    asked = [
        (qualified(), "released"),
        (person("pia", "qp", at_site=site("PLANT")), "rejected"),
        (person("paul", "qp", at_site=site("PLANT")), "released"),
    ]
    from audit.signing import digest_of

    digests = {
        decision: digest_of(queries.disposition_statement(batch, decision))
        for decision in ("released", "rejected")
    }
    together = Barrier(len(asked))

    def decide(who: Any, decision: str) -> Any:
        ask = commands.release_batch if decision == "released" else commands.reject_batch
        words = {} if decision == "released" else {"reason": "The patient withdrew."}
        together.wait()
        try:
            return ask(
                batch_id=batch.pk,
                seen=batch.version,
                proof=proof_of(who, at=LATER),
                seen_digest=digests[decision],
                act=act_by(who, at=LATER),
                **words,
            )
        except Conflict as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(lambda pair: decide(*pair), asked))
    won = [answer for answer in answers if isinstance(answer, Disposition)]
    lost = [answer for answer in answers if isinstance(answer, AlreadyDone)]
    assert (len(won), len(lost)) == (1, 2), answers
    said = f"was {won[0].decision} by {won[0].decided_by.full_name}, 23 Nov 2026 16:00:00 UTC"
    assert all(said in refusal.detail for refusal in lost)
    assert Disposition.objects.count() == 1
    assert again(batch).state == won[0].decision
    assert list(Verifier().findings()) == []
