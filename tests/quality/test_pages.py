"""The pages of quality over HTTP: what they show, to whom, and what a form may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import LedgerEntry, User
from kernel.canonical import canonical
from quality import queries
from quality.models import BatchException, Deviation, Disposition
from tests.quality.dialogs import dialog
from tests.worlds.audit import person, site
from tests.worlds.batches import again, operator, running_batch
from tests.worlds.quality import (
    CLOUDY,
    SOFT,
    escalated,
    executed_batch,
    moved,
    qualified,
    quality,
    raised,
    reviewed_batch,
    reviewed_by_production,
    reviewer,
    second_quality,
    trail_reviewed,
)

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="mes.sign_in.People")
    return client


def test_looking_writes_nothing() -> None:
    batch = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(batch).get()
    before = LedgerEntry.objects.count()
    client = signed_in(quality())
    for page in (
        "/review/",
        f"/batches/{batch.number}/review/",
        f"/batches/{batch.number}/review/?exception={found.pk}",
        f"/batches/{batch.number}/release/",
        "/deviations/",
    ):
        assert client.get(page).status_code == 200, page
    assert LedgerEntry.objects.count() == before
    found.refresh_from_db()
    assert found.opened_at is None


@pytest.mark.requirement("A11D-16")
def test_the_exception_is_shown_once_it_was_opened() -> None:
    batch = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(batch).get()
    client, page = signed_in(quality()), f"/batches/{batch.number}/review/?exception={found.pk}"
    assert "Not opened yet" in client.get(page).content.decode()
    answer = client.post(f"/batches/{batch.number}/review/exceptions/{found.pk}/open/")
    assert (answer.status_code, answer["Location"]) == (302, page)
    shown = client.get(page).content.decode()
    assert "45.0 is below 50.0 mL" in shown
    assert "The bag held less." in shown
    assert "50.0 to 100.0 mL" in shown
    assert "Take the balance" in shown
    assert "Note the temperature" in shown
    found.refresh_from_db()
    assert found.opened_by == quality()


def test_production_reads_without_leaving_a_look() -> None:
    batch = executed_batch(**SOFT)
    found = queries.exceptions_of(batch).get()
    page = f"/batches/{batch.number}/review/?exception={found.pk}"
    shown = signed_in(reviewer()).get(page).content.decode()
    assert "45.0 is below 50.0 mL" in shown
    assert "Sign: reviewed for production" in shown
    answer = signed_in(reviewer()).post(
        f"/batches/{batch.number}/review/exceptions/{found.pk}/open/"
    )
    assert answer.status_code == 403


@pytest.mark.requirement("CGMP-17")
def test_no_page_reaches_the_exception_of_another_batch() -> None:
    one, two = reviewed_by_production(**SOFT), executed_batch(room="ROOM-2", **CLOUDY)
    other = queries.exceptions_of(two).get()
    client = signed_in(quality())
    assert client.get(f"/batches/{one.number}/review/?exception={other.pk}").status_code == 404
    for verb in ("open", "accept", "deviation"):
        answer = client.post(f"/batches/{one.number}/review/exceptions/{other.pk}/{verb}/")
        assert answer.status_code == 404
    other.refresh_from_db()
    assert other.opened_at is None
    assert other.detail not in client.get(f"/batches/{one.number}/review/").content.decode()


def test_an_excursion_is_shown_with_the_readings_around_it() -> None:
    import html
    import re

    from monitoring.commands import change_limits
    from tests.quality.test_readers import exceeded, tell
    from tests.worlds.audit import act_by
    from tests.worlds.batches import ROOM
    from tests.worlds.monitoring import measured, room, sensor

    incubator = sensor("INC1-TEMP", at_room=room(ROOM))
    measured(incubator, [20.0, 20.5, 21.0], start=240)
    batch = reviewed_by_production()
    engineer = person("erik", "engineer")
    change_limits(
        sensor_id=incubator.pk,
        seen=1,
        changes={"critical_high": Decimal(40), "warn_high": None},
        act=act_by(engineer, reason="A new incubator."),
    )
    event = exceeded(batch)
    tell(event=event, touched=batch, act=event.act)
    found = queries.exceptions_of(batch).get()
    client = signed_in(quality())
    client.post(f"/batches/{batch.number}/review/exceptions/{found.pk}/open/")
    shown = client.get(f"/batches/{batch.number}/review/?exception={found.pk}").content.decode()
    url = re.search('data-url="([^"]+)"', shown)
    assert url is not None
    readings = client.get(html.unescape(url.group(1)))
    assert readings.status_code == 200
    assert readings.json()["values"] == [20.0, 20.5, 21.0]
    drawn = [row["value"] for row in readings.json()["limits"]]
    assert drawn == ["25", "22", "18", "15"], "the limits under which the batch was made"


def test_a_refused_comment_keeps_what_was_written() -> None:
    batch = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(batch).get()
    client, place = signed_in(quality()), f"/batches/{batch.number}/review/exceptions/{found.pk}"
    client.post(f"{place}/open/")
    answer = client.post(f"{place}/accept/", {"comment": " . "})
    assert answer.status_code == 422
    assert "A comment is needed" in answer.content.decode()
    answer = client.post(f"{place}/accept/", {"comment": "<script>alert(1)</script> harmless"})
    assert answer.status_code == 302
    shown = client.get(f"/batches/{batch.number}/review/?exception={found.pk}").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; harmless" in shown
    assert "<script>alert" not in shown


@pytest.mark.requirement("P11-21", "A11-15")
def test_the_whole_way_to_the_release_over_http() -> None:
    batch = executed_batch(**SOFT)
    found = queries.exceptions_of(batch).get()
    place = f"/batches/{batch.number}"
    rosa, quinn, paula = (signed_in(one()) for one in (reviewer, quality, qualified))
    answer = rosa.post(
        f"{place}/review/production/",
        dialog(rosa, queries.review_statement(batch, "production"), reviewer(), batch.version),
    )
    assert answer.status_code == 302
    quinn.post(f"{place}/review/exceptions/{found.pk}/open/")
    quinn.post(f"{place}/review/exceptions/{found.pk}/accept/", {"comment": "Volume suffices."})
    batch = again(batch)
    trail_reviewed(batch)
    answer = quinn.post(
        f"{place}/review/quality/",
        dialog(quinn, queries.review_statement(batch, "quality"), quality(), batch.version),
    )
    assert answer.status_code == 302
    batch = again(batch)
    shown = paula.get(f"{place}/release/").content.decode()
    assert "Nothing is missing" in shown
    assert f"Releases batch {batch.number} for patient {batch.order.patient.code}" in shown
    statement = queries.disposition_statement(batch, "released")
    wrong = {**dialog(paula, statement, qualified(), batch.version), "password": "wrong"}
    answer = paula.post(f"{place}/release/sign/", wrong)
    assert answer.status_code == 401
    assert "User ID and password do not match" in answer.content.decode()
    assert not Disposition.objects.exists()
    answer = paula.post(
        f"{place}/release/sign/", dialog(paula, statement, qualified(), batch.version)
    )
    assert answer.status_code == 302
    shown = paula.get(f"{place}/release/").content.decode()
    assert f"Batch {batch.number} was released by Paula Example" in shown
    answer = paula.post(
        f"{place}/release/reject/",
        dialog(paula, statement, qualified(), batch.version, reason="No good."),
    )
    assert answer.status_code == 409
    assert "was released by Paula Example" in answer.content.decode()
    assert again(batch).state == "released"
    # The release itself is no change after the review.
    shown = quinn.get(f"{place}/review/").content.decode()
    assert "must be reviewed again" not in shown


@pytest.mark.requirement("A11-15", "P11-09")
@pytest.mark.parametrize("who", [operator, reviewer, quality])
def test_the_page_of_the_release_signs_for_nobody_else(who: Any) -> None:
    batch = reviewed_batch()
    client = signed_in(who())
    statement = queries.disposition_statement(batch, "released")
    for verb in ("sign", "reject"):
        answer = client.post(
            f"/batches/{batch.number}/release/{verb}/",
            dialog(client, statement, who(), batch.version, reason="Because."),
        )
        assert answer.status_code == 403
    assert not Disposition.objects.exists()


def test_a_session_of_one_person_takes_the_signature_of_nobody_unqualified() -> None:
    batch = reviewed_batch()
    statement = queries.disposition_statement(batch, "released")
    client = signed_in(qualified())
    answer = client.post(
        f"/batches/{batch.number}/release/sign/",
        dialog(client, statement, quality(), batch.version),
    )
    assert answer.status_code == 403
    assert not Disposition.objects.exists()


def test_a_refused_release_names_what_is_missing() -> None:
    batch = executed_batch(**SOFT)
    shown = signed_in(qualified()).get(f"/batches/{batch.number}/release/").content.decode()
    assert "1 exception is not decided." in shown
    assert f'href="/batches/{batch.number}/review/#exceptions"' in shown
    statement = queries.disposition_statement(batch, "released")
    client = signed_in(qualified())
    answer = client.post(
        f"/batches/{batch.number}/release/sign/",
        dialog(client, statement, qualified(), batch.version),
    )
    assert answer.status_code == 409
    assert "Production has not reviewed the batch." in answer.content.decode()


def test_a_deviation_is_worked_on_page_by_page() -> None:
    deviation = escalated(raised(running_batch()))
    client, place = signed_in(second_quality()), f"/deviations/{deviation.number}"
    assert client.get(f"{place}/").status_code == 200
    for verb, version, words in (
        ("classify", 1, {"classification": "major"}),
        ("investigate", 2, {"cause": "The door stood open."}),
        ("return", 3, {"reason": "Which door was it?"}),
        ("investigate", 4, {"cause": "The door of the airlock stood open."}),
    ):
        answer = client.post(f"{place}/{verb}/", {"version": version, **words})
        assert (answer.status_code, answer["Location"]) == (302, f"{place}/"), verb
    answer = client.post(
        f"{place}/assess/",
        {"version": 5, "impact_on_other_batches": ".", "decision": "Go on with it."},
    )
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "The impact on other batches is needed" in shown
    assert "Go on with it." in shown
    answer = client.post(
        f"{place}/assess/",
        {"version": 5, "impact_on_other_batches": "None was there.", "decision": "Go on."},
    )
    assert answer.status_code == 302
    deviation.refresh_from_db()
    statement = queries.closing_statement(deviation)
    other = signed_in(quality())
    refused = other.post(f"{place}/close/", dialog(other, statement, quality(), 6))
    assert refused.status_code == 403
    answer = client.post(f"{place}/close/", dialog(client, statement, second_quality(), 6))
    assert answer.status_code == 302
    assert Deviation.objects.get(pk=deviation.pk).state == "closed"
    assert "Quentin Example" in client.get(f"{place}/").content.decode()


def test_every_link_and_every_form_leads_somewhere() -> None:
    import re
    from html import unescape

    from django.urls import resolve

    batch = reviewed_batch(**SOFT)
    waiting = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(waiting).get()
    deviation = escalated(found)
    everything = person("all", "operator", "verifier", at_site=site("PLANT"))
    for who in (quality(), qualified(), everything):
        client = signed_in(who)
        for page in (
            "/review/",
            "/deviations/",
            f"/deviations/{deviation.number}/",
            f"/batches/{batch.number}/",
            f"/batches/{batch.number}/review/",
            f"/batches/{waiting.number}/review/?exception={found.pk}",
            f"/batches/{batch.number}/release/",
            f"/batches/{waiting.number}/release/",
        ):
            answer = client.get(page)
            assert answer.status_code in (200, 403), page
            for link in re.findall(r'(?:href|action)="(/[^"]*)"', answer.content.decode()):
                path = unescape(link).partition("#")[0].partition("?")[0]
                if path.startswith(("/batches/", "/deviations/", "/review/", "/sensors/")):
                    assert resolve(path), (page, link)
                    assert path.endswith("/"), (page, link)


def test_a_stale_page_is_a_conflict() -> None:
    deviation = escalated(raised(running_batch()))
    moved(deviation, "classify")
    client = signed_in(second_quality())
    answer = client.post(
        f"/deviations/{deviation.number}/investigate/", {"version": 1, "cause": "A cause."}
    )
    assert answer.status_code == 409
    for version in ("", "x", "-1", "9" * 40):
        answer = client.post(
            f"/deviations/{deviation.number}/investigate/",
            {"version": version, "cause": "A cause."},
        )
        assert answer.status_code == 422


def test_another_site_finds_nothing() -> None:
    batch = reviewed_by_production(**SOFT)
    found = queries.exceptions_of(batch).get()
    deviation = escalated(found)
    client = signed_in(person("sam", "qa", "qp", at_site=site("SOUTH")))
    for page in (
        f"/batches/{batch.number}/review/",
        f"/batches/{batch.number}/release/",
        f"/deviations/{deviation.number}/",
    ):
        assert client.get(page).status_code == 404
    for page in ("/review/", "/deviations/"):
        shown = client.get(page).content.decode()
        assert batch.number not in shown
        assert deviation.number not in shown


@pytest.mark.parametrize(
    "query", ["", "?state=open", "?state=bad", "?class=minor", "?batch=B-000001", "?before=1",
              "?before=x", "?batch=%00", "?batch=" + "9" * 400],
)  # fmt: skip
def test_the_list_takes_every_filter(query: str) -> None:
    escalated(raised(running_batch()))
    assert signed_in(quality()).get(f"/deviations/{query}").status_code == 200


@pytest.mark.parametrize(
    "number", ["%00", "X", "B-999999", "x" * 300, "%F0%9F%92%A9", "..%2F", "%0d%0a"]
)
def test_what_does_not_exist_is_not_found(number: str) -> None:
    client = signed_in(person("all", "qa", "qp", "verifier", at_site=site("PLANT")))
    for page in (f"/batches/{number}/review/", f"/batches/{number}/release/"):
        assert client.get(page).status_code == 404, page
    assert client.get(f"/deviations/{number}/").status_code == 404


def test_lists_ask_the_same_questions_for_one_row_and_for_three() -> None:
    client = signed_in(quality())
    escalated(raised(executed_batch(**SOFT)))
    counted = [queries_of(client, page) for page in ("/review/", "/deviations/")]
    for room in ("ROOM-2", "ROOM-3"):
        escalated(raised(executed_batch(room=room, **SOFT)))
    assert [queries_of(client, page) for page in ("/review/", "/deviations/")] == counted


def queries_of(client: Client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


def test_the_section_for_the_record_is_plain() -> None:
    batch = reviewed_batch(**SOFT)
    section = queries.section_for_record(batch)
    assert canonical(section)
    assert [one["kind"] for one in section["reviews"]] == ["production", "trail", "quality"]
    assert section["reviews"][1]["signatures"][0]["signer"] == "Quinn Example"
    (found,) = section["exceptions"]
    assert (found["step"], found["comment"], found["reviewed_by"]) == (
        "S05",
        "No harm done.",
        "Quinn Example",
    )
    assert section["disposition"] is None
    assert BatchException.objects.count() == 1
