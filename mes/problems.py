"""Refusals as answers: RFC 9457 problem documents for clients, a page for people."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from kernel.errors import Refusal

PROBLEM_TYPE = "application/problem+json"


class Broken(Refusal):
    """Something went wrong on our side; the log knows what, the answer does not say."""

    status = 500
    title = "Internal error"
    default_code = "internal"


def is_api(request: HttpRequest) -> bool:
    """Say whether a program is asking."""
    return request.path.startswith("/api/")


def request_id() -> str:
    """Return the id under which this request is in the log."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def problem_document(refusal: Refusal) -> dict[str, Any]:
    """Return the problem document of a refusal (RFC 9457 section 3)."""
    return {
        "type": f"/api/docs/#problem-{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "instance": f"urn:request:{request_id()}",
        "errors": [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail}
            for error in refusal.errors
        ],
    }


def problem_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the answer to a refused request, for a program or for a person."""
    if is_api(request) or request.path.endswith(".json"):
        response: HttpResponse = JsonResponse(problem_document(refusal), status=refusal.status)
        response["Content-Type"] = PROBLEM_TYPE
        return response
    context = {"refusal": refusal, "request_id": request_id()}
    if request.headers.get("HX-Request"):
        return render(request, "components/_problem.html", context, status=refusal.status)
    return render(request, "problem.html", context, status=refusal.status)
