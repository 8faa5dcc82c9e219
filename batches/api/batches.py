"""Batches over REST: what a hospital or a plant may know of the making (docs/reference/api.md)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import cursor_page, etag_of, is_unchanged, only_known, sites_seen
from audit.api.schema import PAGING, refusals
from batches.models import Batch
from batches.queries import (
    batch_of_sites,
    batch_rows,
    batches_of_sites,
    plain_batch,
    plain_steps,
)
from batches.states import BATCH, STEP
from kernel.canonical import plain
from kernel.errors import Invalid

SCOPES = {"GET": "batches:read"}
ROLES = {"GET": ("operator", "verifier", "planner", "qa", "qp", "engineer")}


class BatchOut(serializers.Serializer[Any]):
    """A batch as it stands."""

    number = serializers.CharField()
    order = serializers.CharField()
    external_id = serializers.CharField()
    chain_of_identity = serializers.CharField()
    patient = serializers.CharField()
    therapy = serializers.CharField()
    recipe = serializers.CharField()
    site = serializers.CharField()
    state = serializers.ChoiceField(choices=BATCH.choices())
    version = serializers.IntegerField()
    step_count = serializers.IntegerField()
    steps_complete = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class StepOut(serializers.Serializer[Any]):
    """A step of a batch: how far it is, without what was entered."""

    code = serializers.CharField()
    execution = serializers.IntegerField(
        help_text="1, 2, …: another round of a loop is another execution; the latest counts."
    )
    title = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=STEP.choices())
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)


class BatchWithSteps(BatchOut):
    """A batch with its steps."""

    steps = StepOut(many=True)


class BatchPage(serializers.Serializer[Any]):
    """A page of batches."""

    results = BatchOut(many=True)
    next = serializers.CharField(allow_null=True)
    prev = serializers.CharField(allow_null=True)


def batch_asked(request: Request, number: str) -> Batch:
    """Return a batch that the asker may see: one their site ordered, or makes.

    Raises:
        NotFound: there is none, or not for this asker.
    """
    return batch_of_sites(number, sites_seen(request))


class Batches(APIView):
    """The batches that the asker's site ordered or makes."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="batches_list",
        parameters=[
            *PAGING,
            OpenApiParameter("state", OpenApiTypes.STR, enum=sorted(BATCH.states)),
        ],
        responses={200: BatchPage, **refusals(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """List batches, newest first."""
        only_known(request, "limit", "cursor", "prev", "state")
        rows = batches_of_sites(sites_seen(request))
        state = request.query_params.get("state")
        if state is not None:
            if state not in BATCH.states:
                raise Invalid("There is no such state.", pointer="#/query/state", code="unknown")
            rows = rows.filter(state=state)
        return cursor_page(request, batch_rows(rows), lambda row: plain(plain_batch(row)))


class OneBatch(APIView):
    """One batch."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="batches_retrieve",
        responses={200: BatchWithSteps, 304: None, **refusals(400, 401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """Return a batch."""
        only_known(request)
        batch = batch_asked(request, number)
        etag = etag_of(batch.version)
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        row = batch_rows(batches_of_sites(None).filter(pk=batch.pk)).get()
        told = {**plain_batch(row), "steps": plain_steps(batch)}
        return Response(plain(told), headers={"ETag": etag})
