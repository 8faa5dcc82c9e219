"""Collections over REST: what was taken from the patient of an order (docs/reference/api.md)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import (
    Answer,
    Moment,
    Quantity,
    Strict,
    Text,
    answered_once,
    cursor_page,
    only_known,
    sites_seen,
)
from audit.api.schema import MAY_REPEAT, PAGING, refusals
from audit.edges import act_of_request
from batches.api.orders import ROLES, SCOPES
from batches.commands import report_collection
from batches.queries import (
    collections_seen,
    numbers_of_chains,
    order_numbered,
    plain_collection,
)
from kernel.canonical import plain
from kernel.errors import Invalid
from supply.rules.isbt128 import donation_number_from


class BagIn(Strict):
    """A bag; one without a code gets one."""

    code = Text(max_length=40, required=False)
    volume_ml = Quantity(required=False)


class CollectionIn(Strict):
    """What was collected."""

    donation_number = Text(max_length=24)
    check_character = Text(max_length=1, required=False)
    collected_at = Moment()
    bags = serializers.ListField(child=BagIn(), min_length=1, max_length=20)


class CollectionOfOrderIn(CollectionIn):
    """What was collected, and for which order."""

    order = Text(max_length=24)


class BagOut(serializers.Serializer[Any]):
    """A bag."""

    code = serializers.CharField()
    volume_ml = serializers.CharField(allow_null=True)
    state = serializers.CharField()


class CollectionOut(serializers.Serializer[Any]):
    """A collection."""

    order = serializers.CharField()
    chain_of_identity = serializers.CharField()
    donation_number = serializers.CharField()
    collected_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField()
    site = serializers.CharField()
    bags = BagOut(many=True)


class CollectionPage(serializers.Serializer[Any]):
    """A page of collections."""

    results = CollectionOut(many=True)
    next = serializers.CharField(allow_null=True)
    prev = serializers.CharField(allow_null=True)


def reported(request: Request, number: str, data: dict[str, Any]) -> Response:
    """Report a collection for an order the asker's site sent."""
    order = order_numbered(number, sites_seen(request))
    donation_number = donation_number_from(
        data["donation_number"] + data.get("check_character", ""), pointer="/donation_number"
    )
    act = act_of_request(request)

    def make() -> Answer:
        collection = report_collection(
            order_id=order.pk,
            donation_number=donation_number,
            collected_at=data["collected_at"],
            bags=[
                (bag.get("code"), volume_of(bag, place)) for place, bag in enumerate(data["bags"])
            ],
            act=act,
        )
        return Answer(status=201, body=plain_collection(collection, order.number))

    if request.headers.get("Idempotency-Key"):
        return answered_once(request, act, make)
    return Response(plain(make().body), status=201)


def volume_of(bag: dict[str, Any], place: int) -> Any:
    """Return the volume of a bag, if it makes sense."""
    volume = bag.get("volume_ml")
    if volume is not None and not (0 < volume <= 100_000 and volume == round(volume, 3)):
        raise Invalid(
            "A volume is above 0 and at most 100000 mL, with at most three decimals.",
            pointer=f"/bags/{place}/volume_ml",
            code="range",
        )
    return volume


class CollectionsOfOrder(APIView):
    """The collections of one order."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="order_collections_list",
        parameters=PAGING,
        responses={200: CollectionPage, **refusals(400, 401, 403, 404, 422)},
    )
    def get(self, request: Request, number: str) -> Response:
        """List what was collected for an order."""
        only_known(request, "limit", "cursor", "prev")
        order = order_numbered(number, sites_seen(request))
        rows = collections_seen(None).filter(chain=order.chain)
        return cursor_page(request, rows, lambda one: plain(plain_collection(one, order.number)))

    @extend_schema(
        operation_id="order_collections_create",
        parameters=[MAY_REPEAT],
        request=CollectionIn,
        responses={201: CollectionOut, **refusals(400, 401, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, number: str) -> Response:
        """Report what was collected for an order."""
        only_known(request)
        checked = CollectionIn(data=request.data)
        checked.is_valid(raise_exception=True)
        return reported(request, number, checked.validated_data)


class Collections(APIView):
    """The collections of the asker's site."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="collections_list",
        parameters=PAGING,
        responses={200: CollectionPage, **refusals(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """List collections, newest first."""
        only_known(request, "limit", "cursor", "prev")
        rows = collections_seen(sites_seen(request))
        numbers = numbers_of_chains(rows.values_list("chain_id", flat=True)[:1000])
        return cursor_page(
            request, rows, lambda one: plain(plain_collection(one, numbers[one.chain_id]))
        )

    @extend_schema(
        operation_id="collections_create",
        parameters=[MAY_REPEAT],
        request=CollectionOfOrderIn,
        responses={201: CollectionOut, **refusals(400, 401, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Report a collection, naming its order in the body."""
        only_known(request)
        checked = CollectionOfOrderIn(data=request.data)
        checked.is_valid(raise_exception=True)
        return reported(request, checked.validated_data["order"], checked.validated_data)
