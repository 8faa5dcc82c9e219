"""Photos, files and labels: taken by their bytes, kept byte for byte, and found when changed."""

from __future__ import annotations

import hashlib
import io
import sys
from copy import deepcopy
from typing import Any

import psycopg2
import pytest
from PIL import Image

from audit.verification import Verifier
from batches import commands, queries
from batches.commands.file_contents import content_from
from batches.models import Attachment, Batch, Step, StepValue
from batches.rules.files import file_name, reconciled, sort_of
from kernel.canonical import plain
from kernel.errors import AlreadyDone, Conflict, Invalid, Refusal
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, received_order, running_batch, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
TABLE = b"time,value\n12:00,4.5\n"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def photo(*, secret: bytes = b"", size: tuple[int, int] = (40, 30)) -> bytes:
    """A small JPEG with words in its EXIF."""
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = secret.decode() or "taken at the bench"
    Image.new("RGB", size, (200, 30, 30)).save(made, "JPEG", exif=exif)
    return made.getvalue()


def filed() -> Batch:
    """A running batch with steps that take a photo, a table, and print labels."""
    extra = [
        step("F01", "file", "Photograph the bag", accept=["image"], after=[]),
        step("F02", "file", "Hand the printout in", after=[]),
        step("F03", "label", "Print the labels", label="L1", copies=3, verify=True, after=[]),
    ]
    made: dict[str, Any] = deepcopy(plain_document())
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Filing", "steps": extra}
    )
    return running_batch(order=received_order(version=effective_recipe(drafted_version(**made))))


def attached(one: Step, content: bytes, name: str = "bag.jpeg", **more: Any) -> StepValue:
    return commands.attach_file(
        step_id=one.pk, seen=one.version, content=content, name=name,
        act=act_by(operator(), at=LATER), **more,
    )  # fmt: skip


def printed(one: Step, **more: Any) -> Attachment:
    return commands.print_labels(
        step_id=one.pk, seen=one.version, act=act_by(operator(), at=LATER), **more
    )


@pytest.mark.requirement("SEC-15")
@pytest.mark.parametrize(
    ("content", "sort"),
    [
        (photo(), "image"),
        (PDF, "pdf"),
        (TABLE, "csv"),
        (b"\xef\xbb\xbfa;b\n1;2\n", "csv"),
        (b"<html>,<script>alert(1)</script>", None),
        (b"  <svg onload='x,y'/>", None),
        (b"PK\x03\x04 a zip, with commas", None),
        (b"MZ\x90\x00,", None),
        (b"%PDF-1.4 cut off", None),
        (b"words without a separator", None),
        (b"\xff\xfea\x00,\x00", None),
        (b" \n", None),
    ],
)
def test_what_a_file_is_its_bytes_decide(content: bytes, sort: str | None) -> None:
    assert sort_of(content) == sort


@pytest.mark.requirement("SEC-15")
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "file.jpg"),
        ("C:\\photos\\bag 1.exe", "bag-1.jpg"),
        ("a\r\nSet-Cookie: x.png", "a-Set-Cookie-x.jpg"),
        ("Übung.png", "bung.jpg"),
        ("", "file.jpg"),
        ("x" * 300 + ".png", "x" * 60 + ".jpg"),
    ],
)
def test_a_name_is_made_plain(name: str, kept: str) -> None:
    assert file_name(name, "image") == kept


@pytest.mark.requirement("SEC-15", "DI-04")
def test_a_photo_is_drawn_anew_without_what_it_hid() -> None:
    batch = filed()
    content = photo(secret=b"GPS 52.5 N") + b"<script>hidden</script>"
    value = attached(begin(step_of(batch, "F01")), content)
    kept = queries.file_found(batch, value.details["attachment"])
    stored = bytes(kept.content)
    assert b"GPS" not in stored
    assert b"script" not in stored
    assert Image.open(io.BytesIO(stored)).size == (40, 30)
    assert kept.digest == hashlib.sha256(stored).hexdigest() == value.details["digest"]
    assert (kept.name, kept.content_type, kept.size) == ("bag.jpg", "image/jpeg", len(stored))
    assert signed(step_of(batch, "F01")).state == "complete"
    (row,) = plain(queries.record_of(batch))["files"]
    assert (row["step"], row["digest"]) == ("F01", kept.digest)
    assert not list(Verifier().findings())


@pytest.mark.requirement("SEC-15")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "blank"),
        (TABLE, "wrong_type"),
        (b"\xff\xd8\xff no picture", "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "unreadable"),
    ],
)
def test_what_the_step_does_not_take_is_refused_and_not_stored(content: bytes, code: str) -> None:
    one = begin(step_of(filed(), "F01"))
    with pytest.raises(Invalid) as refused:
        attached(one, content)
    assert refused.value.code == code
    assert refused.value.errors[0].pointer == "/file"
    assert not Attachment.objects.exists()


def test_too_large_a_file_and_a_bomb_of_pixels_are_refused(settings: Any) -> None:
    settings.MOST_FILE_BYTES = 100
    with pytest.raises(Invalid) as refused:
        content_from(b"a,b\n" * 40, name="x", accept=("csv",))
    assert refused.value.code == "too_large"
    settings.MOST_FILE_BYTES = 10**7
    bomb = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(bomb, "PNG")
    with pytest.raises(Invalid) as refused:
        content_from(bomb.getvalue(), name="x", accept=("image",))
    assert refused.value.code == "too_large"


@pytest.mark.requirement("SEC-15")
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())", "refused_by_checker"),
        ("import nothing_like_this", "refused_by_checker"),
    ],
)
def test_the_checker_of_the_site_refuses(settings: Any, script: str, code: str) -> None:
    settings.FILE_CHECKER = [sys.executable, "-c", script]
    with pytest.raises(Invalid) as refused:
        content_from(b"a,b\nEICAR\n", name="x", accept=("csv",))
    assert refused.value.code == code
    settings.FILE_CHECKER = ["/nowhere/to/be/found"]
    with pytest.raises(Invalid) as refused:
        content_from(TABLE, name="x", accept=("csv",))
    assert refused.value.code == "unchecked"
    settings.FILE_CHECKER = [sys.executable, "-c", "pass"]
    assert content_from(TABLE, name="x", accept=("csv",)).content == TABLE


@pytest.mark.requirement("DI-04")
def test_a_file_that_is_replaced_stays(raised: Any) -> None:
    batch = filed()
    attached(begin(step_of(batch, "F02")), TABLE, "first.csv")
    with pytest.raises(Invalid) as refused:
        attached(step_of(batch, "F02"), PDF, "second.pdf")
    assert refused.value.code == "reason_needed"
    value = attached(step_of(batch, "F02"), PDF, "second.pdf", reason="The wrong printout.")
    assert value.corrects is not None
    assert value.corrects.entered == "first.csv"
    assert [one.name for one in queries.files_of(batch)] == ["first.csv", "second.pdf"]
    assert raised[-1].exception_kind == "correction"
    signed(step_of(batch, "F02"))
    with pytest.raises(Refusal):
        attached(step_of(batch, "F02"), TABLE, "third.csv", reason="Once more.")


def test_words_are_no_file_and_other_steps_take_none() -> None:
    batch = filed()
    with pytest.raises(Invalid) as refused:
        entered(begin(step_of(batch, "F02")), "a.csv", at=LATER)
    assert refused.value.code == "no_file"
    with pytest.raises(Conflict):
        attached(begin(step_of(batch, "F03")), TABLE)
    with pytest.raises(Conflict):
        printed(step_of(batch, "F02"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("DI-04", "P11-01")
def test_changed_bytes_are_refused_by_the_database_and_named_by_verification(
    superuser: Any,
) -> None:
    batch = filed()
    attached(begin(step_of(batch, "F02")), TABLE, "first.csv")
    assert not list(Verifier().findings())
    change = "UPDATE batches_attachment SET content = 'another'"
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg2.IntegrityError, match="digest_says"):
        superuser.execute(change)
    name = "attachment_is_what_its_digest_says"
    superuser.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
    )
    ((definition,),) = superuser.fetchall()
    superuser.execute(f"ALTER TABLE batches_attachment DROP CONSTRAINT {name}")
    try:
        superuser.execute(change)
        found = [str(one) for one in Verifier().findings()]
    finally:
        superuser.execute("DELETE FROM batches_attachment")
        superuser.execute(f"ALTER TABLE batches_attachment ADD CONSTRAINT {name} {definition}")
    assert (
        f"file: file first.csv of {batch.number}: its bytes are not those that were kept" in found
    )


@pytest.mark.requirement("CGMP-12", "CGMP-23", "COI-07")
def test_labels_are_kept_as_printed_and_reprints_are_counted(raised: Any) -> None:
    batch = filed()
    first = printed(begin(step_of(batch, "F03")))
    assert bytes(first.content).startswith(b"%PDF")
    assert (first.copies, first.sort) == (3, "label")
    with pytest.raises(Invalid) as refused:
        printed(step_of(batch, "F03"), copies=1)
    assert refused.value.code == "reason_needed"
    again = printed(step_of(batch, "F03"), copies=1, reason="The printer jammed.")
    assert (again.copies, again.number) == (1, 2)
    assert bytes(again.content) != bytes(first.content)
    assert raised[-1].exception_kind == "reprint"
    one = step_of(batch, "F03")
    with pytest.raises(Invalid) as refused:
        entered(one, "3,0,0,0", at=LATER)
    assert refused.value.code == "not_reconciled"
    assert "4 were printed, 3 are accounted for" in refused.value.detail
    value = entered(one, "3,1,0,0", at=LATER)
    assert value.entered == "3 used, 1 destroyed, 0 returned, 0 missing"
    assert value.details["issued"] == 4
    with pytest.raises(AlreadyDone):
        printed(step_of(batch, "F03"), copies=1, reason="One more.")
    assert signed(step_of(batch, "F03")).state == "performed"
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-23")
def test_a_label_nobody_finds_needs_a_reason_and_is_critical(raised: Any) -> None:
    batch = filed()
    printed(begin(step_of(batch, "F03")))
    with pytest.raises(Invalid) as refused:
        entered(step_of(batch, "F03"), "2,0,0,1", at=LATER)
    assert refused.value.code == "reason_needed"
    entered(step_of(batch, "F03"), "2,0,0,1", reason="It fell behind the bench.", at=LATER)
    assert (raised[-1].exception_kind, raised[-1].severity) == ("label_missing", "critical")


@pytest.mark.requirement("CGMP-23")
@pytest.mark.parametrize("entered_text", ["", "x", "-1,1,1,2", "1,1,1", "1,1,1,1,1", "٣,0,0,0"])
def test_what_does_not_add_up_is_refused(entered_text: str) -> None:
    with pytest.raises(Invalid):
        reconciled(entered_text, issued=4)
    assert reconciled("1,1,1,1", issued=4).missing == 1


def test_without_a_print_nothing_is_accounted_for() -> None:
    with pytest.raises(Conflict) as refused:
        entered(begin(step_of(filed(), "F03")), "3,0,0,0", at=LATER)
    assert refused.value.code == "not_printed"


@pytest.mark.requirement("SEC-15", "CGMP-12")
def test_the_screens_take_print_and_give_out() -> None:
    batch = filed()
    client = signed_in(operator())
    one = begin(step_of(batch, "F01"))
    assert 'enctype="multipart/form-data"' in client.get(path(one)).content.decode()
    sent = io.BytesIO(photo())
    sent.name = "bag.jpeg"
    answer = client.post(f"{path(one)}file/", {"version": one.version, "file": sent})
    assert answer.status_code == 303
    file_id = queries.files_of(batch)[0].pk
    page = client.get(path(one)).content.decode()
    assert f"/batches/{batch.number}/files/{file_id}/" in page
    got = client.get(f"/batches/{batch.number}/files/{file_id}/")
    assert got["Content-Disposition"] == 'attachment; filename="bag.jpg"'
    assert got["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(got.content).hexdigest() == queries.files_of(batch)[0].digest
    wrong = io.BytesIO(b"<html>,</html>")
    wrong.name = "bag.jpeg"
    two = begin(step_of(batch, "F02"))
    answer = client.post(f"{path(two)}file/", {"version": two.version, "file": wrong})
    assert answer.status_code == 422
    assert "What a file is, its content says." in answer.content.decode()
    three = begin(step_of(batch, "F03"))
    assert "Print 3 labels" in client.get(path(three)).content.decode()
    answer = client.post(f"{path(three)}labels/", {"version": three.version})
    assert answer.status_code == 303
    version = step_of(batch, "F03").version
    answer = client.post(f"{path(three)}value/", {"version": version, "counts": ["2", "1", "", ""]})
    assert answer.status_code == 303
    assert "2 used, 1 destroyed" in client.get(path(three)).content.decode()
