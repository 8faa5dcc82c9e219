"""The baselines over HTTP: a view that inserts a row and commits; a list PostgreSQL writes itself."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
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


# The same fields as the list of the product, joined and written as JSON by PostgreSQL.
LIST = """
SELECT json_agg(row_to_json(told))::text FROM (
  SELECT b.number, o.number AS "order", o.external_id, c.value AS chain_of_identity,
    p.code AS patient, t.code AS therapy, r.code || ' v' || v.number AS recipe, s.code AS site,
    b.state, b.version,
    (SELECT count(DISTINCT x.code) FROM batches_step x
      WHERE x.batch_id = b.id AND x.state <> 'skipped') AS step_count,
    (SELECT count(DISTINCT x.code) FROM batches_step x
      WHERE x.batch_id = b.id AND x.state = 'complete') AS steps_complete,
    b.started_at, b.completed_at, b.decided_at, b.updated_at
  FROM batches_batch b JOIN batches_order o ON o.id = b.order_id
  JOIN supply_chainofidentity c ON c.id = o.chain_id
  JOIN supply_patient p ON p.id = o.patient_id JOIN audit_site s ON s.id = b.site_id
  JOIN recipes_therapy t ON t.id = o.therapy_id
  JOIN recipes_recipeversion v ON v.id = b.recipe_version_id
  JOIN recipes_recipe r ON r.id = v.recipe_id
  ORDER BY b.id DESC LIMIT 100) told"""


def listed(_: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(LIST)
        found = cursor.fetchone()
    return HttpResponse(found[0], content_type="application/json")


urlpatterns = [path("rows/", Rows.as_view()), path("batches/", listed)]
