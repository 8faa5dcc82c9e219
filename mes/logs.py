"""Logs: one event a line, in UTC, without the values that were being worked on.

Note [No values in logs]: what goes wrong is written in production as kinds of errors and lines of
code, without local variables and without the message of the error: PostgreSQL and Python quote in
it the value that they did not like, and that may name a patient.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import structlog


def configure(*, as_json: bool) -> dict[str, Any]:
    """Configure structlog, and return Django's LOGGING that sends everything the same way."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_values if as_json else structlog.processors.format_exc_info,
    ]
    plain_console = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    renderer: Any = structlog.processors.JSONRenderer() if as_json else plain_console
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["out"], "level": "INFO"},
        "loggers": {
            "django": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "ERROR"},
        },
    }


def without_values(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the exception of an event by its kinds and lines, from the first cause on."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised if isinstance(raised, BaseException) else raised[1] if raised else None
    told: list[str] = []
    while error is not None and len(told) < 200:
        code = getattr(error, "pgcode", None)
        lines = [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        told = [*lines, f"{type(error).__name__}{f' {code}' if code else ''}", *told]
        error = error.__cause__ or error.__context__
    if told:
        event["exception"] = "\n".join(told)
    return event
