"""Approval: checked by a second person, approved by a third, and in force one at a time.

21 CFR 211.186(a): a master record is prepared and signed by one person and independently checked
and signed by a second; quality approves it beside them.
"""

from __future__ import annotations

from datetime import datetime

from audit.acts import Act, command
from audit.permissions import holds, require
from audit.signing import Proof, sign
from kernel.errors import AlreadyDone, Conflict, Invalid, NotPermitted
from kernel.events import publish
from recipes.commands.drafting import move_version, version_for_update
from recipes.events import VersionEffective
from recipes.models import RecipeVersion, Therapy
from recipes.queries import authors_of, findings_of, version_statement, version_title


@command
def check_version(
    *, version_id: int, seen: int | None = None, proof: Proof, seen_digest: str, act: Act
) -> RecipeVersion:
    """Check a submitted version independently of its authors, with a signature.

    Raises:
        NotPermitted: the signer is neither engineer nor quality assurance, or wrote the version.
        AlreadyDone: somebody has checked it.
        IllegalMove: the version was not submitted.
        StaleView: it is not what was shown.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "engineer", "qa"), "check recipes")
    _require_no_author(version, act, "checks")
    if version.state == "in_review" and version.checked_by is not None:
        who = version.checked_by.full_name
        raise AlreadyDone(f"{version_title(version)} was checked by {who} already.")
    version.checked_by, version.checked_at = act.by, act.at
    move_version(version, "check", "checked_by", "checked_at", act=act, reason="")
    _signed(version, "reviewed", proof, seen_digest, act)
    return version


@command
def approve_version(
    *, version_id: int, seen: int | None = None, proof: Proof, seen_digest: str, act: Act
) -> RecipeVersion:
    """Approve a checked version, signed by quality; from here on it never changes.

    Raises:
        NotPermitted: the signer is not quality assurance, or wrote or checked the version.
        Conflict: nobody has checked it (``not_checked``), or the master record is not complete;
            ``errors`` names what is missing.
        IllegalMove: the version was not submitted.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "approve recipes")
    _require_no_author(version, act, "approves")
    if version.checked_by_id == act.by.pk:
        raise NotPermitted("Whoever checked a recipe does not approve it.", code="own_check")
    findings = findings_of(version)
    if findings:
        raise Conflict(
            f"The master record is not complete: {findings[0].detail}",
            code="incomplete",
            errors=findings,
        )
    if version.state == "in_review" and version.checked_by_id is None:
        raise Conflict(
            "Nobody has checked it: a second person checks and signs before quality approves.",
            code="not_checked",
        )
    move_version(version, "approve", act=act, reason="")
    _signed(version, "approved", proof, seen_digest, act)
    return version


def _require_no_author(version: RecipeVersion, act: Act, does: str) -> None:
    if act.by.pk in authors_of(version):
        raise NotPermitted(f"Nobody {does} their own recipe.", code="own_recipe")


def _signed(version: RecipeVersion, meaning: str, proof: Proof, seen_digest: str, act: Act) -> None:
    sign(
        act=act,
        proof=proof,
        subject=version,
        meaning=meaning,
        statement=version_statement(version),
        seen_digest=seen_digest,
    )


@command
def schedule_version(
    *, version_id: int, seen: int | None = None, effective_from: datetime | None, act: Act
) -> RecipeVersion:
    """Set when an approved version comes into force by itself; None takes the date back.

    Raises:
        NotPermitted: whoever asks is not quality assurance.
        IllegalMove: the version is not approved.
        Conflict: it is an entry of the library.
        Invalid: the time is over.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "put recipes in force")
    _therapy_of(version)
    if effective_from is not None and effective_from <= act.at:
        raise Invalid("This time is over.", pointer="/effective_from", code="past")
    version.effective_from = effective_from
    move_version(version, "schedule", "effective_from", act=act, reason="")
    return version


@command
def make_effective(*, version_id: int, seen: int | None = None, act: Act) -> RecipeVersion:
    """Put an approved version in force; the former one is superseded in the same moment.

    Raises:
        NotPermitted: whoever asks is not quality assurance.
        IllegalMove: the version is not approved.
        Conflict: it is an entry of the library, which is inserted, and never in force itself.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "put recipes in force")
    return _in_force(version, act)


@command(may_be_silent=True)
def make_due_effective(*, act: Act) -> list[RecipeVersion]:
    """Put every approved version in force whose time has come, the earliest first.

    Asked every minute by a worker, and before a batch is planned: a late worker makes nobody plan
    by a recipe that is not in force any more.
    """
    due = RecipeVersion.objects.filter(state="approved", effective_from__lte=act.at)
    found = []
    for pk in list(due.order_by("effective_from", "pk").values_list("pk", flat=True)):
        version = version_for_update(pk, seen=None)
        # Another worker may have been faster, or quality may have taken the date back.
        is_due = version.effective_from is not None and version.effective_from <= act.at
        if version.state == "approved" and is_due:
            found.append(_in_force(version, act, reason="its time has come"))
    return found


def _in_force(version: RecipeVersion, act: Act, reason: str = "") -> RecipeVersion:
    """Put a version that is locked in force, in place of the one of its therapy and site."""
    recipe, therapy = version.recipe, _therapy_of(version)
    Therapy.objects.select_for_update().get(pk=therapy.pk)
    former = RecipeVersion.objects.select_for_update(of=("self",)).select_related("recipe")
    for one in former.filter(
        recipe__therapy=therapy, recipe__site=recipe.site_id, state="effective"
    ):
        move_version(one, "supersede", act=act, reason=f"by {version_title(version)}")
    version.effective_at = act.at
    move_version(version, "make_effective", "effective_at", act=act, reason=reason)
    publish(
        VersionEffective(
            act=act,
            subject=recipe.code,
            version_id=version.pk,
            recipe=recipe.code,
            number=version.number,
            therapy=therapy.code,
            document_digest=version.document_digest,
        )
    )
    return version


def _therapy_of(version: RecipeVersion) -> Therapy:
    therapy = version.recipe.therapy
    if therapy is None:
        raise Conflict(
            "An entry of the library is inserted into recipes; it is never in force itself.",
            code="library",
        )
    return therapy


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
