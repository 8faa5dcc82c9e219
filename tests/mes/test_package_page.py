"""The page that verifies a package: an inspector needs no shell, and a file of somebody no trust."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mes.packages import uploaded
from tests.worlds.audit import person, site
from tests.worlds.batches import operator
from tests.worlds.orders import browser_of
from tests.worlds.packages import files_of, package

pytestmark = pytest.mark.django_db
PATH = "/verification/package/"


@pytest.fixture
def client() -> Client:
    return browser_of(person("quinn", "qa", at_site=site()))


def sent(client: Client, content: bytes, name: str = "B-000001.zip", **more: str) -> Any:
    return client.post(PATH, {"package": SimpleUploadedFile(name, content), **more})


@pytest.mark.requirement("A11-17", "P11-14")
def test_a_package_is_verified_by_the_script_that_lies_in_it(client: Client) -> None:
    whole = package()
    answer = sent(client, whole)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Verified. Everything is as it was sealed." in text
    assert "entries of the ledger, chained without a gap" in text
    assert "What it cannot prove" in text


@pytest.mark.requirement("A11-17", "P11-14")
@pytest.mark.parametrize("file", ["record.pdf", "ledger.jsonl", "verify.py"])
def test_one_byte_changed_is_named_by_its_file(client: Client, file: str) -> None:
    content = files_of(package())[file]
    place = package().index(content) + len(content) // 2
    changed = bytearray(package())
    changed[place] ^= 1
    answer = sent(client, bytes(changed))
    assert "Not verified. Do not rely on this package." in answer.content.decode()
    assert file in [name for name, _ in answer.context["verdict"].wrong]


def test_another_key_than_the_one_named_is_said(client: Client) -> None:
    answer = sent(client, package(), fingerprint="ab" * 32)
    assert "the sealing key is not the one you named" in answer.content.decode()


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", how) as zipped_up:
        for name, content in files.items():
            zipped_up.writestr(name, content)
    return made.getvalue()


@pytest.mark.requirement("SEC-15")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7 and more",
        b"PK\3\4 and no more",
        zipped({"a.txt": b"a"}),
        zipped({"manifest.json": b"0" * 10_000_000}, zipfile.ZIP_DEFLATED),
        zipped({**{f"{number}": b"" for number in range(1100)}, "manifest.json": b"{}"}),
    ],
    ids=["nothing", "html", "pdf", "torn", "another zip", "bomb", "too many files"],
)
def test_what_is_no_package_by_its_content_is_refused(client: Client, content: bytes) -> None:
    answer = sent(client, content, name="B-000001.zip")
    assert answer.status_code == 422
    assert "verdict" not in answer.context


def test_a_zip_of_a_version_to_come_is_refused(client: Client) -> None:
    content = bytearray(package())
    with zipfile.ZipFile(BytesIO(bytes(content))) as opened:
        content[opened.start_dir + 6] ^= 0x80
    assert sent(client, bytes(content)).status_code == 422


@pytest.mark.requirement("SEC-15")
def test_the_name_of_a_file_leads_nowhere(client: Client) -> None:
    whole = zipped({"manifest.json": b"{}", "../../../../tmp/onelot-was-here": b"x"})
    answer = sent(client, whole, name="../../etc/passwd<script>")
    assert answer.status_code == 200
    assert not answer.context["verdict"].is_good
    assert "passwd" not in answer.content.decode()


@pytest.mark.requirement("SEC-15")
def test_a_form_longer_than_any_package_is_not_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploaded, "MOST", 1000)
    assert sent(client, b"PK\3\4" + b"0" * 2000).status_code == 413


@pytest.mark.requirement("SEC-15")
def test_a_form_of_two_megabytes_is_too_long(client: Client) -> None:
    assert client.post(PATH, {"paper": "x" * 2_000_000}).status_code == 413


@pytest.mark.requirement("P11-09")
def test_makers_verify_no_packages() -> None:
    assert browser_of(operator()).get(PATH).status_code == 403


def test_the_page_asks_for_the_file_first(client: Client) -> None:
    assert client.get(PATH).status_code == 200
    answer = client.post(PATH, {})
    assert (answer.status_code, "Choose the package first." in answer.content.decode()) == (
        422,
        True,
    )
