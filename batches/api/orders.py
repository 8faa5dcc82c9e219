"""Orders over REST (docs/reference/api.md)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import (
    Answer,
    Day,
    Malformed,
    Moment,
    Quantity,
    Strict,
    Text,
    answered_once,
    cursor_page,
    etag_of,
    is_unchanged,
    only_known,
    sites_seen,
)
from audit.api.schema import IDEMPOTENCY_KEY, PAGING, refusals
from audit.edges import act_of_request
from audit.models import ApiToken, Site
from audit.permissions import sites_of
from batches.commands import place_order
from batches.models import Order
from batches.queries import (
    order_numbered,
    orders_seen,
    plain_order,
)
from batches.rules.orders import SEXES, WantedOrder
from batches.states import ORDER
from kernel.canonical import plain
from kernel.errors import Invalid, NotPermitted

SCOPES = {"GET": "orders:read", "POST": "orders:write"}
READERS = ("planner", "operator", "verifier", "qa", "qp")
ROLES = {"GET": READERS, "POST": ("planner",)}


class IdentifierIn(Strict):
    """One identifier of a patient."""

    system = Text(max_length=200)
    value = Text(max_length=100)


class PatientIn(Strict):
    """Who the medicine is for; kept in the vault."""

    identifiers = serializers.ListField(child=IdentifierIn(), min_length=1, max_length=10)
    family_name = Text(max_length=200)
    given_name = Text(max_length=200)
    birth_date = Day()
    sex = serializers.ChoiceField(choices=SEXES)
    weight_kg = Quantity()
    height_cm = Quantity()


class PlannedIn(Strict):
    """When the patient's material is to be collected."""

    planned_at = Moment()


class WindowIn(Strict):
    """From when to when the medicine can be given."""

    def get_fields(self) -> dict[str, Any]:
        """Return the two ends; "from" is a word of the language."""
        return {"from": Day(), "to": Day()}


class PrescriberIn(Strict):
    """Who prescribed."""

    identifier = Text(max_length=64)
    name = Text(max_length=200)


class ConsentIn(Strict):
    """The patient's consent."""

    reference = Text(max_length=64)
    signed_at = Moment()


class OrderIn(Strict):
    """An order as a hospital sends it."""

    external_id = Text(max_length=64)
    therapy = Text(max_length=24)
    site = Text(max_length=16)
    patient = PatientIn()
    collection = PlannedIn(required=False)
    administration_window = WindowIn()
    prescriber = PrescriberIn()
    consent = ConsentIn()


class WindowOut(serializers.Serializer[Any]):
    """From when to when the medicine can be given."""

    def get_fields(self) -> dict[str, Any]:
        """Return the two ends."""
        return {"from": serializers.DateField(), "to": serializers.DateField()}


class OrderPatientOut(serializers.Serializer[Any]):
    """The pseudonym, and what the making needs."""

    code = serializers.CharField()
    weight_kg = serializers.CharField()
    height_cm = serializers.CharField()


class PlannedOut(serializers.Serializer[Any]):
    """When the material is to be collected."""

    planned_at = serializers.DateTimeField()


class PrescriberOut(serializers.Serializer[Any]):
    """Who prescribed, by identifier."""

    identifier = serializers.CharField()


class ConsentOut(serializers.Serializer[Any]):
    """The consent."""

    reference = serializers.CharField()
    signed_at = serializers.DateTimeField()


class OrderOut(serializers.Serializer[Any]):
    """An order as it stands: nothing in it names the patient."""

    number = serializers.CharField()
    external_id = serializers.CharField()
    chain_of_identity = serializers.CharField()
    state = serializers.ChoiceField(choices=ORDER.choices())
    version = serializers.IntegerField()
    therapy = serializers.CharField()
    site = serializers.CharField()
    made_at = serializers.CharField()
    patient = OrderPatientOut()
    collection = PlannedOut(allow_null=True)
    administration_window = WindowOut()
    prescriber = PrescriberOut()
    consent = ConsentOut()
    ordered_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class OrderPage(serializers.Serializer[Any]):
    """A page of orders."""

    results = OrderOut(many=True)
    next = serializers.CharField(allow_null=True)
    prev = serializers.CharField(allow_null=True)


def wanted_from(data: dict[str, Any]) -> WantedOrder:
    """Return what was asked for, from checked input."""
    patient, window = data["patient"], data["administration_window"]
    return WantedOrder(
        external_id=data["external_id"],
        therapy=data["therapy"],
        identifiers=tuple((one["system"], one["value"]) for one in patient["identifiers"]),
        family_name=patient["family_name"],
        given_name=patient["given_name"],
        birth_date=patient["birth_date"],
        sex=patient["sex"],
        weight_kg=patient["weight_kg"],
        height_cm=patient["height_cm"],
        collection_planned_at=data["collection"]["planned_at"] if "collection" in data else None,
        administer_from=window["from"],
        administer_to=window["to"],
        prescriber_identifier=data["prescriber"]["identifier"],
        prescriber_name=data["prescriber"]["name"],
        consent_reference=data["consent"]["reference"],
        consent_signed_at=data["consent"]["signed_at"],
    )


def site_of(request: Request, code: str) -> Site:
    """Return the site an order is for, if the asker orders there.

    Raises:
        NotPermitted: the token or the planner belongs to another site.
    """
    site: Site | None
    if isinstance(request.auth, ApiToken):
        site = request.auth.site if request.auth.site.code == code else None
    else:
        sites = sites_of(request.user, "planner")
        known = Site.objects.filter(code=code)
        site = (known if sites is None else known.filter(pk__in=sites)).first()
    if site is None:
        raise NotPermitted("You may not order for this site.", pointer="/site", code="other_site")
    return site


class Orders(APIView):
    """Orders of the asker's site."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="orders_list",
        parameters=[
            *PAGING,
            OpenApiParameter("state", OpenApiTypes.STR, enum=sorted(ORDER.states)),
            OpenApiParameter("therapy", OpenApiTypes.STR),
            OpenApiParameter("external_id", OpenApiTypes.STR),
            OpenApiParameter("updated_after", OpenApiTypes.DATETIME),
        ],
        responses={200: OrderPage, **refusals(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """List orders, newest first."""
        only_known(
            request, "limit", "cursor", "prev", "state", "therapy", "external_id", "updated_after"
        )
        rows = orders_seen(sites_seen(request))
        asked = request.query_params
        if "state" in asked:
            if asked["state"] not in ORDER.states:
                raise Invalid("There is no such state.", pointer="#/query/state", code="unknown")
            rows = rows.filter(state=asked["state"])
        if "therapy" in asked:
            rows = rows.filter(therapy__code=clean(asked["therapy"], "therapy"))
        if "external_id" in asked:
            rows = rows.filter(external_id=clean(asked["external_id"], "external_id"))
        if "updated_after" in asked:
            after = moment(asked["updated_after"], "updated_after")
            rows = rows.filter(updated_at__gt=after)
        return cursor_page(request, rows, lambda order: plain(plain_order(order)))

    @extend_schema(
        operation_id="orders_create",
        parameters=[IDEMPOTENCY_KEY],
        request=OrderIn,
        responses={201: OrderOut, **refusals(400, 401, 403, 409, 413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Place an order; the same Idempotency-Key makes the same order."""
        only_known(request)
        checked = OrderIn(data=request.data)
        checked.is_valid(raise_exception=True)
        data = checked.validated_data
        site = site_of(request, data["site"])
        act = act_of_request(request)

        def make() -> Answer:
            order = place_order(wanted=wanted_from(data), site=site, act=act)
            return Answer(status=201, body=plain_order(order), headers=headers_of(order))

        return answered_once(request, act, make)


def clean(text: str, name: str) -> str:
    """Return a query parameter that PostgreSQL can hold."""
    if "\x00" in text or len(text) > 200:
        raise Malformed("This parameter cannot be read.", pointer=f"#/query/{name}", code="text")
    return text


def moment(text: str, name: str) -> Any:
    """Return the time in a query parameter."""
    try:
        return Moment().to_internal_value(text.replace(" ", "+"))
    except serializers.ValidationError:
        raise Invalid(
            "Send a time with its zone.", pointer=f"#/query/{name}", code="datetime"
        ) from None


def headers_of(order: Order) -> dict[str, str]:
    """Return where an order is, and which version this is."""
    return {
        "Location": reverse("api-order", kwargs={"number": order.number}),
        "ETag": etag_of(order.version),
    }


class OneOrder(APIView):
    """One order."""

    scopes, roles = {"GET": "orders:read"}, {"GET": READERS}

    @extend_schema(
        operation_id="orders_retrieve",
        responses={200: OrderOut, 304: None, **refusals(400, 401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """Return an order of the asker's site."""
        only_known(request)
        order = order_numbered(number, sites_seen(request))
        etag = etag_of(order.version)
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(plain(plain_order(order)), headers={"ETag": etag})
