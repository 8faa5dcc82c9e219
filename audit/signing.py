"""Electronic signatures: re-authentication at the edge, then one short transaction.

Note [Hash before lock]: checking a password takes tens of milliseconds on purpose. It happens in
``reauthenticate``, before any row is locked; the command only checks that the proof is fresh, and
takes away the challenge of the dialog that was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from audit.acts import Act, command, record
from audit.keys import seal, sealing_key
from audit.models import MEANINGS, Acceptance, Recorded, Signature, User
from audit.rules.accountability import accountability
from kernel.canonical import canonical, digest, plain
from kernel.errors import NotPermitted, StaleView, WrongCredentials
from kernel.prepared import prepared, statement

PROOF_LASTS = timedelta(seconds=30)
PASSWORD, PASSKEY = "password", "passkey"


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The dialog that was signed: its challenge, and the session it came back from."""

    challenge: UUID
    session: str
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a person has just shown both components of their signature, and in which dialog.

    Without a dialog (``answered``) the software signs for demonstration and tests; never in
    production. ``component`` is what was shown beside the user ID. ``on_signed`` is told once the
    signature stands.
    """

    user: User
    at: datetime
    answered: Answered | None = None
    component: str = PASSWORD
    on_signed: Callable[[], None] = field(default=_nothing, compare=False)


def reauthenticate(
    *,
    username: str,
    password: str,
    at: datetime,
    answered: Answered,
    on_signed: Callable[[], None] = _nothing,
    has_shown: Callable[[User], bool] | None = None,
) -> Proof:
    """Check user ID and password for a signature; the failure does not say which was wrong.

    Args:
        has_shown: asks the passkey of a person, in place of the password.

    Raises:
        WrongCredentials: they do not belong together, or the account is locked or closed.
        NotPermitted: a service account, or a person who has not accepted the statement of
            accountability.
    """
    current = accountability()
    rows = _signers(username.strip().casefold(), current.version, current.digest)
    user: Any = rows[0] if rows else None
    component = PASSWORD if has_shown is None else PASSKEY
    if user is None:
        # As long as a password of somebody takes, so that time does not tell who exists.
        User().set_password(password)
    if user is None or not user.is_active or not _is_shown(user, password, has_shown):
        raise WrongCredentials("User ID and password do not match, or the account is locked.")
    if not user.is_person:
        raise NotPermitted("A service account never signs.")
    if user.must_change_password:
        raise NotPermitted(
            f"{user.full_name} has to choose a password of their own first: sign in, and do so.",
            code="password_change",
        )
    if not user.has_accepted:
        raise NotPermitted(
            f"{user.full_name} has not accepted the statement of accountability yet: sign in,"
            " and read it under your name.",
            code="accountability",
        )
    return Proof(user=user, at=at, answered=answered, component=component, on_signed=on_signed)


def _is_shown(user: User, password: str, has_shown: Callable[[User], bool] | None) -> bool:
    """Say whether the private component of a signature is this person's."""
    if has_shown is None:
        return user.check_password(password)
    return has_shown(user) and not user.is_locked and not user.is_waiting


@prepared
def _signers(username: str, version: int, digest: str) -> QuerySet[User]:
    accepted = Acceptance.objects.filter(person=OuterRef("pk"), version=version, digest=digest)
    return User.objects.annotate(has_accepted=Exists(accepted)).filter(username=username)


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
    shown: Recorded | str | None = None,
    reason: str = "",
) -> Signature:
    """Sign ``statement`` about ``subject``.

    Args:
        proof: the signer's proof, not older than 30 seconds.
        statement: the values being signed, as they stand now under lock.
        seen_digest: the digest that stood on the signer's screen.
        shown: what the dialog was about, where the signature stands on a record made by it.

    Raises:
        StaleView: what was shown is not what would be signed.
        WrongCredentials: the dialog was signed before, is too old, or was another one.
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
    _take(proof, act, subject_of(subject if shown is None else shown), meaning, current)
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
    by_passkey = proof.component == PASSKEY
    _, signature.seal = seal(canonical(signature.sealed_part()))
    signature.save(force_insert=True)
    record(act, "sign", signature, **({"component": PASSKEY} if by_passkey else {}))
    proof.on_signed()
    return signature


def subject_of(shown: Recorded | str) -> str:
    """Return how a challenge names what its dialog is about ("batches.Step 12")."""
    return shown if isinstance(shown, str) else f"{shown._meta.label} {shown.pk}"


def _take(proof: Proof, act: Act, subject: str, meaning: str, seen: str) -> None:
    """Take the challenge of the dialog away, in the transaction of the signature.

    Note [One dialog, one signature]: the row goes with the commit. Of two requests with the same
    challenge the second waits for the first and finds nothing; a refusal brings the row back.

    Raises:
        WrongCredentials: it was signed before, is too old, or was shown for something else.
    """
    answered = proof.answered
    if answered is None:
        if settings.ONELOT_ENV == "prod":
            raise NotPermitted("Nobody signs without a signing dialog.")
        return
    with statement(
        "DELETE FROM audit_signingchallenge WHERE id = %s"
        " RETURNING person_id, session, subject, meaning, digest, expires_at",
        [answered.challenge],
    ) as cursor:
        row = cursor.fetchone()
    if row is None:
        raise WrongCredentials(
            "This dialog was signed before, or is too old. Look again, and sign the new one.",
            code="challenge_used",
        )
    if row[:2] != (answered.person_id, answered.session):
        raise WrongCredentials(
            "This dialog was shown in another session. Sign the one that is shown here.",
            code="challenge_elsewhere",
        )
    if row[2:5] != (subject, meaning, seen):
        raise WrongCredentials(
            "This dialog was shown for another record, content or meaning.",
            code="challenge_other",
        )
    if row[5] < act.at:
        raise WrongCredentials(
            "This dialog was shown more than ten minutes ago. Look again, and sign the new one.",
            code="challenge_old",
        )
