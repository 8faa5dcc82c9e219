"""Refusals translated once: every exception of the programming interface is a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from audit.api import Malformed, NotAllowed, UnsupportedMedia
from kernel.errors import (
    FieldError,
    Invalid,
    NotFound,
    NotPermitted,
    Refusal,
    TooLarge,
    Unauthenticated,
)
from mes.problems import PROBLEM_TYPE, problem_document


def field_errors(detail: Any, pointer: str = "") -> list[FieldError]:
    """Return the faults of a serializer as JSON pointers (RFC 6901)."""
    if isinstance(detail, Mapping):
        found: list[FieldError] = []
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"/{_escaped(str(name))}"
            found += field_errors(inner, pointer + step)
        return found
    if isinstance(detail, list):
        if any(isinstance(item, Mapping | list) for item in detail):
            return [
                error
                for index, item in enumerate(detail)
                for error in field_errors(item, f"{pointer}/{index}")
            ]
        return [error for item in detail for error in field_errors(item, pointer)]
    code = str(getattr(detail, "code", "invalid"))
    return [FieldError(pointer=pointer, code=code, detail=str(detail))]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal that stands for an exception of Django or of REST framework."""
    match error:
        case Refusal():
            return error
        case RequestDataTooBig():
            return TooLarge("A body has at most 1 MB.")
        case exceptions.ValidationError():
            return Invalid("The input is not valid.", errors=field_errors(error.detail))
        case exceptions.ParseError():
            return Malformed("The body cannot be read.")
        case exceptions.UnsupportedMediaType():
            return UnsupportedMedia("Send application/json.")
        case exceptions.MethodNotAllowed():
            return NotAllowed("This resource has no such method.")
        case exceptions.NotAcceptable():
            return Malformed("Only application/json is answered here.", code="not_acceptable")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthenticated("Sign in, or show a token.")
        case exceptions.PermissionDenied() | PermissionDenied():
            return NotPermitted("This is not permitted.")
        case Http404() | exceptions.NotFound():
            return NotFound("There is no such resource.")
    return None


def problem(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Answer an exception of a view with a problem document (the exception handler of the API)."""
    refusal = refusal_of(error)
    if refusal is None:
        return None
    response = Response(problem_document(refusal), status=refusal.status, content_type=PROBLEM_TYPE)
    if refusal.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="onelot"'
    if refusal.status == 409 and refusal.code == "in_flight":
        response["Retry-After"] = "1"
    if refusal.status == 405:
        view = context.get("view")
        response["Allow"] = ", ".join(getattr(view, "allowed_methods", []))
    return response
