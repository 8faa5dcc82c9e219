"""The identity vault: what names a patient, encrypted under a key that can be destroyed.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the key of a patient is wrapped in the
same way by a key in a file outside the database. The pseudonym is bound in as associated data,
so that one patient's entry cannot be put in the place of another's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from audit.acts import Act, command, record
from audit.keys import secret
from audit.permissions import holds, require
from kernel.canonical import canonical
from kernel.errors import Conflict, Invalid, Unavailable
from supply.models import ChainOfIdentity, Patient, PatientIdentifier, VaultEntry
from supply.rules.identity import coi_of

NONCE = 12
# Without vowels and without what looks alike: a pseudonym spells no word.
LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
SHORTEST_REASON = 5


def _sealed(key: bytes, content: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def _opened(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise Unavailable(
            "The vault entry cannot be opened with the keys of this house."
        ) from error


def blind_index(system: str, value: str) -> str:
    """Return the keyed digest under which an identifier is found without being stored."""
    key = hmac.digest(secret("vault"), b"blind index", "sha256")
    return hmac.new(key, f"{system}\x1f{value}".encode(), hashlib.sha256).hexdigest()


def _hold(indexes: Sequence[str]) -> None:
    """Let two orders for the same unknown patient follow each other: the second finds the first."""
    with connection.cursor() as cursor:
        for index in sorted(indexes):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [index])


@command
def register_patient(
    *, identifiers: Sequence[Mapping[str, str]], demographics: Mapping[str, Any], act: Act
) -> Patient:
    """Find the patient of these identifiers, or make a pseudonym; keep what names them in the vault.

    Args:
        identifiers: ``{"system", "value"}`` each; a patient is found by them and never by name.
        demographics: plain values that name the person.

    Raises:
        Conflict: the identifiers belong to more than one patient.
    """
    indexes = [blind_index(one["system"], one["value"]) for one in identifiers]
    if not indexes:
        raise Invalid(
            "A patient has an identifier.", pointer="/patient/identifiers", code="required"
        )
    _hold(indexes)
    known = {
        found.blind_index: found.patient_id
        for found in PatientIdentifier.objects.filter(blind_index__in=indexes, forgotten_at=None)
    }
    if len(set(known.values())) > 1:
        raise Conflict(
            "The identifiers belong to more than one patient.",
            pointer="/patient/identifiers",
            code="identifiers_conflict",
        )
    is_new = not known
    patient = _new_patient(act) if is_new else Patient.objects.get(pk=next(iter(known.values())))
    for index in indexes:
        if index not in known:
            made = PatientIdentifier(patient=patient, blind_index=index)
            made.save(force_insert=True)
            record(act, "add", made)
            known[index] = patient.pk
    content = {"identifiers": [dict(one) for one in identifiers], **demographics}
    if is_new:
        _keep_first(patient, content, act)
    else:
        _keep(patient, content, act)
    return patient


def _new_patient(act: Act) -> Patient:
    code = "P-" + "".join(secrets.choice(LETTERS) for _ in range(8))
    patient = Patient(code=code, created_at=act.at)
    patient.save(force_insert=True)
    record(act, "add", patient)
    return patient


def _keep_first(patient: Patient, content: Mapping[str, Any], act: Act) -> None:
    key = AESGCM.generate_key(256)
    entry = VaultEntry(
        patient=patient,
        wrapped_key=_sealed(secret("vault"), key, f"key {patient.code}"),
        sealed=_sealed(key, canonical(content).encode(), patient.code),
        updated_at=act.at,
    )
    entry.save(force_insert=True)
    record(act, "keep", entry)


def _keep(patient: Patient, content: Mapping[str, Any], act: Act) -> None:
    entry = VaultEntry.objects.select_for_update().get(patient=patient)
    key = _opened(secret("vault"), bytes(entry.wrapped_key), f"key {patient.code}")
    if json.loads(_opened(key, bytes(entry.sealed), patient.code)) == content:
        return
    entry.sealed = _sealed(key, canonical(content).encode(), patient.code)
    entry.updated_at = act.at
    entry.save()
    record(act, "keep", entry)


@command
def reveal_patient(*, patient: Patient, site_id: int, act: Act) -> dict[str, Any]:
    """Return what names a patient; that it was looked at, by whom and why, is in the ledger.

    Raises:
        NotPermitted: the reader is neither planner nor quality assurance at the site.
        Invalid: no reason was given.
        Conflict: the patient was erased.
    """
    require(holds(act.by, "planner", "qa", "qp", site_id=site_id), "see who a patient is")
    if len(act.reason.strip()) < SHORTEST_REASON:
        raise Invalid("Say why you need to know.", pointer="/reason", code="required")
    entry = VaultEntry.objects.get(patient=patient)
    _require_key(entry)
    key = _opened(secret("vault"), bytes(entry.wrapped_key), f"key {patient.code}")
    content: dict[str, Any] = json.loads(_opened(key, bytes(entry.sealed), patient.code))
    record(act, "reveal", patient)
    return content


def _require_key(entry: VaultEntry) -> None:
    if entry.erased_at is not None:
        raise Conflict(
            f"Who this patient is was erased on {entry.erased_at:%d %b %Y}.", code="erased"
        )


def hold_patient(patient: Patient) -> None:
    """Let nobody order for a patient until this act is done: an order waits, then sees it."""
    _hold([one.blind_index for one in patient.identifiers.filter(forgotten_at=None)])


@command
def erase_patient(*, patient: Patient, act: Act) -> VaultEntry:
    """Destroy the key of what names a patient, for good; every record about the pseudonym stays.

    Raises:
        Invalid: no reason was given.
        Conflict: the patient was erased before.
    """
    if len(act.reason.strip()) < SHORTEST_REASON:
        raise Invalid("Say why the patient is erased.", pointer="/reason", code="required")
    hold_patient(patient)
    entry = VaultEntry.objects.select_for_update().get(patient=patient)
    _require_key(entry)
    entry.wrapped_key = b""
    entry.erased_at = entry.updated_at = act.at
    entry.save()
    record(act, "erase", entry)
    for identifier in PatientIdentifier.objects.filter(patient=patient, forgotten_at=None):
        identifier.forgotten_at = act.at
        identifier.save()
        record(act, "forget", identifier)
    return entry


@command
def issue_chain(*, patient: Patient, issuer: str, act: Act) -> ChainOfIdentity:
    """Issue the one identifier of one therapy of a patient: opaque, with a check character."""
    chain = ChainOfIdentity(
        value=coi_of(os.urandom(16)), issuer=issuer, patient=patient, issued_at=act.at
    )
    chain.save(force_insert=True)
    record(act, "issue", chain)
    return chain
