"""Electronic signatures: re-authentication at the edge, then one short transaction.

Note [Hash before lock]: checking a password takes tens of milliseconds on purpose. It happens in
``reauthenticate``, before any row is locked; the command only checks that the proof is fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from audit.acts import Act, command, record
from audit.keys import seal, sealing_key
from audit.models import MEANINGS, Recorded, Signature, User
from kernel.canonical import canonical, digest, plain
from kernel.errors import NotPermitted, StaleView, WrongCredentials

PROOF_LASTS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a person has just shown both components of their signature."""

    user: User
    at: datetime


def reauthenticate(request: HttpRequest, *, username: str, password: str, at: datetime) -> Proof:
    """Check user ID and password for a signature; the failure does not say which was wrong.

    Raises:
        WrongCredentials: they do not belong together, or the account is locked or closed.
    """
    user = authenticate(request, username=username.strip().casefold(), password=password)
    if not isinstance(user, User) or not user.is_active:
        raise WrongCredentials("User ID and password do not match, or the account is locked.")
    if not user.is_person:
        raise NotPermitted("A service account never signs.")
    return Proof(user=user, at=at)


def digest_of(statement: Mapping[str, Any]) -> str:
    """Return the digest under which a statement is shown and signed."""
    return digest(statement)


@command
def sign(
    *,
    act: Act,
    proof: Proof,
    subject: Recorded,
    meaning: str,
    statement: Mapping[str, Any],
    seen_digest: str,
    reason: str = "",
) -> Signature:
    """Sign ``statement`` about ``subject``.

    Args:
        proof: the signer's proof, not older than 30 seconds.
        statement: the values being signed, as they stand now under lock.
        seen_digest: the digest that stood on the signer's screen.

    Raises:
        StaleView: what was shown is not what would be signed.
        NotPermitted: the proof is another person's, or too old.
    """
    if meaning not in MEANINGS:
        raise ValueError(f"{meaning} is not a meaning")
    if proof.user.pk != act.by.pk or not timedelta(0) <= act.at - proof.at <= PROOF_LASTS:
        raise NotPermitted("The signature is not covered by a fresh sign-in of the signer.")
    if not act.by.is_person:
        raise NotPermitted("A service account never signs.")
    current = digest_of(statement)
    if current != seen_digest:
        raise StaleView("The record changed after it was shown. Look again before signing.")
    signature = Signature(
        signer=act.by,
        signer_name=act.by.full_name,
        signer_username=act.by.username,
        meaning=meaning,
        subject_type=subject._meta.label,
        subject_id=subject.pk,
        in_stream=subject.stream(),
        statement=plain(statement),
        statement_digest=current,
        signed_at=act.at,
        time_zone=settings.TIME_ZONE,
        reason=reason or act.reason,
        act=act.id,
        key_id=sealing_key()[0],
    )
    _, signature.seal = seal(canonical(signature.sealed_part()))
    signature.save(force_insert=True)
    record(act, "sign", signature)
    return signature
