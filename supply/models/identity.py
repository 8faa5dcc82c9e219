"""The identity vault and the chain of identity: who a medicine is for, apart from what was made."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, Site, kept_history


class Patient(Recorded):
    """A pseudonym; all that names the person is in the vault."""

    chained_in = ("patient", "pk")
    code = models.CharField(max_length=24, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class VaultEntry(Recorded):
    """What names the patient, encrypted with a key of its own, itself wrapped by a key outside.

    Destroying ``wrapped_key`` erases the person and leaves every hash of the record intact: the
    ledger holds digests of the ciphertext only. An entry without its key never gets one again.
    """

    chained_in = ("patient", "patient_id")
    patient = models.OneToOneField(Patient, models.PROTECT, related_name="vault")
    wrapped_key = models.BinaryField()
    sealed = models.BinaryField()
    updated_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(erased_at=None) ^ models.Q(wrapped_key=b""),
                name="an_erased_patient_has_no_key",
            ),
        )

    def __str__(self) -> str:
        return f"vault of {self.patient_id}"


class PatientIdentifier(Recorded):
    """A keyed digest of (system, value), so that the same patient is found without a name.

    It finds nobody after the patient was erased: the person is a new one to the house.
    """

    chained_in = ("patient", "patient_id")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="identifiers")
    blind_index = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("blind_index",),
                condition=models.Q(forgotten_at=None),
                name="identifier_is_one_patients",
            ),
        )

    def __str__(self) -> str:
        return self.blind_index[:12]


class ChainOfIdentity(Recorded):
    """The one identifier of one therapy of one patient (ICCBBA ST-028: one per therapy event)."""

    chained_in = ("coi", "pk")
    append_only = True
    value = models.CharField(max_length=32)
    issuer = models.CharField(max_length=32)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="chains")
    issued_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("issuer", "value"), name="coi_is_issued_once"),
        )

    def __str__(self) -> str:
        return self.value


class Collection(Recorded):
    """A donation: what was collected from the patient, where and when."""

    chained_in = ("coi", "chain_id")
    append_only = True
    chain = models.ForeignKey(ChainOfIdentity, models.PROTECT, related_name="collections")
    donation_number = models.CharField(max_length=13, unique=True)
    collected_at = models.DateTimeField()
    site = models.ForeignKey(Site, models.PROTECT)
    reported_at = models.DateTimeField()
    history = kept_history()

    def __str__(self) -> str:
        return self.donation_number
