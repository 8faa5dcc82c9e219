"""What every page with a signature shares: the proof from the dialog, and the dialog itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from audit.acts import Act
from audit.edges import act_of_proof
from audit.forms import proof_of_signer, signer_facts
from audit.models import Recorded
from audit.signing import Proof, digest_of
from kernel.errors import Invalid
from quality.queries import shown_lines


def proof_and_act(request: HttpRequest) -> tuple[Proof, Act]:
    """Return the proof of the person signed in, and their act; before any transaction.

    Raises:
        WrongCredentials: user ID and password do not belong together, or one is missing.
        NotPermitted: they are another person's.
    """
    proof = proof_of_signer(request)
    return proof, act_of_proof(request, proof)


def seen_version(request: HttpRequest) -> int:
    """Return the version that stood on the screen.

    Raises:
        Invalid: it is not a number; the form was not ours.
    """
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid("The form does not say which version was shown.", pointer="/version")
    return int(text)


def signing(
    request: HttpRequest, *, key: str, action: str, statement: dict[str, Any], meaning: str,
    submit: str, version: int, shown: Recorded, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return what the e-sign dialog shows (templates/components/_signature.html)."""
    digest = digest_of(statement)
    return {
        "id": f"sign-{key}",
        "action": action,
        **signer_facts(request, shown=shown, digest=digest, meaning=meaning),
        "what": more.pop("what", ""),
        "meaning": meaning,
        "values": shown_lines(statement),
        "digest": digest,
        "submit": submit,
        "version": version,
        **more,
    }
