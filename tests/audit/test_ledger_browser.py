"""The ledger as people read it: in words, filtered, by page, and of their sites."""

from __future__ import annotations

import ast
import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from audit.acts import Act, command, record
from audit.edges import now
from audit.models import LedgerEntry, Recorded, SavedSearch, Signature, User
from audit.queries import Asked, entries_asked, page_by_time, told_entries
from audit.queries.naming import named
from batches.models import Batch
from kernel.states import Moves
from mes.vocabulary import NAMES, VERBS
from monitoring.commands import change_limits
from tests.architecture.test_recorded import is_recorded
from tests.architecture.test_sizes_and_words import sources
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import running_batch
from tests.worlds.monitoring import sensor

pytestmark = pytest.mark.django_db
BACKEND = "mes.sign_in.People"


def as_person(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode()


@command
def note(*, user: User, reason: str, act: Act, verb: str = "deactivate") -> None:
    """Something recorded about a person, with a reason."""
    record(act, verb, user, reason=reason)


# Words.


def literals() -> set[str]:
    """Every verb that a command writes as a word."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).split(".")[-1]
            place = 1
            if called in ("record", "save_batch", "save_step", "move_order", "_saved") and (
                len(node.args) > place
                and isinstance(node.args[place], ast.Constant)
                and isinstance(node.args[place].value, str)
            ):
                found.add(node.args[place].value)
    return found


@pytest.mark.requirement("P11-06", "DI-02")
def test_every_verb_and_every_kind_of_record_has_its_words() -> None:
    records = [m for m in apps.get_models() if is_recorded(m) and issubclass(m, Recorded)]
    machines: list[Moves] = [one for model in records for one in model.moves.values()]
    verbs = literals() | {verb for one in machines for verb in one.verbs}
    assert len(verbs) > 30
    assert sorted(verbs - set(VERBS)) == []
    assert sorted({model._meta.label for model in records} - set(NAMES)) == []


def test_every_name_can_be_filled_in() -> None:
    assert named([(label, "1") for label in NAMES])


# What an entry says.


@pytest.mark.requirement("P11-06", "A11-09", "DI-02")
def test_a_change_reads_with_label_unit_before_and_after() -> None:
    watched = sensor()
    engineer = person("erik", "engineer")
    change_limits(
        sensor_id=watched.pk,
        seen=watched.version,
        changes={"warn_high": Decimal("24.5")},
        act=act_by(engineer, reason="The room was measured anew."),
    )
    entry = LedgerEntry.objects.filter(verb="change_limits").get()
    (told,) = told_entries([entry])
    assert (told.who, told.verb) == ("Erik Example", "Changed the limits")
    assert told.record.text == f"Sensor {watched.code}"
    change = next(one for one in told.foremost if one.label == "Warn high")
    assert change.before is not None
    assert change.after is not None
    assert change.after.text == "24.5 °C"
    assert change.before.text.endswith(" °C")
    assert [one.label for one in told.further] == ["Version"]
    assert (told.reason, told.origin, told.is_critical) == (
        "The room was measured anew.",
        "test",
        True,
    )


@pytest.mark.requirement("P11-06")
def test_the_page_shows_who_what_when_why_from_where_and_the_old_value_struck_through() -> None:
    batch = running_batch()
    page = text_of(as_person(person("quinn", "qa")).get(f"/ledger/?record={batch.number}"))
    assert "Olivia Example" in page
    assert f"Batch {batch.number}" in page
    assert '<del class="recorded-old"><span class="visually-hidden">Before: </span>' in page
    assert "Put on hold" in page  # offered as a filter
    assert " UTC</time>" in page
    assert "Step S01" in page


def test_noise_left_by_an_attacker_is_shown_as_noise(attacker: Any) -> None:
    person("quinn", "qa")
    entry = LedgerEntry.objects.filter(stream="people").last()
    assert entry is not None
    for noise in ("no json", '{"before": 1}', "[]", '{"after":{"x":{}},"before":{}}'):
        entry.entry = noise
        (told,) = told_entries([entry])
        assert not told.is_readable
        assert told.changes == ()


@pytest.mark.requirement("DI-03")
def test_what_is_recorded_long_after_it_was_done_is_a_late_entry() -> None:
    quinn = person("quinn", "qa")
    note(user=quinn, reason="On time.", act=act_by(quinn, at=now()))
    note(user=quinn, reason="Late.", act=act_by(quinn, at=now() - timedelta(minutes=16)))
    late, early = told_entries(LedgerEntry.objects.order_by("-id")[:2])
    assert (early.is_late, late.is_late) == (False, True)


# Filters, pages, rights.


@pytest.fixture
def three() -> tuple[User, User]:
    quinn, erik = person("quinn", "qa"), person("erik", "engineer")
    note(user=erik, reason='Left "for good" on Friday.', act=act_by(quinn))
    note(user=erik, reason="", act=act_by(quinn), verb="set_password")
    note(user=quinn, reason="Left too.", act=act_by(erik))
    return quinn, erik


@pytest.mark.requirement("A11-09")
@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"verb": "deactivate"}, 2),
        ({"person": "ERIK"}, 2),
        ({"person": "nobody"}, 0),
        ({"why": "left"}, 2),
        ({"why": '"FOR GOOD"'}, 1),
        ({"why": "%"}, 0),
        ({"verb": "deactivate", "record": "erik"}, 1),
        ({"record": "X-999"}, 0),
        ({"is_critical": True, "record": "erik"}, 2),
        ({"verb": "deactivate", "since": now().date() + timedelta(days=1)}, 0),
        ({"verb": "deactivate", "until": now().date() + timedelta(days=1)}, 2),
        ({"verb": "deactivate", "until": now().date() - timedelta(days=1)}, 0),
    ],
)
def test_each_filter_leaves_what_it_says(
    three: tuple[User, User], asked: dict[str, Any], count: int
) -> None:
    assert entries_asked(Asked(**asked), three[0]).count() == count


def test_pages_hold_every_entry_once_in_both_directions(three: tuple[User, User]) -> None:
    found = entries_asked(Asked(), three[0])
    everything = [entry.pk for entry in found]
    assert len(everything) > 7
    forth: list[int] = []
    before = None
    while True:
        rows, has_newer, has_older = page_by_time(found, size=3, before=before)
        assert has_newer == bool(forth)
        forth += [row.pk for row in rows]
        before = rows[-1].pk
        if not has_older:
            break
    assert forth == everything
    back, has_newer, _ = page_by_time(found, size=3, after=forth[3])
    assert ([row.pk for row in back], has_newer) == (everything[:3], False)


@pytest.mark.requirement("P11-09", "SEC-23")
def test_people_read_the_streams_of_their_sites_only() -> None:
    batch = running_batch()
    stream, coi = batch.stream(), batch.order.chain.stream()
    patient = batch.order.patient.stream()

    def seen(user: User) -> set[str]:
        return set(entries_asked(Asked(), user).values_list("stream", flat=True))

    here = seen(person("otto", "operator", at_site=site("PLANT")))
    assert {stream, coi} <= here
    assert not {patient, "people", "supply"} & here
    elsewhere = seen(person("nora", "operator", at_site=site("NORTH2")))
    assert not {stream, coi, patient, "people"} & elsewhere
    planner = seen(person("petra2", "planner"))
    assert {stream, coi} <= planner
    assert not {patient, "people"} & planner
    quality_here = seen(person("quentin", "qa", at_site=site("PLANT")))
    assert {stream, coi, patient} <= quality_here
    assert "people" not in quality_here
    assert {stream, coi, patient, "people"} <= seen(person("quinn", "qa"))
    assert seen(person("adam", "admin")) == set()


@pytest.mark.requirement("A11-09")
def test_a_filter_swaps_the_list_alone_and_tells_the_browser_its_address() -> None:
    client = as_person(person("quinn", "qa"))
    answer = client.get("/ledger/?person=&verb=add&why=", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == "/ledger/?verb=add"
    assert "<html" not in text_of(answer)
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in text_of(client.get("/ledger/?verb=add", headers=restored))


def test_what_is_no_filter_filters_nothing() -> None:
    client = as_person(person("quinn", "qa"))
    for query in (
        "verb=drop", "from=2026-13-01", "before=-1", f"before={'9' * 40}", "person=%00",
        "record=%00", "record=batches.Step:x", "record=no.Such:1", "after=99999999",
    ):  # fmt: skip
        assert client.get(f"/ledger/?{query}").status_code == 200, query


@pytest.mark.requirement("SEC-05")
def test_the_csv_holds_the_filtered_list_and_no_formula() -> None:
    quinn, erik = person("quinn", "qa"), person("erik", "engineer")
    note(user=erik, reason="=HYPERLINK(1)", act=act_by(quinn))
    note(user=erik, reason="Plain.", act=act_by(quinn), verb="set_password")
    answer = as_person(quinn).get("/ledger/?verb=deactivate&format=csv")
    (row,) = csv.DictReader(io.StringIO(text_of(answer)))
    assert row["reason"] == "'=HYPERLINK(1)"
    assert (row["user_id"], row["action"], row["record"]) == (
        "quinn", "Closed the account", "Account erik",
    )  # fmt: skip
    assert len(row["hash"]) == 64


def test_the_csv_goes_on_over_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.views.ledger.CSV_PAGE", 2)
    quinn = person("quinn", "qa")
    rows = list(csv.DictReader(io.StringIO(text_of(as_person(quinn).get("/ledger/?format=csv")))))
    assert len(rows) == LedgerEntry.objects.count() > 2


@pytest.mark.requirement("A11-09")
def test_a_search_is_kept_shown_replaced_and_removed_by_its_owner_only() -> None:
    quinn, paula = person("quinn", "qa"), person("paula", "qp")
    client = as_person(quinn)
    asked = {"verb": "correct", "critical": "1", "from": "2026-11-01", "name": " My  week "}
    answer = client.post("/ledger/searches/", asked)
    assert answer["Location"] == "/ledger/?verb=correct&from=2026-11-01&critical=1"
    kept = SavedSearch.objects.get()
    assert (kept.name, kept.person) == ("My week", quinn)
    assert "My week" in text_of(client.get("/ledger/"))
    assert "My week" not in text_of(as_person(paula).get("/ledger/"))
    client.post("/ledger/searches/", {"verb": "hold", "name": "My week"})
    assert SavedSearch.objects.get().filters == {"verb": "hold"}
    assert client.post("/ledger/searches/", {"verb": "hold", "name": ""}).status_code == 422
    assert client.post("/ledger/searches/", {"name": "Nothing"}).status_code == 422
    gone = f"/ledger/searches/{kept.pk}/forget/"
    assert as_person(paula).post(gone).status_code == 404
    assert client.post(gone).status_code == 302
    assert not SavedSearch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_reason_is_taken_from_the_entry_and_from_nothing_inside_it(attacker: Any) -> None:
    quinn = person("quinn", "qa")
    tricky = 'He wrote "origin":"x","reason":"another" \\ and left.\nSo.'
    note(user=quinn, reason=tricky, act=act_by(quinn))
    entry = LedgerEntry.objects.latest("id")
    assert entries_asked(Asked(why='"reason":"another" \\'), quinn).get() == entry
    attacker.execute("UPDATE audit_ledgerentry SET entry = 'noise' WHERE id = %s", [entry.pk])
    entry.refresh_from_db()
    assert entry.reason is None


def test_a_page_of_the_ledger_is_read_by_an_index() -> None:
    """A sign that the filters fit their indexes; a table of this size would be read whole."""
    quinn = person("quinn", "qa")
    plans = {
        "ledger_by_time": Asked(),
        "ledger_by_person": Asked(person="system"),
        "ledger_by_verb": Asked(verb="add"),
        "ledger_by_reason": Asked(why="founded"),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    for index, asked in plans.items():
        if index == "ledger_by_reason":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_indexscan = off")
        assert index in entries_asked(asked, quinn)[:51].explain(), index


def test_a_signature_in_the_ledger_is_named_by_who_gave_it() -> None:
    batch: Batch = running_batch()
    signature = Signature.objects.filter(in_stream=batch.stream()).first()
    assert signature is not None
    entry = LedgerEntry.objects.get(subject_type="audit.Signature", subject_id=str(signature.pk))
    (told,) = told_entries([entry])
    assert told.record.text == f"Signature of {signature.signer_name}, issued"
    assert ("Of", f"Batch {batch.number}") in {
        (one.label, one.after.text) for one in told.foremost if one.after
    }
