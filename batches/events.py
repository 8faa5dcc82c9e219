"""What the fourth floor tells the floors above it, and the clients of the feed.

The fields that events share are classes of their own, which are no events themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderFields:
    """The fields that every event of an order has; ``subject`` is the order's number."""

    public: ClassVar[tuple[str, ...]] = ("order", "external_id", "state", "chain_of_identity")

    order_id: int
    order: str
    external_id: str
    state: str
    chain_of_identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(OrderFields, Event):
    """A hospital ordered a therapy for one patient."""

    kind: ClassVar[str] = "order.placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(OrderFields, Event):
    """An order went on to another state."""

    kind: ClassVar[str] = "order.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionReported(OrderFields, Event):
    """The hospital reported the collection of the patient's material."""

    kind: ClassVar[str] = "order.collected"


@dataclass(frozen=True, kw_only=True)
class BatchFields:
    """The fields that every event of a batch has; ``subject`` is the batch's number."""

    public: ClassVar[tuple[str, ...]] = ("batch", "order")

    batch_id: int
    batch: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlanned(BatchFields, Event):
    """A batch was planned for an order."""

    kind: ClassVar[str] = "batch.planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCanceled(BatchFields, Event):
    """A batch was given up before it was started."""

    kind: ClassVar[str] = "batch.canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchIssued(BatchFields, Event):
    """A batch froze its copy of the recipe, and quality signed that."""

    kind: ClassVar[str] = "batch.issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStarted(BatchFields, Event):
    """Making began; the room is this batch's alone until it ends."""

    kind: ClassVar[str] = "batch.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeld(BatchFields, Event):
    """The work was stopped."""

    kind: ClassVar[str] = "batch.held"
    public: ClassVar[tuple[str, ...]] = ("batch", "order", "cause")

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResumed(BatchFields, Event):
    """The work may go on."""

    kind: ClassVar[str] = "batch.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAborted(BatchFields, Event):
    """Making ended before its last step."""

    kind: ClassVar[str] = "batch.aborted"


@dataclass(frozen=True, kw_only=True)
class StepFields(BatchFields):
    """The fields that every event of a step has."""

    public: ClassVar[tuple[str, ...]] = ("batch", "order", "step")

    step_id: int
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChanged(StepFields, Event):
    """A step was started, given a value or performed: screens look again."""

    kind: ClassVar[str] = "step.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(StepFields, Event):
    """A step is complete, with every signature it asks for."""

    kind: ClassVar[str] = "step.completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRaised(BatchFields, Event):
    """Something in the making was outside what was expected: a reviewer must see it.

    Args:
        exception_kind: "soft_limit", "keyed", "correction", "late", "late_entry", "hold_time",
            "not_accepted", "not_applicable", "out_of_specification", "repeat", "identity",
            "label_missing", "reprint", "relabel", "returned", "yield", "mode",
            "outside_design_space", "loop_bound", "phase_stopped", "phase_aborted",
            "phase_reset" or "amendment".
        severity: "note", "warning" or "critical".
        detail: one sentence for the reviewer; never patient data.
    """

    kind: ClassVar[str] = "batch.exception"
    public: ClassVar[tuple[str, ...]] = ("batch", "order", "exception_kind", "severity")

    step_id: int | None
    exception_kind: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCompleted(BatchFields, Event):
    """The last step is complete."""

    kind: ClassVar[str] = "batch.execution_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMoved(BatchFields, Event):
    """A review went on: reviewed by production, opened or returned by quality."""

    kind: ClassVar[str] = "batch.moved"
    public: ClassVar[tuple[str, ...]] = ("batch", "order", "state")

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReleased(BatchFields, Event):
    """A Qualified Person released the batch."""

    kind: ClassVar[str] = "batch.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRejected(BatchFields, Event):
    """Quality rejected the batch."""

    kind: ClassVar[str] = "batch.rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentChanged(BatchFields, Event):
    """An amendment of a running batch was written, approved, rejected or withdrawn.

    Args:
        amendment: how people call it ("A1").
        state: "proposed", "approved", "rejected" or "withdrawn".
    """

    kind: ClassVar[str] = "batch.amendment"
    public: ClassVar[tuple[str, ...]] = ("batch", "order", "amendment", "state")

    amendment: str
    state: str
