"""Amendments of a batch over REST: what a running batch does otherwise than its frozen recipe."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import only_known
from audit.api.schema import refusals
from batches.api.batches import ROLES, SCOPES, batch_asked
from batches.queries import amendments_of, plain_amendment
from batches.rules.amendments import WHATS
from kernel.canonical import plain

STATES = ("proposed", "approved", "rejected", "withdrawn")


class DecisionOut(serializers.Serializer[Any]):
    """What became of an amendment."""

    reason = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()
    base_digest = serializers.CharField(
        help_text="Of the document before; empty where nothing came into force."
    )
    effective_digest = serializers.CharField(help_text="Of the document that the batch follows.")


class AmendmentOut(serializers.Serializer[Any]):
    """An amendment with the exact values before and after."""

    number = serializers.CharField(help_text="A1, A2, …")
    what = serializers.ChoiceField(choices=[(one, one) for one in WHATS])
    place = serializers.CharField(help_text="The code of the step, or of the parameter.")
    before = serializers.DictField()
    after = serializers.DictField()
    reason = serializers.CharField()
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=[(one, one) for one in STATES])
    decision = DecisionOut(allow_null=True)


class AmendmentList(serializers.Serializer[Any]):
    """Every amendment of a batch, oldest first."""

    results = AmendmentOut(many=True)


class AmendmentsOfBatch(APIView):
    """The amendments of one batch."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="batches_amendments_list",
        responses={200: AmendmentList, **refusals(400, 401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """List the amendments of a batch, whatever became of them."""
        only_known(request)
        batch = batch_asked(request, number)
        return Response({"results": [plain(plain_amendment(one)) for one in amendments_of(batch)]})
