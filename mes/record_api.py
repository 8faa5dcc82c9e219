"""The record of a batch over REST, and the feed of events: what only the roof can join."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import is_unchanged, only_known, sites_seen
from audit.api.paging import limit_of
from audit.api.schema import refusals
from audit.edges import now
from audit.models import Site
from audit.queries import feed_after
from batches.api.batches import ROLES, SCOPES, batch_asked
from batches.reports.batch_record import pdf_of
from batches.reports.signed import signed
from kernel.canonical import plain
from kernel.errors import Invalid
from mes.packages.making import write_package
from mes.production_record import production_record
from mes.record import record_document


class RecordOut(serializers.Serializer[Any]):
    """The whole record: its content, the digest of the content, and the proof."""

    format = serializers.CharField()
    record = serializers.DictField()
    content_digest = serializers.CharField()
    seal = serializers.DictField(allow_null=True)
    ledger = serializers.DictField()
    checkpoint = serializers.DictField(allow_null=True)
    signature_states = serializers.DictField(child=serializers.CharField())
    charts = serializers.ListField(child=serializers.DictField())
    certified_copies = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Only where there are some."
    )
    digest = serializers.CharField()


class Record(APIView):
    """The record of a batch as JSON."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="batch_record",
        responses={200: RecordOut, 304: None, **refusals(400, 401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """Return everything that is known of a batch, with its digest."""
        only_known(request)
        document = record_document(batch_asked(request, number))
        etag = f'"{document["digest"]}"'
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(document, headers={"ETag": etag})


class ProductionRecordOut(serializers.Serializer[Any]):
    """The record in the groups of IEC 61512-4 (docs/reference/production-record.schema.json)."""

    format = serializers.CharField()
    content_digest = serializers.CharField()
    batch_information = serializers.DictField()
    recipe = serializers.DictField()
    events = serializers.ListField(child=serializers.DictField())
    personnel = serializers.ListField(child=serializers.DictField())
    process_data = serializers.ListField(child=serializers.DictField())
    materials = serializers.DictField()
    equipment = serializers.DictField()
    samples = serializers.DictField()
    exceptions = serializers.DictField()
    documents = serializers.DictField()
    corrections = serializers.DictField()


class ProductionRecord(APIView):
    """The record of a batch in the groups of IEC 61512-4."""

    scopes, roles = SCOPES, ROLES

    @extend_schema(
        operation_id="batch_production_record",
        responses={200: ProductionRecordOut, **refusals(400, 401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """Return what is known of a batch, grouped for another system."""
        only_known(request)
        return Response(production_record(record_document(batch_asked(request, number))))


class PdfRenderer(BaseRenderer):
    """Lets a client ask for application/pdf."""

    media_type, format, charset, render_style = "application/pdf", "pdf", None, "binary"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what is already rendered."""
        return JSONRenderer().render(data)


class RecordPdf(APIView):
    """The record of a batch as PDF."""

    scopes, roles = SCOPES, ROLES
    renderer_classes = (JSONRenderer, PdfRenderer)

    @extend_schema(
        operation_id="batch_record_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            304: None,
            **refusals(400, 401, 403, 404),
        },
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the record as people read it."""
        only_known(request)
        batch = batch_asked(request, number)
        document = record_document(batch)
        etag = f'"{document["digest"]}"'
        # The same record, but not the same bytes: each copy is signed when it is made.
        weak = {"ETag": f"W/{etag}"}
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers=weak)
        answer = HttpResponse(
            signed(pdf_of(document)), content_type="application/pdf", headers=weak
        )
        answer["Content-Disposition"] = f'inline; filename="{batch.number}.pdf"'
        return answer


class ZipRenderer(PdfRenderer):
    """Lets a client ask for application/zip."""

    media_type, format = "application/zip", "zip"


class RecordPackage(APIView):
    """The record of a batch with all that proves it, to be verified without OneLot."""

    scopes, roles = SCOPES, ROLES
    renderer_classes = (JSONRenderer, ZipRenderer)

    @extend_schema(
        operation_id="batch_package",
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            **refusals(400, 401, 403, 404),
        },
    )
    def get(self, request: Request, number: str) -> FileResponse:
        """Return the package of a batch; its verify.py says what it proves."""
        only_known(request)
        batch = batch_asked(request, number)
        # On disk, not in memory: ten days of readings are large.
        file = TemporaryFile()  # noqa: SIM115 - closed by the response
        try:
            write_package(batch, file, at=now())
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return FileResponse(
            file, as_attachment=True, filename=f"{batch.number}.zip", content_type="application/zip"
        )


class EventOut(serializers.Serializer[Any]):
    """One event."""

    cursor = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    site = serializers.CharField(allow_null=True)
    subject = serializers.CharField(allow_blank=True)
    payload = serializers.DictField()


class EventPage(serializers.Serializer[Any]):
    """The next events; ask again with ``next`` for those that follow."""

    results = EventOut(many=True)
    next = serializers.CharField()


class Events(APIView):
    """The feed: every public event of the asker's site, in order, none skipped."""

    scopes = {"GET": "events:read"}
    roles = {"GET": ("planner", "qa", "qp", "engineer")}

    @extend_schema(
        operation_id="events_list",
        parameters=[
            OpenApiParameter("after", OpenApiTypes.STR, description="`next` of the last answer."),
            OpenApiParameter(
                "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
            ),
        ],
        responses={200: EventPage, **refusals(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """Return the events after a cursor, oldest first."""
        only_known(request, "after", "limit")
        after = _cursor(request.query_params.get("after", ""))
        found = feed_after(after, sites=sites_seen(request), limit=limit_of(request))
        codes = dict(Site.objects.values_list("pk", "code"))
        results = [
            plain(
                {
                    "cursor": f"{event.txid}.{event.pk}",
                    "at": event.at,
                    "kind": event.kind,
                    "site": codes.get(event.site_id) if event.site_id else None,
                    "subject": event.subject,
                    "payload": event.payload,
                }
            )
            for event in found
        ]
        last = results[-1]["cursor"] if results else f"{after[0]}.{after[1]}"
        return Response({"results": results, "next": last})


def _cursor(text: str) -> tuple[int, int]:
    """Return (transaction, id) of a cursor; nothing is the beginning.

    Raises:
        Invalid: the cursor was not made here.
    """
    if not text:
        return 0, 0
    txid, dot, pk = text.partition(".")
    numbers = [part for part in (txid, pk) if part.isascii() and part.isdigit() and len(part) < 19]
    if not dot or len(numbers) != 2:
        raise Invalid("This cursor was not made here.", pointer="#/query/after", code="cursor")
    return int(txid), int(pk)
