"""Steps of a batch and the values entered in them; a value is only ever added, never edited."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User, kept_history
from batches.models.batch import Batch
from batches.states import EXECUTION, MODE, STEP


class Step(Recorded):
    """One execution of one phase of the procedure; ``definition`` is its frozen instruction.

    Another round of a loop, or a reset, is another execution: the latest is the step, the earlier
    ones stay on the record. ``state`` says how far it is signed, ``phase`` is its procedural state
    of ISA-88; rows older than the column stay idle. ``after`` of the definition is what the step
    waits for, the structure resolved. A step that an amendment added stands behind the
    step with its ``ordinal``: ``inserted`` counts those from one. Its instruction changes only by
    an approved amendment (``amended_by``), and never once somebody has begun it.
    """

    chained_in = ("batch", "batch_id")
    moves = {"state": STEP, "phase": EXECUTION, "mode": MODE}
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="steps")
    ordinal = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=24)
    kind = models.CharField(max_length=24)
    title = models.CharField(max_length=200)
    unit_procedure = models.CharField(max_length=120)
    operation = models.CharField(max_length=120)
    definition: Any = models.JSONField()
    state = models.CharField(max_length=16, choices=STEP.choices(), default=STEP.initial)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    performed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    execution = models.PositiveSmallIntegerField(default=1)
    round = models.PositiveSmallIntegerField(default=1)
    unit_procedure_code = models.CharField(max_length=24, blank=True, default="")
    operation_code = models.CharField(max_length=24, blank=True, default="")
    phase = models.CharField(max_length=12, choices=EXECUTION.choices(), default="idle")
    # Who moves it on (IEC 61512-1): rows older than the column are semi-automatic.
    mode = models.CharField(max_length=16, choices=MODE.choices(), default=MODE.initial)
    # An alternative or a loop bears on it: the control recipe is asked.
    is_branched = models.BooleanField(default=False)
    inserted = models.PositiveSmallIntegerField(default=0)
    amended_by = models.ForeignKey(
        "batches.Amendment", models.PROTECT, null=True, blank=True, related_name="+"
    )
    history = kept_history()

    class Meta:
        ordering = ("batch_id", "ordinal", "inserted", "execution")
        constraints = (
            models.UniqueConstraint(
                fields=("batch", "ordinal", "inserted", "execution"), name="step_is_numbered_once"
            ),
            models.UniqueConstraint(
                fields=("batch", "code", "execution"), name="step_is_named_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="complete")
                | (
                    models.Q(started_at__isnull=False)
                    & models.Q(completed_at__isnull=False)
                    & models.Q(performed_by__isnull=False)
                ),
                name="complete_step_has_times_and_a_performer",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("stopped", "aborted"))
                | models.Q(started_at__isnull=False, completed_at__isnull=False),
                name="ended_step_has_times",
            ),
            models.CheckConstraint(
                condition=models.Q(verified_by__isnull=True)
                | ~models.Q(verified_by=models.F("performed_by")),
                name="nobody_verifies_themselves",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.code}"

    @property
    def place(self) -> str:
        """How people count it: "12", and "12.1" for the first that was added behind it."""
        return f"{self.ordinal}.{self.inserted}" if self.inserted else str(self.ordinal)


class StepValue(Recorded):
    """A value as it was entered, beside what was understood; a correction is a new value."""

    chained_in = ("batch", "batch_id")
    append_only = True

    class Source(models.TextChoices):
        KEYED = "keyed"
        SCANNED = "scanned"
        DEVICE = "device"
        COMPUTED = "computed"
        CONFIRMED = "confirmed"

    step = models.ForeignKey(Step, models.PROTECT, related_name="values")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")
    seq = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    entered = models.CharField(max_length=400)
    value = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    unit = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=16, choices=Source)
    verdict = models.CharField(max_length=16)
    verdict_reason = models.CharField(max_length=400, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    details: Any = models.JSONField(default=dict)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    # When it was done, where a person said that it was before ``entered_at``.
    happened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("step_id", "seq")
        constraints = (
            models.UniqueConstraint(fields=("step", "seq"), name="value_is_numbered_once"),
            models.UniqueConstraint(fields=("corrects",), name="value_is_corrected_once"),
        )

    def __str__(self) -> str:
        return f"{self.step_id} {self.name}"
