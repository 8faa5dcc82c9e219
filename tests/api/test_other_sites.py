"""Whoever works at another site gets nothing of ours: every route with a record in its address.

The routes are read from the table of routes, and each has a record that its own people may see:
a route that nobody could reach would prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from audit.commands import ask_role, review_access
from audit.models import RoleGrant, User
from audit.permissions import ROLES
from audit.queries import access_statement
from audit.signing import digest_of
from batches.commands import begin_rehearsal
from batches.models import Amendment, Batch, Rehearsal
from monitoring.models import Alarm
from quality.models import BatchException
from recipes.models import RecipeVersion
from supply.commands import record_calibration, reserve_unit
from supply.models import Calibration, Reservation
from tests.architecture.test_routes import routes
from tests.conftest import NOON
from tests.worlds.amendments import added_step, written
from tests.worlds.audit import act_by, client_token, person, proof_of, site
from tests.worlds.batches import running_batch
from tests.worlds.files import certified, file_on_record
from tests.worlds.monitoring import measured, sensor
from tests.worlds.orders import browser_of, donation_number, placed_order
from tests.worlds.quality import SOFT, escalated, quality, raised, reviewed_by_production

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SEC-23", "M45", "M03")]

# What belongs to the house or to the person, and to no site, and why.
NOT_OF_A_SITE = {
    "/equipment-classes/": "classes are the house's; the units of a class belong to sites",
    "/recipes/": "master records of the house: read by everybody, changed by roles",
    "/ledger/searches/": "a search is its person's: see tests/audit/test_ledger_browser.py",
    "/verification/": "a verification walks the whole house",
    "/set-up/": "what the house owes is recorded by its administrators and quality of the whole",
    "/accounts/": "one's own account: see tests/mes/test_login_factors.py",
    "/scanner/": "pictures of codes that are printed on every wall",
}
# A body that is in order where one is read at all: what refuses is the site.
JSON = {
    "content_type": "application/json",
    "data": json.dumps(
        {
            "donation_number": donation_number(7),
            "collected_at": "2026-11-22T10:00:00Z",
            "bags": [{"volume_ml": "80"}],
        }
    ),
    "headers": {"Idempotency-Key": "7" * 36, "If-Match": '"1"'},
}
HIDDEN = (403, 404, 405)
PAGE_METHODS = ("get", "post")
API_METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def samples() -> dict[str, str]:
    """Records of the plant and of the hospital in the north, by what an address calls them."""
    measured(sensor(), [20.5, 26.0, 26.0])
    batch = reviewed_by_production(**SOFT)
    deviation = escalated(raised(batch))
    olivia = User.objects.get(username="olivia")
    request = ask_role(
        user=olivia, role="planner", site=site(), reason="Plans, too.", act=act_by(quality())
    )
    seen = digest_of(access_statement(site(), at=NOON))
    review = review_access(
        site=site(), comment="Fine.", proof=proof_of(quality()), seen_digest=seen,
        act=act_by(quality()),
    )  # fmt: skip
    exception = BatchException.objects.filter(batch=batch).first()
    assert exception is not None
    placed_order()
    running = running_batch(room="ROOM-2")
    return {
        "/batches/<str:number>/amendments": f"{running.number}/amendments",
        "/api/v1/batches/<str:number>": batch.number,
        "/batches/<str:number>": batch.number,
        "/api/v1/orders/<str:number>": batch.order.number,
        "/orders/<str:number>": batch.order.number,
        "/receipt/<str:number>": batch.order.number,
        "/deviations/<str:number>": deviation.number,
        "/sensors/<str:code>": sensor().code,
        "/people/<str:username>": "olivia",
        "/access-reviews/of/<str:code>": "PLANT",
        "/equipment/<str:code>": "ROOM-1",
        "<int:grant_id>": str(RoleGrant.objects.get(user=olivia).pk),
        "<int:request_id>": str(request.pk),
        "<int:review_id>": str(review.pk),
        "<int:exception_id>": str(exception.pk),
        "/rehearsals/<int:number>": str(_rehearsed().pk),
        "<int:amendment>": str(_amended(running).number),
        "<int:calibration_id>": str(_calibrated().pk),
        "<int:reservation_id>": str(_reserved(batch.number).pk),
        "<int:file_id>": str((file := file_on_record(batch)).pk),
        "<int:copy>": str(certified(batch, file.pk).number),
        "<int:place>": "1",
        "<str:gesture>": "full",
        "<int:alarm_id>": str(Alarm.objects.all()[0].pk),
        "<str:code>": "S01",
    }


def _rehearsed() -> Rehearsal:
    by = person("house-operator", "operator")
    version = RecipeVersion.objects.filter(state="effective")[0]
    return begin_rehearsal(version_id=version.pk, scenario="wrong_bag", act=act_by(by))


def _amended(batch: Batch) -> Amendment:
    return written(batch, added_step(), by=person("house-engineer", "engineer"))


def _calibrated() -> Calibration:
    return record_calibration(
        code="ROOM-1", certificate="C-1", done_by="Calibration Ltd", done_on=NOON.date(),
        due_on=(NOON + timedelta(days=365)).date(), is_passed=True, act=act_by(quality()),
    )  # fmt: skip


def _reserved(batch: str) -> Reservation:
    return reserve_unit(
        code="ROOM-1", batch=batch, begins_at=NOON + timedelta(days=5),
        ends_at=NOON + timedelta(days=6), act=act_by(quality()),
    )  # fmt: skip


def addressed(samples: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every route with a record in its address, and the address of the record."""
    for route in routes():
        if "<" not in route or route.startswith(tuple(NOT_OF_A_SITE)):
            continue
        made = route
        for pattern, value in samples.items():
            made = made.replace(pattern, pattern.partition("<")[0] + value)
        assert "<" not in made, f"{route} needs a sample"
        yield route, made


def words_of_ours() -> list[str]:
    """What no page of another site may say."""
    batch = Batch.objects.select_related("order__patient", "order__chain").order_by("pk")[0]
    order = batch.order
    people = User.objects.filter(username__in=("olivia", "vera"))
    return [
        order.patient.code,
        order.external_id,
        order.chain.value,
        order.prescriber_name,
        *people.values_list("full_name", flat=True),
    ]


def people(prefix: str, at_site: Any) -> list[tuple[str, Client]]:
    """A browser for each role."""
    return [
        (role, browser_of(person(f"{prefix}-{role}", role, at_site=at_site)))
        for role in ROLES
        if role != "service"
    ]


def answered(client: Client, method: str, address: str, **more: Any) -> Any:
    """Ask, and undo what was done."""
    more = {} if method == "get" else more
    before = transaction.savepoint()
    answer = getattr(client, method)(address, **more)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    transaction.savepoint_rollback(before)
    return answer.status_code, content.decode(errors="replace")


def test_a_person_of_another_site_gets_no_record_of_ours(samples: dict[str, str]) -> None:
    ours, wrong = words_of_ours(), []
    strangers = people("south", site("SOUTH"))
    insiders = [*people("house", None), ("qa", browser_of(quality()))]
    for route, address in addressed(samples):
        methods = API_METHODS if route.startswith("/api/") else PAGE_METHODS
        more = {} if methods == PAGE_METHODS else JSON
        for method in methods:
            for role, client in strangers:
                status, body = answered(client, method, address, **more)
                leaked = [word for word in ours if word in body]
                if status not in HIDDEN or leaked:
                    wrong.append(f"{method} {route} as {role} of another site: {status} {leaked}")
        seen = {
            answered(client, method, address, **more)[0]
            for method in methods
            for _, client in insiders
        }
        if seen <= set(HIDDEN):
            wrong.append(f"{route}: nobody reaches {address}, nothing is proved ({seen})")
    assert wrong == [], "\n".join(wrong)


def test_a_token_of_another_site_gets_no_record_of_ours(samples: dict[str, str]) -> None:
    ours, wrong = words_of_ours(), []
    headers = {
        place: {"Authorization": f"Bearer {client_token(site(place), name=name)[1]}"}
        for place, name in (("SOUTH", "portal-south"), ("NORTH", "portal-north"))
    }
    for route, address in addressed(samples):
        if not route.startswith("/api/"):
            continue
        reached = set()
        for method in API_METHODS:
            status, body = answered(Client(headers=headers["SOUTH"]), method, address, **JSON)
            leaked = [word for word in ours if word in body]
            if status not in HIDDEN or leaked:
                wrong.append(f"{method} {route}: {status} {leaked}")
            reached.add(answered(Client(headers=headers["NORTH"]), method, address, **JSON)[0])
        if reached <= set(HIDDEN):
            wrong.append(f"{route}: its own client does not reach {address} ({reached})")
    assert wrong == [], "\n".join(wrong)


def test_lists_of_another_site_name_nothing_of_ours(samples: dict[str, str]) -> None:
    ours, wrong = words_of_ours(), []
    north = {"Authorization": f"Bearer {client_token(site('NORTH'), name='portal-north')[1]}"}
    south = {"Authorization": f"Bearer {client_token(site('SOUTH'), name='portal-south')[1]}"}
    shown = 0
    for route in routes():
        if "<" in route:
            continue
        for role, client in people("south", site("SOUTH")):
            _, body = answered(client, "get", route)
            leaked = [word for word in ours if word in body]
            if leaked:
                wrong.append(f"{route} as {role}: {leaked}")
        if route.startswith("/api/v1/"):
            _, body = answered(Client(headers=south), "get", route)
            if any(word in body for word in ours):
                wrong.append(f"{route} with a token")
            shown += any(word in answered(Client(headers=north), "get", route)[1] for word in ours)
    assert wrong == [], "\n".join(wrong)
    # The control: its own client does see it.
    assert shown
