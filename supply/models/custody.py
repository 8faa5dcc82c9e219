"""Bags and their custody: who held what, where, when, and what was scanned."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, Site, User, kept_history
from supply.models.identity import ChainOfIdentity, Collection
from supply.states import CONTAINER


class Container(Recorded):
    """A bag with one patient's material; it belongs to one chain of identity for ever."""

    chained_in = ("coi", "chain_id")
    moves = {"state": CONTAINER}
    collection = models.ForeignKey(Collection, models.PROTECT, related_name="containers")
    chain = models.ForeignKey(ChainOfIdentity, models.PROTECT, related_name="containers")
    code = models.CharField(max_length=40, unique=True)
    ordinal = models.PositiveSmallIntegerField()
    volume_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    state = models.CharField(max_length=16, choices=CONTAINER.choices(), default=CONTAINER.initial)
    site = models.ForeignKey(Site, models.PROTECT)
    history = kept_history()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("collection", "ordinal"), name="bag_is_numbered_once"),
        )

    def __str__(self) -> str:
        return self.code


class CustodyEvent(Recorded):
    """One hand-over or identity check of a bag, passed or refused; only ever added."""

    chained_in = ("coi", "chain_id")
    append_only = True

    class Kind(models.TextChoices):
        COLLECTED = "collected"
        RECEIVED = "received"
        CHECKED = "checked"
        USED = "used"

    chain = models.ForeignKey(ChainOfIdentity, models.PROTECT, related_name="custody")
    container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="custody")
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT)
    scanned = models.CharField(max_length=120)
    is_keyed = models.BooleanField(default=False)
    is_match = models.BooleanField()
    detail = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.scanned}"
