"""Labels: printed with what the batch knows, reconciled, and replaced under control of two people."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from audit.models import LedgerEntry, Signature
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Attachment, Batch, LabelReplacement, Step
from batches.ports import LabelWords
from batches.queries.labels import label_counts, lines_for
from batches.reports.labels import labels_pdf
from batches.rules.labels import scanned_from
from kernel.canonical import plain
from kernel.errors import Conflict, Invalid, NotPermitted, StaleView
from recipes import commands as recipes
from recipes.queries import version_statement
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import field, path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, person, proof_of, site
from tests.worlds.batches import operator, received_order, running_batch, step_of, verifier
from tests.worlds.recipes import (
    checked_version,
    drafted_version,
    effective_recipe,
    plain_document,
    quality,
    step,
)

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
LAST = LATER + timedelta(minutes=10)


def labeled(*, copies: int = 5, expires_from: str = "") -> Batch:
    """A running batch that prints labels and scans one."""
    extra = [
        step("L01", "label", "Print the labels", label="L1", copies=copies, verify=True, after=[]),
        step("L02", "scan_identity", "Scan the label", target="label", after=[]),
    ]
    made: dict[str, Any] = deepcopy(plain_document())
    made["header"]["cells"] = True
    made["header"]["labels"][0] |= {
        "fields": ["product", "storage", "donor", "collected_at", "biohazard", "do_not_irradiate"],
        "volume": "80 mL",
        "expires_from": expires_from,
    }
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Labels", "steps": extra}
    )
    return running_batch(order=received_order(version=effective_recipe(drafted_version(**made))))


def printed(one: Step, **more: Any) -> Attachment:
    return commands.print_labels(
        step_id=one.pk, seen=one.version, act=act_by(operator(), at=LATER), **more
    )


def accounted(batch: Batch, counts: str = "4,1,0,0") -> Step:
    """The labels were printed, accounted for, and signed by two."""
    printed(begin(step_of(batch, "L01")))
    entered(step_of(batch, "L01"), counts, at=LATER)
    signed(step_of(batch, "L01"))
    one = step_of(batch, "L01")
    return commands.verify_step(
        step_id=one.pk, seen=one.version, proof=proof_of(verifier(), at=LATER),
        seen_digest=digest_of(queries.step_statement(one)), act=act_by(verifier(), at=LATER),
    )  # fmt: skip


def replaced(one: Step, serial: str, **more: Any) -> LabelReplacement:
    """A label replaced by the operator and the verifier."""
    fate, reason = more.pop("fate", "destroyed"), more.pop("reason", "It tore at the seam.")
    statement = queries.replacement_statement(one, void_serial=serial, fate=fate, reason=reason)
    given: dict[str, Any] = {
        "step_id": one.pk,
        "seen": one.version,
        "scanned": serial,
        "fate": fate,
        "reason": reason,
        "proof": proof_of(operator(), at=LAST),
        "witness": proof_of(verifier(), at=LAST),
        "seen_digest": digest_of(statement),
        "act": act_by(operator(), at=LAST),
    }
    return commands.replace_label(**{**given, **more})


def serial(batch: Batch, number: int) -> str:
    return f"{batch.number}-L01-1-{number:03}"


@pytest.mark.requirement("ATMP-09", "COI-06")
def test_a_recipe_whose_label_lacks_a_field_is_not_approved() -> None:
    made: dict[str, Any] = deepcopy(plain_document())
    made["header"]["labels"][0]["expires_hours"] = None
    version = checked_version(drafted_version(**made))
    with pytest.raises(Conflict) as refused:
        recipes.approve_version(
            version_id=version.pk,
            proof=proof_of(quality()),
            seen_digest=digest_of(version_statement(version)),
            act=act_by(quality()),
        )
    told = [one.detail for one in refused.value.errors]
    assert told == ["The Bag label does not say when it expires, with the time."]


@pytest.mark.requirement("ATMP-09", "COI-06")
def test_a_label_is_filled_from_the_batch() -> None:
    batch = labeled()
    one = begin(step_of(batch, "L01"))
    (label,) = queries.document_of_batch(batch).header.labels
    order = batch.order
    assert lines_for(one, label, at=LATER) == (
        "Small cells",
        "SMALL",
        "FOR AUTOLOGOUS USE ONLY",
        f"Donor and recipient {order.patient.code}, donation G000000000001",
        f"Collected {NOON - timedelta(days=1):%d %b %Y %H:%M} UTC",
        "Volume 80 mL",
        f"Expires {LATER + timedelta(hours=72):%d %b %Y %H:%M} UTC",
        "Store: Below −130 °C",
        "BIOHAZARD",
        "DO NOT IRRADIATE",
    )
    page = signed_in(operator()).get(path(one)).content.decode()
    assert f"Donor and recipient {order.patient.code}" in page


def test_an_expiry_counted_from_a_step_waits_for_its_end() -> None:
    batch = labeled(expires_from="L02")
    with pytest.raises(Conflict) as refused:
        printed(begin(step_of(batch, "L01")))
    assert refused.value.code == "no_reference"
    entered(begin(step_of(batch, "L02")), batch.order.chain.value, source="scanned", at=LATER)
    signed(step_of(batch, "L02"))
    done_at = step_of(batch, "L02").completed_at
    assert done_at is not None
    (label,) = queries.document_of_batch(batch).header.labels
    until = f"Expires {done_at + timedelta(hours=72):%d %b %Y %H:%M} UTC"
    assert until in lines_for(step_of(batch, "L01"), label, at=LAST)
    assert printed(step_of(batch, "L01")).copies == 5


def test_words_that_need_more_room_are_never_cut_off() -> None:
    words = LabelWords(
        lines=("word " * 20,) * 3, batch="B-1", chain="COI-1", serials=("B-1-L-1-001",), reprint=0
    )
    assert b"/MediaBox [ 0 0 283.4646 283.4646 ]" in labels_pdf(words)
    with pytest.raises(Conflict) as refused:
        labels_pdf(LabelWords(**{**vars_of(words), "lines": ("word " * 20,) * 20}))
    assert refused.value.code == "too_long"


def vars_of(words: LabelWords) -> dict[str, Any]:
    return {name: getattr(words, name) for name in words.__dataclass_fields__}


@pytest.mark.requirement("ATMP-09", "CGMP-23")
def test_printed_five_used_four_destroyed_none_is_one_missing_and_the_step_cannot_close() -> None:
    batch = labeled()
    printed(begin(step_of(batch, "L01")))
    with pytest.raises(Invalid) as refused:
        entered(step_of(batch, "L01"), "4,0,0,0", at=LATER)
    assert refused.value.code == "not_reconciled"
    assert "5 were printed, 4 are accounted for: 1 is missing" in refused.value.detail
    with pytest.raises(Conflict) as unsigned:
        signed(step_of(batch, "L01"))
    assert unsigned.value.code == "missing_value"
    assert step_of(batch, "L01").state == "running"


@pytest.mark.requirement("COI-07")
def test_a_label_is_replaced_by_two_with_the_same_chain_and_another_serial(raised: Any) -> None:
    batch = labeled()
    one = accounted(batch)
    made = replaced(one, serial(batch, 2))
    assert (made.void_serial, made.new_serial) == (serial(batch, 2), serial(batch, 6))
    assert (made.made_by, made.witnessed_by) == (operator(), verifier())
    assert (made.attachment.copies, made.attachment.number) == (1, 2)
    assert label_counts(step_of(batch, "L01")) == {
        "issued": 6, "used": 4, "destroyed": 2, "returned": 0, "missing": 0,
    }  # fmt: skip
    told = raised[-1]
    assert (told.exception_kind, told.severity) == ("relabel", "warning")
    assert made.void_serial in told.detail
    assert made.new_serial in told.detail
    meanings = Signature.objects.filter(subject_id=one.pk).values_list("meaning", flat=True)
    assert list(meanings) == ["performed", "verified", "performed", "verified"]
    (row,) = plain(queries.record_of(batch))["label_replacements"]
    assert (row["void"], row["new"], row["fate"]) == (
        made.void_serial, made.new_serial, "destroyed",
    )  # fmt: skip
    assert LedgerEntry.objects.filter(verb="replace_label").exists()
    assert not list(Verifier().findings())


@pytest.mark.requirement("COI-07")
def test_a_scan_of_a_void_label_says_so_and_the_new_one_matches() -> None:
    batch = labeled()
    made = replaced(accounted(batch), serial(batch, 1))
    chain = batch.order.chain.value
    one = begin(step_of(batch, "L02"))
    with pytest.raises(Conflict) as refused:
        entered(one, f"{chain}/{made.void_serial}", source="scanned", at=LAST)
    assert refused.value.code == "void_label"
    assert f"{made.void_serial} is VOID: {made.new_serial} took its place" in refused.value.detail
    with pytest.raises(Conflict) as unknown:
        entered(one, f"{chain}/{serial(batch, 9)}", source="scanned", at=LAST)
    assert unknown.value.code == "void_label"
    value = entered(one, f"{chain}/{made.new_serial}", source="scanned", at=LAST)
    assert (value.verdict, value.entered) == ("ok", f"{chain}/{made.new_serial}")


@pytest.mark.requirement("COI-07")
def test_a_void_label_that_is_scanned_on_my_work_says_so() -> None:
    batch = labeled()
    made = replaced(accounted(batch), serial(batch, 1))
    client = signed_in(operator())
    chain = batch.order.chain.value
    answer = client.post("/work/scan/", {"code": f"{chain}/{made.void_serial}"}, follow=True)
    assert f"{made.void_serial} is VOID" in answer.content.decode()
    answer = client.post("/work/scan/", {"code": f"{chain}/{made.new_serial}"})
    assert answer["Location"].startswith(f"/batches/{batch.number}/steps/")


@pytest.mark.requirement("COI-07")
def test_the_label_of_another_patient_is_still_the_wrong_patient() -> None:
    batch = labeled()
    printed(begin(step_of(batch, "L01")))
    other = received_order()
    found = entered(
        begin(step_of(batch, "L02")),
        f"{other.chain.value}/{serial(batch, 1)}",
        source="scanned",
        at=LATER,
    )
    assert found.belongs_to_other
    batch.refresh_from_db()
    assert batch.state == "on_hold"


@pytest.mark.requirement("COI-07")
def test_one_person_alone_replaces_nothing() -> None:
    batch = labeled()
    one = accounted(batch)
    # Even where one person holds both roles.
    both = person("olivia", "operator", "verifier", at_site=site("PLANT"))
    with pytest.raises(NotPermitted) as refused:
        replaced(one, serial(batch, 1), witness=proof_of(both, at=LAST))
    assert refused.value.code == "same"
    no_verifier = person("nora", "operator", at_site=site("PLANT"))
    with pytest.raises(NotPermitted):
        replaced(one, serial(batch, 1), witness=proof_of(no_verifier, at=LAST))
    assert not LabelReplacement.objects.exists()
    assert step_of(batch, "L01").version == one.version


@pytest.mark.requirement("COI-07")
@pytest.mark.parametrize(
    ("scanned", "more", "code"),
    [
        ("B-000001-L01-1-009", {}, "wrong_label"),
        ("B-000001-L02-1-001", {}, "wrong_label"),
        ("COI-0000-0000-0000-0/{}", {}, "wrong_label"),
        ("{}", {"fate": "lent"}, "unknown_word"),
        ("{}", {"reason": " "}, "reason_needed"),
    ],
)
def test_what_is_no_label_of_the_step_is_not_replaced(
    scanned: str, more: dict[str, Any], code: str
) -> None:
    batch = labeled()
    one = accounted(batch)
    with pytest.raises(Invalid) as refused:
        replaced(one, scanned.format(serial(batch, 1)), **more)
    assert refused.value.code == code


@pytest.mark.requirement("COI-07")
def test_a_label_is_replaced_once_and_not_before_all_are_accounted_for() -> None:
    batch = labeled()
    printed(begin(step_of(batch, "L01")))
    with pytest.raises(Conflict) as refused:
        replaced(step_of(batch, "L01"), serial(batch, 1))
    assert refused.value.code == "not_accounted"
    entered(step_of(batch, "L01"), "5,0,0,0", at=LATER)
    signed(step_of(batch, "L01"))
    one = step_of(batch, "L01")
    commands.verify_step(
        step_id=one.pk, seen=one.version, proof=proof_of(verifier(), at=LATER),
        seen_digest=digest_of(queries.step_statement(one)), act=act_by(verifier(), at=LATER),
    )  # fmt: skip
    made = replaced(step_of(batch, "L01"), serial(batch, 1))
    with pytest.raises(StaleView):
        replaced(one, serial(batch, 2))
    with pytest.raises(Invalid) as again:
        replaced(step_of(batch, "L01"), serial(batch, 1))
    assert "is VOID" in again.value.detail
    # The label that took the place of the first can be damaged, too.
    assert replaced(step_of(batch, "L01"), made.new_serial).new_serial == serial(batch, 7)


def test_a_serial_is_compared_to_the_letter() -> None:
    assert scanned_from(" COI-1/B-1-Label-a-1-001 ") == ("COI-1", "B-1-Label-a-1-001")
    for whole in ("BAG-1", "COI-1", "</b>", "SOP-012/4"):
        assert scanned_from(whole) == (whole, "")


@pytest.mark.requirement("COI-07")
def test_a_void_label_that_nobody_finds_is_critical(raised: Any) -> None:
    batch = labeled()
    replaced(accounted(batch), serial(batch, 3), fate="missing")
    assert (raised[-1].exception_kind, raised[-1].severity) == ("label_missing", "critical")
    assert label_counts(step_of(batch, "L01"))["missing"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("COI-07")
def test_the_database_asks_for_two_people(superuser: Any) -> None:
    batch = labeled()
    replaced(accounted(batch), serial(batch, 1))
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg2.IntegrityError, match="two_people_replace_a_label"):
        superuser.execute("UPDATE batches_labelreplacement SET witnessed_by_id = made_by_id")


@pytest.mark.requirement("COI-07")
def test_the_page_shows_the_replacement_before_two_sign_it() -> None:
    batch = labeled()
    one = accounted(batch)
    client = signed_in(operator())
    page = client.get(path(one)).content.decode()
    assert "Replace a label" in page
    action = path(one) + "labels/replace/"
    form = {
        "version": one.version, "scanned": f"{batch.order.chain.value}/{serial(batch, 1)}",
        "fate": "destroyed", "reason": "It tore at the seam.",
    }  # fmt: skip
    wrong = client.post(action, {**form, "scanned": "B-000001-L01-1-099"})
    assert wrong.status_code == 422
    assert "was not printed for batch" in wrong.content.decode()
    shown = client.post(action, form)
    assert shown.status_code == 200
    names = ("digest", "challenge", "witness_challenge")
    form |= {name: field(shown, name, action) for name in names}
    both = {"password": PASSWORD, "witness_username": "vera", "witness_password": PASSWORD}
    assert client.post(action, {**form, "username": "olivia", **both}).status_code == 303
    page = client.get(path(one)).content.decode()
    assert f"<del>{serial(batch, 1)}</del> is void (destroyed): {serial(batch, 6)}" in page
