"""Recipes, the screens: submitted and approved with the dialog, each by whoever may."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from audit.models import User
from recipes.models import RecipeVersion
from tests.worlds.audit import PASSWORD, site
from tests.worlds.recipes import (
    approved_version,
    checker,
    drafted_version,
    effective_recipe,
    engineer,
    quality,
    submitted_version,
    therapy,
)

pytestmark = pytest.mark.django_db
BACKEND = "mes.sign_in.People"
PAGE = "/recipes/SMALL-MBR/1/"
DATA = Path(__file__).resolve().parents[2] / "recipes" / "data"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def hidden(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, f"no {name}"
    return found.group(1)


def signed(client: Client, verb: str, username: str) -> Any:
    page = client.get(PAGE)
    shown = {name: hidden(page, name) for name in ("digest", "version", "challenge")}
    return client.post(f"{PAGE}{verb}/", {**shown, "username": username, "password": PASSWORD})


@pytest.mark.requirement("CGMP-02", "P11-16")
def test_a_draft_becomes_effective_on_its_page_by_three_people() -> None:
    drafted_version()
    author, second, approver = (signed_in(one) for one in (engineer(), checker(), quality()))
    assert signed(author, "submit", "erik").status_code == 303
    assert "sign-version" not in author.get(PAGE).content.decode()
    assert signed(second, "check", "clara").status_code == 303
    assert "sign-version" not in second.get(PAGE).content.decode()
    assert signed(approver, "approve", "quinn").status_code == 303
    version = hidden(approver.get(PAGE), "version")
    assert approver.post(f"{PAGE}effective/", {"version": version}).status_code == 303
    page = approver.get(PAGE).content.decode()
    assert RecipeVersion.objects.get().state == "effective"
    for words in ("Erik Example", "Authored", "Quinn Example", "Approved", "UTC"):
        assert words in page


@pytest.mark.requirement("CGMP-02")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2031-05-01T08:00", "2031-05-01T08:00:00+00:00"),
        ("2031-05-01T08:00+02:00", "2031-05-01T06:00:00+00:00"),
    ],
)
def test_the_date_of_force_is_in_utc_or_in_the_zone_it_names(given: str, kept: str) -> None:
    version = approved_version()
    answer = signed_in(quality()).post(
        f"{PAGE}schedule/", {"version": version.version, "effective_from": given}
    )
    assert answer.status_code == 303
    at = RecipeVersion.objects.get().effective_from
    assert at is not None
    assert at.isoformat() == kept


def test_a_date_of_force_that_is_none_is_refused_by_name() -> None:
    version = approved_version()
    answer = signed_in(quality()).post(
        f"{PAGE}schedule/", {"version": version.version, "effective_from": "soon"}
    )
    assert answer.status_code == 422
    assert "This is no date and time." in answer.content.decode()


def test_a_wrong_password_signs_nothing_and_says_so_in_the_dialog() -> None:
    drafted_version()
    client = signed_in(engineer())
    page = client.get(PAGE)
    shown = {name: hidden(page, name) for name in ("digest", "version", "challenge")}
    answer = client.post(f"{PAGE}submit/", {**shown, "username": "erik", "password": "no"})
    assert answer.status_code == 401
    assert "Not signed." in answer.content.decode()
    assert RecipeVersion.objects.get().state == "draft"


def test_whoever_is_no_engineer_cannot_submit() -> None:
    drafted_version()
    assert signed_in(quality()).post(f"{PAGE}submit/").status_code == 403


def test_what_is_missing_stands_on_the_page() -> None:
    drafted_version(other_information={})
    page = signed_in(engineer()).get(PAGE).content.decode()
    assert "1 finding before approval" in page
    assert "/other_information/precautions" in page


def test_the_page_shows_the_tree_with_parameters_and_limits() -> None:
    effective_recipe()
    page = signed_in(engineer()).get(PAGE).content.decode()
    for words in (
        "Manufacture",
        "Clearance",
        "Measure the volume",
        "50.0 to 100.0 mL",
        "10.0 to 200.0 mL",
        "volume / weight * factor",
        "Buffer",
        "Second person",
    ):
        assert words in page


def test_a_stale_page_is_refused() -> None:
    submitted_version()
    client = signed_in(quality())
    assert client.post(f"{PAGE}return/", {"version": "1", "reason": "x"}).status_code == 409


@pytest.mark.parametrize("address", ["/recipes/NONE/1/", "/recipes/SMALL-MBR/99999999999/",
                                     "/recipes/%00/1/"])  # fmt: skip
def test_there_is_no_such_recipe(address: str) -> None:
    assert signed_in(engineer()).get(address).status_code == 404


@pytest.mark.parametrize(("name", "autologous"), [("CART-19", True), ("PGX-ORAL", False)])
def test_the_shell_drafts_the_recipes_of_the_house(name: str, autologous: bool) -> None:
    therapy(name, autologous=autologous, made_at=site("PLANT"))
    engineer()
    said = StringIO()
    call_command("load_recipe", str(DATA / f"{name}.yaml"), engineer="erik", stdout=said)
    assert said.getvalue() == f"{name}-MBR v1 is drafted.\n"


def test_the_shell_refuses_a_file_that_is_no_recipe(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("header: [1, 2]")
    engineer()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_recipe", str(file), engineer="erik")
