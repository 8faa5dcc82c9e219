"""The review of access: the list is what holds, quality signs it, and overdue is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.commands import deactivate_user, grant_role, review_access, revoke_role
from audit.models import AccessReview, RoleGrant, Site, User
from audit.queries import access_statement, reviews_due, signatures_of
from audit.signing import digest_of
from audit.verification import Verifier
from kernel.errors import Invalid, NotPermitted, StaleView
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, client_token, person, proof_of, site
from tests.worlds.orders import browser_of

pytestmark = pytest.mark.django_db
FOUND = "Anna left the night shift: her role was taken away."


def reviewed(by: User, place: Site | None = None, **changes: Any) -> AccessReview:
    given = {
        "site": place,
        "comment": FOUND,
        "proof": proof_of(by),
        "seen_digest": digest_of(access_statement(place, at=NOON)),
        "act": act_by(by),
        **changes,
    }
    return review_access(**given)


def house() -> User:
    person("anna", "operator", at_site=site())
    person("bert", "operator", at_site=site("NORTH"))
    person("carl", "planner")
    person("dora")
    client_token(site("NORTH"))
    deactivate_user(user=person("emil", "verifier"), act=act_by())
    return person("quinn", "qa")


def listed(place: Site | None) -> dict[str, list[str]]:
    return {
        one["username"]: [role["role"] for role in one["roles"]]
        for one in access_statement(place, at=NOON)["accounts"]
    }


@pytest.mark.requirement("A11D-14", "M45")
def test_the_list_is_what_holds_at_that_moment_no_more_and_no_less() -> None:
    house()
    whole = {
        "anna": ["operator"], "bert": ["operator"], "carl": ["planner"], "dora": [],
        "portal": [], "quinn": ["qa"], "system": [],
    }  # fmt: skip
    assert listed(None) == whole
    assert listed(site()) == {"anna": ["operator"], "carl": ["planner"], "quinn": ["qa"]}
    assert set(listed(site("NORTH"))) == {"bert", "carl", "portal", "quinn"}
    live = RoleGrant.objects.filter(revoked_at=None, user__is_active=True)
    assert sum(map(len, whole.values())) == live.count()
    grant = RoleGrant.objects.get(user__username="anna")
    revoke_role(grant_id=grant.pk, reason="Left the team.", act=act_by())
    assert listed(None)["anna"] == []
    tokens = [one["tokens"] for one in access_statement(None, at=NOON)["accounts"]]
    assert len([one for one in tokens if one]) == 1
    later = access_statement(None, at=NOON + timedelta(days=31))["accounts"]
    assert not any(one["tokens"] for one in later)


@pytest.mark.requirement("A11D-14", "M45")
def test_quality_signs_the_list_and_the_record_stays_as_it_was_signed() -> None:
    quality = house()
    review = reviewed(quality)
    (signature,) = signatures_of(review)
    assert (signature.meaning, signature.statement_digest) == ("reviewed", review.listed_digest)
    assert signature.statement["accounts"] == review.listed
    grant_role(user=person("dora"), role="qp", site=None, act=act_by(reason="New here."))
    review.refresh_from_db()
    assert [one["roles"] for one in review.listed if one["username"] == "dora"] == [[]]
    assert list(Verifier().findings()) == []
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE audit_accessreview SET next_due_on = '2099-01-01'")


@pytest.mark.requirement("A11D-14")
def test_nobody_signs_a_list_that_changed_says_nothing_or_is_not_theirs() -> None:
    quality = house()
    seen = digest_of(access_statement(None, at=NOON))
    grant_role(user=person("dora"), role="qp", site=None, act=act_by(reason="New here."))
    with pytest.raises(StaleView):
        reviewed(quality, seen_digest=seen)
    with pytest.raises(Invalid):
        reviewed(quality, comment="  ")
    north = person("norman", "qa", at_site=site("NORTH"))
    for who, place in ((person("adam", "admin"), None), (north, None), (north, site())):
        with pytest.raises(NotPermitted):
            reviewed(who, place)
    assert not AccessReview.objects.exists()
    reviewed(north, site("NORTH"))


@pytest.mark.requirement("A11D-14")
def test_a_review_is_due_again_and_overdue_after_its_day() -> None:
    quality = house()
    sites = [site(), site("NORTH")]
    today = NOON.date()

    def overdue(days: int = 0) -> list[str]:
        found = reviews_due(sites, whole=True, on=today + timedelta(days=days))
        return [one.site.code if one.site else "*" for one in found if one.is_overdue]

    assert overdue() == ["*", "PLANT", "NORTH"]
    reviewed(quality, site())
    assert overdue() == ["*", "NORTH"]
    reviewed(quality)
    assert overdue() == []
    assert overdue(90) == []
    assert overdue(91) == ["*", "PLANT", "NORTH"]


@pytest.mark.requirement("A11D-14", "M45")
def test_the_pages_show_what_is_overdue_sign_and_keep_it() -> None:
    browser = browser_of(house())
    assert "is overdue" in browser.get("/people/").content.decode()
    shown = browser.get("/access-reviews/of/everywhere/")
    form = {
        "username": "quinn",
        "password": PASSWORD,
        "digest": shown.context["signing"]["digest"],
        "challenge": shown.context["signing"]["challenge"],
        "reason": FOUND,
    }
    path = "/access-reviews/of/everywhere/sign/"
    wrong = browser.post(path, {**form, "password": "not the right one at all"})
    assert wrong.status_code == 401
    made = browser.post(path, form)
    assert made.status_code == 302
    page = browser.get(made["Location"]).content.decode()
    assert FOUND in page
    assert "Quinn Example" in page
    assert "is overdue" not in browser.get("/people/").content.decode()
    assert FOUND in browser.get("/access-reviews/").content.decode()
    north = browser_of(person("norman", "qa", at_site=site("NORTH")))
    for there in ("/access-reviews/of/everywhere/", "/access-reviews/of/PLANT/", made["Location"]):
        assert north.get(there).status_code == 404
    admin = browser_of(person("adam", "admin"))
    assert admin.get("/access-reviews/of/PLANT/").status_code == 200
    assert admin.post("/access-reviews/of/PLANT/sign/", form).status_code == 403
