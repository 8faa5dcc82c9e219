"""The record over REST: the same digests in both forms, for who may see it and nobody else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from batches.models import Batch
from kernel.canonical import digest
from tests.worlds.audit import client_token, person, site
from tests.worlds.batches import operator, running_batch

BACKEND = "mes.sign_in.People"
pytestmark = pytest.mark.django_db


def asked(code: str, path: str, *scopes: str, **headers: str) -> Any:
    _, text = client_token(site(code), *scopes, name=f"portal-{code.lower()}-{len(scopes)}")
    return Client().get(path, headers={"Authorization": f"Bearer {text}", **headers})


def paths(batch: Batch) -> tuple[str, str]:
    start = f"/api/v1/batches/{batch.number}/record"
    return f"{start}/", f"{start}.pdf"


@pytest.mark.requirement("P11-03")
def test_json_and_pdf_carry_the_same_digests() -> None:
    batch = running_batch()
    json_path, pdf_path = paths(batch)
    answer, paper = asked("PLANT", json_path), asked("PLANT", pdf_path)
    document = answer.json()
    assert digest(document["record"]) == document["content_digest"]
    body = {name: part for name, part in document.items() if name != "digest"}
    assert digest(body) == document["digest"], "whoever has the file can check it"
    assert (paper["Content-Type"], paper["Content-Disposition"]) == (
        "application/pdf",
        f'inline; filename="{batch.number}.pdf"',
    )
    text = PdfReader(BytesIO(paper.content)).pages[0].extract_text()
    assert document["content_digest"] in text
    assert document["digest"] in text
    assert answer["ETag"] == f'"{document["digest"]}"'
    assert paper["ETag"] == f'W/"{document["digest"]}"', "each copy is signed when it is made"


def test_who_has_it_already_is_told_so() -> None:
    for path in paths(running_batch()):
        answer = asked("PLANT", path)
        again = asked("PLANT", path, **{"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_person_downloads_it_from_the_page_of_the_batch() -> None:
    batch = running_batch()
    client = Client()
    client.force_login(operator(), backend=BACKEND)
    page = client.get(f"/batches/{batch.number}/").content.decode()
    for path in paths(batch):
        assert f'href="{path}"' in page
        assert client.get(path).status_code == 200


@pytest.mark.requirement("P11-05", "P11-09")
def test_strangers_other_sites_and_other_scopes_get_a_problem_and_nothing_else() -> None:
    batch = running_batch()
    for path in paths(batch):
        for answer, status in (
            (Client().get(path), 401),
            (asked("SOUTH", path), 404),
            (asked("PLANT", path, "orders:read"), 403),
            (asked("PLANT", path.replace(batch.number, "B-%00")), 404),
            (asked("PLANT", f"{path}?nothing=1"), 400),
        ):
            assert answer.status_code == status
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == status
    assert asked("PLANT", path, Accept="application/pdf").status_code == 200


@pytest.mark.requirement("P11-09")
def test_an_administrator_has_no_business_with_records() -> None:
    client = Client()
    client.force_login(person("adam", "admin"), backend=BACKEND)
    for path in paths(running_batch()):
        assert client.get(path).status_code == 403
