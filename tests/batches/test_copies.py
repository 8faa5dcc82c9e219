"""Certified copies: true to the original, signed, listed, and named when either is not what it was."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry, Signature
from audit.queries import judged, signatures_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, CertifiedCopy
from batches.reports.batch_record import pdf_of
from batches.rules.copies import WORDS
from kernel.canonical import canonical
from kernel.errors import Conflict, NotPermitted, StaleView
from mes.record import record_document
from tests.batches.test_files import TABLE, attached, filed, photo
from tests.batches.test_screens import field, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.mes.test_record import released_batch
from tests.worlds import packages
from tests.worlds.audit import PASSWORD, act_by
from tests.worlds.batches import again, operator, step_of
from tests.worlds.files import certified, drawn
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def with_table() -> tuple[Batch, int]:
    """A batch with a table on file."""
    batch = filed()
    value = attached(begin(step_of(batch, "F02")), TABLE, "raw.csv")
    return again(batch), value.details["attachment"]


def held_in(content: bytes) -> bytes:
    """The original inside a copy."""
    names = PdfFileReader(io.BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return bytes(names[1]["/EF"]["/F"].data)


def pages_of(content: bytes) -> int:
    return int(PdfFileReader(io.BytesIO(content)).root["/Pages"]["/Count"])


@pytest.mark.requirement("DI-04")
def test_a_copy_of_a_file_holds_the_original_and_is_signed() -> None:
    batch, file_id = with_table()
    made = certified(batch, file_id)
    assert made.original_digest == hashlib.sha256(TABLE).hexdigest()
    assert held_in(bytes(made.content)) == TABLE
    assert pages_of(bytes(made.content)) == 2
    (signature,) = judged(signatures_of(made))
    assert (signature.meaning, signature.signer, signature.validity) == (
        "certified", quality(), "valid",
    )  # fmt: skip
    assert signature.statement["certified"] == WORDS
    assert signature.statement["original_digest"] == made.original_digest
    (listed,) = record_document(batch)["certified_copies"]
    assert (listed["code"], listed["original_digest"]) == ("C1", made.original_digest)
    assert LedgerEntry.objects.filter(verb="certify_copy").exists()
    assert not list(Verifier().findings())


def test_the_same_words_give_the_same_copy_and_a_picture_is_drawn() -> None:
    batch = filed()
    value = attached(begin(step_of(batch, "F01")), photo())
    content, _ = drawn(batch, value.details["attachment"])
    assert drawn(batch, value.details["attachment"])[0][:2000] == content[:2000]
    assert pages_of(content) == 2
    assert b"/Image" in content


def test_the_pages_of_a_pdf_are_drawn_into_the_copy() -> None:
    batch = filed()
    printed = commands.print_labels(
        step_id=begin(step_of(batch, "F03")).pk, seen=step_of(batch, "F03").version,
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    content, _ = drawn(batch, printed.pk)
    assert pages_of(content) == 1 + 3
    assert held_in(content) == bytes(printed.content)


def test_a_pdf_that_cannot_be_drawn_is_not_copied() -> None:
    batch = filed()
    broken = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    value = attached(begin(step_of(batch, "F02")), broken, "broken.pdf")
    with pytest.raises(Conflict) as refused:
        drawn(batch, value.details["attachment"])
    assert refused.value.code == "unreadable"


@pytest.mark.requirement("DI-04")
def test_a_record_that_may_still_change_is_not_copied() -> None:
    with pytest.raises(Conflict) as refused:
        certified(with_table()[0], None)
    assert refused.value.code == "not_decided"


@pytest.mark.requirement("DI-04")
def test_the_whole_record_is_copied_when_it_is_decided() -> None:
    decided = released_batch()
    before = record_document(decided)
    made = certified(decided, None)
    held = held_in(bytes(made.content))
    assert held == canonical(before["record"]).encode()
    assert hashlib.sha256(held).hexdigest() == made.original_digest == before["content_digest"]
    after = record_document(decided)
    assert after["content_digest"] == before["content_digest"] == after["seal"]["content_digest"]
    assert pdf_of(after).startswith(b"%PDF")
    assert not list(Verifier().findings())


def test_a_package_with_a_certified_copy_is_verified(tmp_path: Path) -> None:
    batch = packages.released_batch()
    certified(batch, queries.files_of(batch)[0].pk)
    write_checkpoint(act=act_by())
    assert packages.verified(tmp_path, packages.packed(batch)) == 0


@pytest.mark.requirement("DI-04")
def test_only_quality_certifies_and_only_what_was_drawn() -> None:
    batch, file_id = with_table()
    with pytest.raises(NotPermitted):
        certified(batch, file_id, by=operator())
    with pytest.raises(StaleView):
        certified(batch, file_id, original_digest="0" * 64)
    with pytest.raises(StaleView):
        certified(batch, file_id, number=7)
    assert not CertifiedCopy.objects.exists()
    assert not Signature.objects.filter(meaning="certified").exists()


@contextmanager
def without(superuser: Any, table: str, constraint: str) -> Iterator[None]:
    """The table without one of its guards, as somebody who owns the database can have it."""
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint]
    )
    ((definition,),) = superuser.fetchall()
    superuser.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    try:
        yield
    finally:
        superuser.execute(f"DELETE FROM {table}")
        superuser.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("DI-04", "P11-01")
def test_an_original_that_was_edited_is_named_and_no_copy_is_made_of_it(superuser: Any) -> None:
    batch, file_id = with_table()
    certified(batch, file_id)
    constraint = "attachment_is_what_its_digest_says"
    with without(superuser, "batches_attachment", constraint):
        superuser.execute("UPDATE batches_attachment SET content = 'edited'")
        found = [str(one) for one in Verifier().findings()]
        with pytest.raises(Conflict) as refused:
            queries.original_of(batch, file_id)
    assert refused.value.code == "altered"
    assert f"file: file raw.csv of {batch.number}: its bytes are not those that were kept" in found
    assert (
        f"file: certified copy C1 of {batch.number}:"
        " its original raw.csv is not the one that was copied" in found
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("DI-04", "P11-01")
def test_a_copy_that_was_exchanged_is_refused_by_the_database_and_named(superuser: Any) -> None:
    batch, file_id = with_table()
    certified(batch, file_id)
    change = "UPDATE batches_certifiedcopy SET content = 'another'"
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg2.IntegrityError, match="copy_is_what_its_digest_says"):
        superuser.execute(change)
    with without(superuser, "batches_certifiedcopy", "copy_is_what_its_digest_says"):
        superuser.execute(change)
        found = [str(one) for one in Verifier().findings()]
    assert (
        f"file: certified copy C1 of {batch.number}: its bytes are not those that were kept"
        in found
    )


@pytest.mark.requirement("DI-04")
def test_quality_certifies_on_the_page_of_the_files() -> None:
    batch, file_id = with_table()
    page = f"/batches/{batch.number}/files/"
    seen = signed_in(operator()).get(page).content.decode()
    assert "raw.csv" in seen
    assert "Certify a copy" not in seen
    assert signed_in(operator()).post(page + "certify/", {"file": file_id}).status_code == 403
    client = signed_in(quality())
    shown = client.post(page + "certify/", {"file": file_id})
    assert shown.status_code == 200
    assert hashlib.sha256(TABLE).hexdigest()[48:] in shown.content.decode()
    form = {
        "file": file_id, "username": quality().username,
        **{name: field(shown, name, page + "certify/") for name in ("digest", "challenge")},
    }  # fmt: skip
    assert client.post(page + "certify/", {**form, "password": "wrong"}).status_code == 401
    shown = client.post(page + "certify/", {"file": file_id})
    form |= {name: field(shown, name, page + "certify/") for name in ("digest", "challenge")}
    assert client.post(page + "certify/", {**form, "password": PASSWORD}).status_code == 303
    made = CertifiedCopy.objects.get()
    answer = client.get(f"/batches/{batch.number}/copies/{made.number}/")
    assert hashlib.sha256(answer.content).hexdigest() == made.digest
    assert held_in(answer.content) == TABLE
    assert b"/ByteRange" in answer.content
    assert f"{batch.number}-C1.pdf" in client.get(page).content.decode()
    assert client.get(f"/batches/{batch.number}/copies/9/").status_code == 404
