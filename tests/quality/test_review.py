"""Review by exception: every exception of a batch and no other, opened, decided, signed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from audit.models import LedgerEntry
from audit.queries import signatures_of
from audit.verification import Verifier
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted, StaleView
from quality import commands, queries
from quality.models import BatchException
from quality.states import EXCEPTION
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import again, running_batch
from tests.worlds.quality import (
    CLOUDY,
    LATER,
    SOFT,
    closed,
    decided,
    escalated,
    executed_batch,
    quality,
    raised,
    review,
    reviewed_batch,
    reviewed_by_production,
    reviewer,
    second_quality,
)

pytestmark = pytest.mark.django_db


def first_of(batch: Any) -> BatchException:
    found = queries.exceptions_of(batch).first()
    assert found is not None
    return found


@pytest.mark.requirement("CGMP-17")
def test_the_list_is_exactly_the_exceptions_of_this_batch() -> None:
    one = executed_batch(**SOFT)
    two = executed_batch(room="ROOM-2", **CLOUDY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT batch_id, count(*) FROM quality_batchexception GROUP BY 1 ORDER BY 1"
        )
        counted = dict(cursor.fetchall())
    assert counted == {one.pk: 1, two.pk: 1}
    assert [(found.batch_id, found.kind) for found in queries.exceptions_of(one)] == [
        (one.pk, "soft_limit")
    ]
    assert [(found.batch_id, found.kind) for found in queries.exceptions_of(two)] == [
        (two.pk, "not_accepted")
    ]


def test_the_gravest_come_first() -> None:
    batch = executed_batch(**SOFT, **CLOUDY)
    assert [found.severity for found in queries.exceptions_of(batch)] == ["critical", "warning"]


@pytest.mark.requirement("CGMP-17", "A11D-16")
def test_an_exception_is_decided_only_after_it_was_opened() -> None:
    batch = reviewed_by_production(**SOFT)
    found = first_of(batch)
    with pytest.raises(Conflict, match="Open the exception"):
        commands.accept_exception(exception_id=found.pk, comment="Fine.", act=act_by(quality()))
    decided(found)
    found.refresh_from_db()
    assert (found.state, found.opened_by, found.reviewed_by) == ("accepted", quality(), quality())
    verbs = LedgerEntry.objects.filter(
        subject_type="quality.BatchException", subject_id=str(found.pk)
    )
    assert list(verbs.order_by("seq").values_list("verb", flat=True)) == [
        "raise_exception",
        "open",
        "accept",
    ]


def test_opening_twice_is_one_look() -> None:
    found = raised(running_batch())
    commands.open_exception(exception_id=found.pk, act=act_by(quality(), at=LATER))
    again_ = commands.open_exception(exception_id=found.pk, act=act_by(second_quality()))
    assert again_.opened_by == quality()
    assert (
        LedgerEntry.objects.filter(verb="open", subject_type="quality.BatchException").count() == 1
    )


@pytest.mark.requirement("A11-09")
@pytest.mark.parametrize("comment", ["", " ", ".", "ok"])
def test_a_comment_says_something(comment: str) -> None:
    found = raised(running_batch())
    commands.open_exception(exception_id=found.pk, act=act_by(quality()))
    with pytest.raises(Invalid):
        commands.accept_exception(exception_id=found.pk, comment=comment, act=act_by(quality()))
    found.refresh_from_db()
    assert found.state == "open"


def test_an_exception_is_decided_once() -> None:
    found = raised(running_batch())
    decided(found)
    with pytest.raises(AlreadyDone, match="Quinn Example has already accepted"):
        decided(found, second_quality())
    with pytest.raises(AlreadyDone):
        escalated(found, second_quality())


@pytest.mark.requirement("P11-09")
def test_only_quality_decides_on_exceptions() -> None:
    found = raised(running_batch())
    for role in ("operator", "verifier", "planner", "engineer", "admin"):
        someone = person(f"r-{role}", role, at_site=site("PLANT"))
        with pytest.raises(NotPermitted):
            commands.open_exception(exception_id=found.pk, act=act_by(someone))
    found.refresh_from_db()
    assert found.opened_at is None


@pytest.mark.requirement("A11D-16", "CGMP-25")
def test_whoever_had_a_part_in_the_making_reviews_nothing() -> None:
    both = person("vera", "verifier", "qa", at_site=site("PLANT"))
    batch = executed_batch(**SOFT)
    assert both.pk in queries.participants_of(batch)
    with pytest.raises(NotPermitted, match="had a part"):
        commands.open_exception(exception_id=first_of(batch).pk, act=act_by(both))
    review(batch, "production", reviewer())
    decided(first_of(batch))
    with pytest.raises(NotPermitted, match="had a part"):
        review(batch, "quality", both)


@pytest.mark.requirement("A11D-16")
def test_an_operator_does_not_review_for_production_what_they_made() -> None:
    both = person("olivia", "operator", "verifier", at_site=site("PLANT"))
    batch = executed_batch()
    with pytest.raises(NotPermitted, match="performed a step"):
        review(batch, "production", both)
    with pytest.raises(NotPermitted):
        review(batch, "production", quality())


@pytest.mark.requirement("P11-15", "A11D-17")
def test_the_reviews_are_signed() -> None:
    batch = reviewed_batch(**SOFT)
    assert batch.state == "qa_review"
    found = list(batch.reviews.order_by("id"))
    assert [(one.kind, one.reviewed_by.username) for one in found] == [
        ("production", "rosa"),
        ("trail", "quinn"),
        ("quality", "quinn"),
    ]
    for one in found:
        signature = signatures_of(one).get()
        assert (signature.meaning, signature.signer) == ("reviewed", one.reviewed_by)
        assert signature.statement["batch"] == batch.number
    assert list(Verifier().findings()) == []


def test_production_reviews_once_and_only_a_complete_batch() -> None:
    batch = reviewed_by_production()
    with pytest.raises(AlreadyDone, match="Rosa Example has already reviewed"):
        review(batch, "production", reviewer())


def test_quality_comes_after_production() -> None:
    batch = executed_batch()
    with pytest.raises(IllegalMove):
        review(batch, "quality", quality())


@pytest.mark.requirement("CGMP-17")
def test_quality_signs_only_when_every_exception_is_opened_and_decided() -> None:
    batch = reviewed_by_production(**SOFT, **CLOUDY)
    one, two = queries.exceptions_of(batch)
    decided(one)
    with pytest.raises(Conflict) as refused:
        review(batch, "quality", quality())
    assert [error.detail for error in refused.value.errors] == [
        "1 exception is not opened by a reviewer.",
        "1 exception is not decided.",
    ]
    commands.open_exception(exception_id=two.pk, act=act_by(quality()))
    with pytest.raises(Conflict, match="is not possible yet: 1 exception is not decided"):
        review(batch, "quality", quality())
    decided(two)
    assert review(batch, "quality", quality()).kind == "quality"


def test_what_changed_after_it_was_shown_is_not_signed() -> None:
    batch = reviewed_by_production(**SOFT)
    shown = queries.review_statement(batch, "quality")
    decided(first_of(batch))
    from audit.signing import digest_of

    with pytest.raises(StaleView):
        review(batch, "quality", quality(), seen_digest=digest_of(shown))
    assert again(batch).state == "production_reviewed"


@pytest.mark.requirement("A11D-16")
def test_a_change_after_the_review_reopens_it() -> None:
    batch = reviewed_batch(**SOFT)
    with pytest.raises(AlreadyDone, match="nothing changed since"):
        review(batch, "quality", second_quality())
    from batches.commands import note_refusal

    note_refusal(
        batch_id=batch.pk, step_id=None, verb="release", refusal=Conflict("no"), act=act_by()
    )
    assert not queries.release_facts(batch).is_changed_since_review
    commands.return_batch(
        batch_id=batch.pk, seen=batch.version, reason="Look at S05 again.", act=act_by(quality())
    )
    assert queries.release_facts(again(batch)).is_changed_since_review
    review(batch, "quality", second_quality())
    assert not queries.release_facts(again(batch)).is_changed_since_review
    assert again(batch).state == "qa_review"


def test_an_exception_may_become_a_deviation_that_settles_it() -> None:
    batch = reviewed_by_production(**SOFT)
    deviation = escalated(first_of(batch))
    found = first_of(batch)
    assert (found.state, found.deviation) == ("in_deviation", deviation)
    assert (deviation.batch, deviation.in_stream) == (batch, batch.stream())
    with pytest.raises(Conflict, match=f"Deviation {deviation.number} is not closed"):
        review(batch, "quality", second_quality())
    closed(deviation)
    found = first_of(batch)
    assert (found.state, found.comment) == ("accepted", f"Settled by deviation {deviation.number}.")
    assert review(batch, "quality", quality()).pk


@pytest.mark.requirement("P11-08")
def test_every_absent_move_of_an_exception_is_refused_by_the_table_and_the_database() -> None:
    refused = 0
    for before in sorted(EXCEPTION.states):
        for verb in sorted(EXCEPTION.verbs):
            if (before, verb) not in EXCEPTION.table:
                with pytest.raises(IllegalMove):
                    EXCEPTION.after(before, verb)
                refused += 1
    assert refused == len(EXCEPTION.states) * len(EXCEPTION.verbs) - len(EXCEPTION.table)
