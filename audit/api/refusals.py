"""Refusals that only the programming interface knows."""

from __future__ import annotations

from kernel.errors import Refusal, StaleView


class Malformed(Refusal):
    """The body is not the JSON that was promised."""

    status = 400
    title = "The body cannot be read"
    default_code = "malformed"


class UnsupportedMedia(Refusal):
    """Only JSON is taken."""

    status = 415
    title = "Unsupported media type"
    default_code = "unsupported_media_type"


class NotAllowed(Refusal):
    """The resource has no such method."""

    status = 405
    title = "Method not allowed"
    default_code = "method_not_allowed"


class PreconditionFailed(StaleView):
    """If-Match names a version that is not the current one."""

    status = 412
    title = "The record changed"


class PreconditionRequired(Refusal):
    """A shared record is changed only by who says which version they saw."""

    status = 428
    title = "If-Match is required"
    default_code = "precondition_required"
