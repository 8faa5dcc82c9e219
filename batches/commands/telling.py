"""Telling: what was outside what is expected goes to the reviewers' floor."""

from __future__ import annotations

from audit.acts import Act
from batches.commands.locks import step_fields
from batches.events import ExceptionRaised
from batches.models import Step
from kernel.events import publish


def tell_exception(step: Step, kind: str, severity: str, detail: str, *, act: Act) -> None:
    """Tell the reviewers' floor of something outside what was expected."""
    fields = step_fields(step, act)
    fields.pop("step")
    publish(ExceptionRaised(**fields, exception_kind=kind, severity=severity, detail=detail[:1000]))
