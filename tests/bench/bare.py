"""The baseline of order intake: a view of REST framework that inserts one row and commits."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.edges import now
from audit.models import OutboxMessage


class RowIn(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=64)


class Rows(APIView):
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser,)

    def post(self, request: Request) -> Response:
        checked = RowIn(data=request.data)
        checked.is_valid(raise_exception=True)
        at = now()
        row = OutboxMessage.objects.create(
            kind="bench", payload=checked.validated_data, created_at=at, due_at=at
        )
        return Response({"id": row.pk}, status=201)


urlpatterns = [path("rows/", Rows.as_view())]
