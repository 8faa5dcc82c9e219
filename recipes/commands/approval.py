"""Approval: a second person signs, and one version of a recipe is in force."""

from __future__ import annotations

from audit.acts import Act, command
from audit.permissions import holds, require
from audit.signing import Proof, sign
from kernel.errors import Conflict, NotPermitted
from kernel.events import publish
from recipes.commands.drafting import move_version, version_for_update
from recipes.events import VersionEffective
from recipes.models import RecipeVersion
from recipes.queries import authors_of, findings_of, version_statement


@command
def approve_version(
    *, version_id: int, seen: int | None = None, proof: Proof, seen_digest: str, act: Act
) -> RecipeVersion:
    """Approve a submitted version, signed by quality; from here on it never changes.

    Raises:
        NotPermitted: the signer is not quality assurance, or wrote the version.
        Conflict: the master record is not complete; ``errors`` names what is missing.
        IllegalMove: the version was not submitted.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "approve recipes")
    if act.by.pk in authors_of(version):
        raise NotPermitted("Nobody approves their own recipe.", code="own_recipe")
    findings = findings_of(version)
    if findings:
        raise Conflict(
            f"The master record is not complete: {findings[0].detail}",
            code="incomplete",
            errors=findings,
        )
    move_version(version, "approve", act=act, reason="")
    sign(
        act=act,
        proof=proof,
        subject=version,
        meaning="approved",
        statement=version_statement(version),
        seen_digest=seen_digest,
    )
    return version


@command
def make_effective(*, version_id: int, seen: int | None = None, act: Act) -> RecipeVersion:
    """Put an approved version in force; the former one is superseded in the same moment.

    Raises:
        NotPermitted: whoever asks is not quality assurance.
        IllegalMove: the version is not approved.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "put recipes in force")
    former = (
        RecipeVersion.objects.select_for_update(of=("self",))
        .filter(recipe=version.recipe, state="effective")
        .first()
    )
    if former is not None:
        move_version(former, "supersede", act=act, reason=f"by version {version.number}")
    version.effective_at = act.at
    move_version(version, "make_effective", "effective_at", act=act, reason="")
    publish(
        VersionEffective(
            act=act,
            subject=version.recipe.code,
            version_id=version.pk,
            recipe=version.recipe.code,
            number=version.number,
            therapy=version.recipe.therapy.code,
            document_digest=version.document_digest,
        )
    )
    return version


@command
def retire_version(*, version_id: int, seen: int, reason: str, act: Act) -> RecipeVersion:
    """Take a version out of force for good; batches that froze it keep it.

    Raises:
        NotPermitted: whoever asks is not quality assurance.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "retire recipes")
    move_version(version, "retire", act=act, reason=reason.strip()[:1000])
    return version
