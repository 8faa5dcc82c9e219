"""The package of a batch: verified without the house, and whatever is changed in it is named."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from audit.keys import paper_key, sealing_key
from batches.reports.batch_record import code_of
from kernel.canonical import canonical
from mes.packages import verify
from mes.packages.container import Container
from mes.record import record_document
from quality.queries import exceptions_of
from tests.api.test_record_api import asked
from tests.worlds import batches as batches_world
from tests.worlds.batches import again, operator, running_batch
from tests.worlds.orders import browser_of
from tests.worlds.packages import files_of, first_bad, package, packed, verified, zipped
from tests.worlds.quality import (
    SOFT,
    closed,
    disposition,
    escalated,
    moved,
    qualified,
    quality,
    review,
    reviewed_by_production,
    trail_reviewed,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def ask(content: bytes, *arguments: str) -> tuple[int, str]:
        return verified(tmp_path, content, *arguments), capsys.readouterr().out

    return ask


@pytest.mark.requirement("P11-03", "A11-17")
def test_a_package_is_verified_with_and_without_the_wheel(told: Any) -> None:
    for more in ((), ("--pure",)):
        code, text = told(package(), *more)
        assert (code, "\nVERIFIED.\n" in text, "BAD" in text) == (0, True, False), text
        assert "record is the one that was sealed at the decision" in text
        assert "30 readings of the sensors" in text
        assert "have no witness yet" not in text
        assert "What it cannot prove" in text
    files = files_of(package())
    assert files["verify.py"] == Path(verify.__file__).read_bytes()
    assert len(files["checkpoints.jsonl"].splitlines()) >= 2
    assert len(json.loads(files["proofs.json"])["proofs"]) == 2


@pytest.mark.requirement("P11-03", "A11-17", "P11-14")
@pytest.mark.django_db(transaction=True)
def test_the_command_writes_what_a_bare_python_verifies(tmp_path: Path) -> None:
    batch = running_batch()
    path, folder = tmp_path / "batch.zip", tmp_path / "unpacked"
    call_command("export_record", batch.number, str(path), stdout=StringIO())
    with zipfile.ZipFile(path) as opened:
        opened.extractall(folder)
    bare = [sys.executable, "-I", "-S"]
    for arguments in ([str(folder / "verify.py")], [str(folder / "verify.py"), str(path)]):
        done = subprocess.run([*bare, *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "not decided yet" in done.stdout
    (folder / "record.pdf").write_bytes(b"%PDF-another")
    done = subprocess.run(
        [*bare, str(folder / "verify.py")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, first_bad(done.stdout)) == (1, "record.pdf")
    for number, file in ((batch.number, path), ("B-999999", tmp_path / "other.zip")):
        with pytest.raises(CommandError) as refused:
            call_command("export_record", number, str(file))
        assert refused.value.returncode == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["batch.zip", "unpacked"]


@pytest.mark.requirement("P11-14", "A11D-22")
@pytest.mark.parametrize("seed", range(4))
def test_one_byte_changed_in_any_file_names_the_file(told: Any, seed: int) -> None:
    chance, content = Random(seed), package()
    with zipfile.ZipFile(BytesIO(content)) as opened:
        places = {one.filename: (one.header_offset, one.file_size) for one in opened.infolist()}
    assert len(places) == 15
    for name, (start, size) in places.items():
        at = start + 30 + len(name) + chance.randrange(size)
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        code, text = told(bytes(changed))
        assert (code, first_bad(text)) == (1, name), (at, text)
        files = {**files_of(content)}
        inside = bytearray(files[name])
        inside[chance.randrange(size)] ^= chance.randrange(1, 256)
        code, text = told(zipped({**files, name: bytes(inside)}))
        assert (code, first_bad(text)) == (1, name), text


@pytest.mark.requirement("P11-14")
@pytest.mark.parametrize("part", ['"batch": "', '"made_at": "', '"sha256": "'])
def test_a_manifest_that_reads_well_and_was_not_sealed_is_named(told: Any, part: str) -> None:
    files = files_of(package())
    text = files["manifest.json"].decode()
    at = text.index(part) + len(part)
    other = "1" if text[at] == "0" else "0"
    code, said = told(
        zipped({**files, "manifest.json": (text[:at] + other + text[at + 1 :]).encode()})
    )
    assert (code, first_bad(said)) == (1, "manifest.json"), said
    assert "is not the manifest that was sealed" in said


@pytest.mark.requirement("P11-14")
def test_one_byte_changed_anywhere_in_the_zip_is_found(told: Any) -> None:
    chance, content = Random(7), package()
    names = {*files_of(content), "batch.zip"}
    with zipfile.ZipFile(BytesIO(content)) as opened:
        headers = [one.header_offset + chance.randrange(30) for one in opened.infolist()]
        end = opened.start_dir
    places = [*headers, *(chance.randrange(end, len(content)) for _ in range(40))]
    for at in [*places, *range(len(content) - 22, len(content))]:
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        code, text = told(bytes(changed))
        assert code == 1, (at, text)
        assert first_bad(text) in names, (at, text)
    for cut in (content[:-1], content[: len(content) // 2], content + b"\0", b"PK", b""):
        code, text = told(cut)
        assert (code, first_bad(text) in names) == (1, True), text


@pytest.mark.requirement("P11-14")
def test_a_zip_that_asks_for_what_there_is_not_is_named(told: Any) -> None:
    """Version, flags, method and sizes in the directory, each as far from ours as it goes."""
    content = package()
    with zipfile.ZipFile(BytesIO(content)) as opened:
        entry = opened.start_dir
    for at in range(entry + 4, entry + 46):
        for bits in (0x10, 0x80, 0xFF):
            changed = bytearray(content)
            changed[at] ^= bits
            code, text = told(bytes(changed))
            assert code == 1, (at, bits, text)


def test_a_file_too_few_and_a_file_too_many_are_named(told: Any) -> None:
    files = files_of(package())
    assert first_bad(told(zipped({**files, "extra.txt": b"hello"}))[1]) == "extra.txt"
    for name in files:
        few = {one: content for one, content in files.items() if one != name}
        code, text = told(zipped(few))
        assert (code, first_bad(text)) == (1, name), text


@pytest.mark.requirement("P11-14")
def test_a_package_sealed_by_a_stranger_is_not_that_of_the_key_one_was_given(told: Any) -> None:
    raw = sealing_key()[1].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    fingerprint = verify.sha256(raw)
    content = package()
    assert told(content, "--key", fingerprint)[0] == 0
    assert told(content, "--key", fingerprint[:16].upper())[0] == 0
    other = Ed25519PrivateKey.generate().public_key()
    stranger = verify.sha256(other.public_bytes(Encoding.Raw, PublicFormat.Raw))
    for named in (stranger, fingerprint[:8]):
        code, text = told(content, "--key", named)
        assert (code, first_bad(text)) == (1, "public-keys.json")


@pytest.mark.requirement("A11D-18")
def test_the_code_on_the_paper_names_the_record_and_no_other(told: Any) -> None:
    document = json.loads(files_of(package())["record.json"])
    (drawn,) = code_of(document).contents
    paper = str(drawn.value)
    number, content, checkpoint, beginning = paper.split()
    assert content == document["content_digest"].upper()
    assert beginning == document["checkpoint"]["digest"][:16].upper()
    assert told(package(), "--paper", paper)[0] == 0
    for other, name in (
        (paper.replace(content, "0" * 64), "record.json"),
        (paper.replace(number, "B-000099"), "record.json"),
        (f"{number} {content} {checkpoint} {'0' * 16}", "checkpoints.jsonl"),
    ):
        code, text = told(package(), "--paper", other)
        assert (code, first_bad(text)) == (1, name)


def coverage(pdf: bytes) -> Any:
    trusted = ValidationContext(trust_roots=[Certificate.load(paper_key()[1])])
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(signature, trusted)


@pytest.mark.requirement("P11-14", "A11-17")
def test_the_signature_of_the_printed_record_covers_the_whole_file() -> None:
    pdf = files_of(package())["record.pdf"]
    found = coverage(pdf)
    assert found.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert (found.bottom_line, found.docmdp_ok, found.trusted) == (True, True, True)
    # Inside a compressed page: not where it would only break the structure of the file.
    at = pdf.index(b"stream\n") + 40
    changed = coverage(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :])
    assert (changed.bottom_line, changed.intact) == (False, False)
    longer = coverage(pdf + b"\n%more\n")
    assert longer.coverage != SignatureCoverageLevel.ENTIRE_FILE


@pytest.mark.requirement("P11-03", "P11-05")
def test_the_package_comes_over_rest_and_from_the_page_of_the_batch(told: Any) -> None:
    batch = running_batch()
    path = f"/api/v1/batches/{batch.number}/package.zip"
    assert (
        f'href="{path}"' in browser_of(operator()).get(f"/batches/{batch.number}/").content.decode()
    )
    for answer in (asked("PLANT", path), browser_of(operator()).get(path)):
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
        assert answer["Content-Disposition"] == f'attachment; filename="{batch.number}.zip"'
        code, text = told(b"".join(answer.streaming_content))
        assert code == 0, text
        assert "have no witness yet" in text
    for answer, status in (
        (Client().get(path), 401),
        (asked("SOUTH", path), 404),
        (asked("PLANT", path, "orders:read"), 403),
        (asked("PLANT", f"{path}?nothing=1"), 400),
    ):
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    pdf = asked("PLANT", f"/api/v1/batches/{batch.number}/record.pdf")
    assert coverage(pdf.content).coverage == SignatureCoverageLevel.ENTIRE_FILE


@pytest.mark.requirement("P11-14")
def test_no_name_of_a_patient_leaves_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"family_name": "Quandaryname", "given_name": "Zebulonia"}
    wanted = partial(batches_world.wanted_order, **named, identifiers=(("urn:test", "MRN-777"),))
    monkeypatch.setattr(batches_world, "wanted_order", wanted)
    batch = running_batch()
    files = files_of(packed(batch))
    pages = PdfReader(BytesIO(files["record.pdf"])).pages
    said = "".join(page.extract_text() for page in pages).encode()
    assert batch.order.patient.code.encode() in said
    for name, content in (*files.items(), ("pages", said)):
        for word in ("quandaryname", "zebulonia", "mrn-777", "1974-12-25", "25 dec 1974"):
            assert word.encode() not in content.lower(), name


def test_the_same_batch_gives_the_same_record_in_package_and_interface() -> None:
    batch = running_batch()
    assert files_of(packed(batch))["record.json"].decode() == canonical(record_document(batch))


@pytest.mark.requirement("A11-17")
def test_a_deviation_that_lived_on_after_the_decision_is_told_and_is_no_fault(told: Any) -> None:
    batch = reviewed_by_production(**SOFT)
    (exception,) = exceptions_of(batch)
    deviation = closed(escalated(exception))
    review(batch, "quality", quality())
    trail_reviewed(batch)
    disposition(again(batch), "released", qualified())
    moved(deviation, "reopen")
    code, text = told(packed(again(batch)))
    assert (code, "note  The deviations went on after the decision" in text) == (0, True), text


def chunks() -> Iterator[bytes]:
    yield from (b"one", b"", b"two")


def test_the_zip_is_one_that_others_open_too() -> None:
    file = BytesIO()
    container = Container(file)
    container.add("a.txt", chunks())
    container.add("folder/ü.txt", [b""])
    container.finish()
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        assert opened.read("a.txt") == b"onetwo"
