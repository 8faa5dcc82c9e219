"""Orders typed in: a form with all that a hospital would send, and one order however often sent."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from audit.acts import Act
from audit.commands.answers import Answer, answer_once
from audit.edges import act_of_request
from audit.models import Site
from audit.permissions import sites_of
from audit.views import roles_required
from batches.commands import place_order
from batches.forms import OrderForm
from batches.views.forms import go, person_of
from kernel.canonical import canonical
from kernel.errors import Conflict, Refusal
from recipes.queries import therapies

KEY = "idempotency_key"


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("planner")
def order_new(request: HttpRequest) -> HttpResponse:
    """Take an order by hand: the same command, and the same refusals, as over REST."""
    sites = sites_to_order_for(request)
    form = OrderForm(
        request.POST if request.method == "POST" else None,
        sites=[(one.code, f"{one.code} · {one.name}") for one in sites],
        therapies=[(one.code, f"{one.code} · {one.name}") for one in therapies()],
        initial={"site": sites[0].code if len(sites) == 1 else ""},
    )
    if request.method != "POST":
        return shown(request, form, uuid4())
    key = key_of(request)
    if not form.is_valid():
        return shown(request, form, key, status=422)
    act = act_of_request(request)
    site = next(one for one in sites if one.code == form.cleaned_data["site"])
    try:
        number = placed(form, site, key, act)
    except Conflict as refusal:
        if refusal.code == "in_flight":
            messages.info(request, "The order is being placed: look for it in the list.")
            return go("/orders/")
        return blamed(request, form, refusal, key)
    except Refusal as refusal:
        return blamed(request, form, refusal, uuid4() if refusal.code == "key_reused" else key)
    messages.success(request, f"Order {number} was placed.")
    return go(f"/orders/{number}/")


def sites_to_order_for(request: HttpRequest) -> list[Site]:
    """Return the sites for which this planner orders, by code."""
    sites = sites_of(person_of(request), "planner")
    found = Site.objects.order_by("code")
    return list(found if sites is None else found.filter(pk__in=sites))


def key_of(request: HttpRequest) -> UUID:
    """Return the key of the form; a form without one of ours is a new form."""
    text = request.POST.get(KEY, "")
    try:
        return UUID(text) if len(text) == 36 else uuid4()
    except ValueError:
        return uuid4()


def placed(form: OrderForm, site: Site, key: UUID, act: Act) -> str:
    """Place the order of a form once, and return its number."""
    asked = canonical({"site": site.code, "form": form.cleaned_data})

    def make() -> Answer:
        order = place_order(wanted=form.wanted(), site=site, act=act)
        return Answer(status=201, body={"number": order.number})

    answer = answer_once(
        key=key,
        request_digest=hashlib.sha256(f"/orders/new/ {asked}".encode()).hexdigest(),
        make=make,
        act=act,
    )
    return str(answer.body["number"])


def blamed(request: HttpRequest, form: OrderForm, refusal: Refusal, key: UUID) -> HttpResponse:
    """Show the form again with what the command refused beside its fields."""
    form.blame(refusal)
    return shown(request, form, key, status=refusal.status)


def shown(request: HttpRequest, form: OrderForm, key: UUID, status: int = 200) -> HttpResponse:
    """Show the form."""
    groups = (
        ("What, and for which site", ("site", "therapy", "external_id")),
        (
            "Patient",
            ("family_name", "given_name", "birth_date", "sex", "identifier_system",
             "identifier_value", "other_system", "other_value"),
        ),
        ("Body", ("weight_kg", "height_cm")),
        ("When", ("planned_at", "administer_from", "administer_to")),
        ("Prescriber", ("prescriber_identifier", "prescriber_name")),
        ("Consent", ("consent_reference", "consent_signed_at")),
    )  # fmt: skip
    units = {"weight_kg": "kg", "height_cm": "cm"}
    context = {
        "form": form,
        "key": key,
        "groups": [
            (title, [(form[name], units.get(name, "")) for name in names])
            for title, names in groups
        ],
    }
    return render(request, "orders/new.html", context, status=status)
