"""The lists of quality with many rows: page by page, filtered, and as CSV without a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from audit.acts import Act, command
from batches.commands import abort_batch
from batches.models import Batch
from quality.commands.deviations import Reported, opened_deviation
from quality.models import Deviation
from tests.quality.test_pages import signed_in
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import running_batch
from tests.worlds.quality import quality, second_quality

pytestmark = pytest.mark.django_db
NASTY = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "plain")


def opened(titles: list[str]) -> None:
    """Open a deviation at the plant for each title."""
    _opened(titles=titles, site_id=site("PLANT").pk, act=act_by(quality()))


@command
def _opened(*, titles: list[str], site_id: int, act: Act) -> None:
    for place, title in enumerate(titles):
        told = Reported(
            kind="identity", title=title, description=title, site_id=site_id,
            in_stream=f"coi:{place}", classification="minor" if place % 2 else "critical",
        )  # fmt: skip
        opened_deviation(told, act=act)


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def walked(client: Client, path: str, name: str) -> list[Any]:
    """Every row that the pages show, following the link of each to the next."""
    seen: list[Any] = []
    answer = client.get(path)
    while True:
        seen += answer.context[name]
        following = answer.context["pager"]["next_href"]
        if not following:
            return seen
        answer = client.get(f"{path.partition('?')[0]}?{following.partition('?')[2]}")


def test_two_hundred_deviations_are_walked_page_by_page_and_exported_whole() -> None:
    opened([f"Deviation {place}" for place in range(200)])
    client = signed_in(second_quality())
    newest = list(Deviation.objects.order_by("-pk").values_list("number", flat=True))
    assert [one.number for one in walked(client, "/deviations/", "deviations")] == newest
    assert [row["deviation"] for row in rows_of(client.get("/deviations/?format=csv"))] == newest
    minor = walked(client, "/deviations/?class=minor", "deviations")
    assert len(minor) == 100
    assert len(rows_of(client.get("/deviations/?class=minor&format=csv"))) == 100
    shown = client.get("/deviations/?class=minor").content.decode()
    assert "?class=minor&amp;format=csv" in shown


def test_the_list_is_paged_by_cursor() -> None:
    opened([f"Deviation {place}" for place in range(27)])
    client = signed_in(quality())
    first = client.get("/deviations/?state=open").content.decode()
    newest = Deviation.objects.order_by("-pk")
    assert "25 of 27 deviations" in first
    assert f"state=open&amp;before={newest[24].pk}" in first
    second = client.get(f"/deviations/?state=open&before={newest[24].pk}").content.decode()
    assert newest[25].number in second
    assert newest[24].number not in second


@pytest.mark.requirement("SEC-02")
def test_no_cell_of_the_deviations_is_a_formula() -> None:
    opened(list(NASTY))
    answer = signed_in(quality()).get("/deviations/?format=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="deviations.csv"'
    told = [row["title"] for row in rows_of(answer)][::-1]
    assert told == [*(f"'{text}" for text in NASTY[:-1]), "plain"]


@pytest.mark.requirement("SEC-23")
def test_the_exports_are_of_ones_own_sites() -> None:
    opened(["Here"])
    waiting(1)
    client = signed_in(person("sam", "qa", at_site=site("SOUTH")))
    for page in ("/deviations/", "/review/"):
        assert rows_of(client.get(f"{page}?format=csv")) == []


def waiting(count: int) -> list[Batch]:
    """Batches that were given up, and wait for quality."""
    made = []
    for _ in range(count):
        batch = running_batch()
        abort_batch(
            batch_id=batch.pk, seen=batch.version, reason="Contaminated.", act=act_by(quality())
        )
        made.append(batch)
    return made


def test_the_queue_is_walked_page_by_page_and_exported_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quality.views.queue.PAGE", 2)
    numbers = [batch.number for batch in waiting(5)]
    client = signed_in(quality())
    assert [one.number for one in walked(client, "/review/", "batches")] == numbers
    kept = walked(client, "/review/?state=aborted", "batches")
    assert [one.number for one in kept] == numbers
    assert walked(client, "/review/?state=qa_review", "batches") == []
    told = rows_of(client.get("/review/?state=aborted&format=csv"))
    assert [row["batch"] for row in told] == numbers
    assert rows_of(client.get("/review/?state=qa_review&format=csv")) == []
    assert "2 of 5 batches" in client.get("/review/").content.decode()


@pytest.mark.parametrize("after", ["x", "-1", "0", "9" * 18, "9" * 400, "%00"])
def test_a_cursor_that_is_none_shows_the_first_page(after: str) -> None:
    [batch] = waiting(1)
    answer = signed_in(quality()).get(f"/review/?after={after}")
    assert [one.number for one in answer.context["batches"]] == [batch.number]
