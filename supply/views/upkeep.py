"""What people do on the page of a unit: clean, serve, calibrate, check."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer
from audit.views import roles_required
from audit.views.asking import day_in
from kernel.errors import Invalid, NotFound
from supply import commands
from supply.models import Equipment
from supply.views.unit import MOVES, answer


@require_POST
@roles_required("operator", "qa")
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Begin the cleaning of a unit, take it out of service, or its qualification away."""

    def act(unit: Equipment) -> str:
        verb = request.POST.get("verb", "")
        if verb not in MOVES:
            raise Invalid("There is no such move.", pointer="/verb", code="unknown_word")
        commands.move_equipment(
            code=unit.code,
            verb=verb,
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
        return f"{unit.name} {MOVES[verb][1]}."

    return answer(request, code, act)


@require_POST
@roles_required("operator", "qa")
def sign_unit(request: HttpRequest, code: str) -> HttpResponse:
    """Declare a unit clean, back in service, or qualified, with a signature."""

    def act(unit: Equipment) -> str:
        verb = request.POST.get("verb", "")
        if verb not in MOVES:
            raise Invalid("There is no such move.", pointer="/verb", code="unknown_word")
        proof = proof_of_signer(request)
        commands.sign_equipment(
            code=unit.code,
            verb=verb,
            reason=request.POST.get("reason", ""),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
        return f"{unit.name} {MOVES[verb][1]}."

    return answer(request, code, act)


@require_POST
@roles_required("engineer", "qa")
def calibrate(request: HttpRequest, code: str) -> HttpResponse:
    """Record what the certificate of a calibration says."""

    def act(unit: Equipment) -> str:
        given = request.POST
        if given.get("result") not in ("passed", "failed"):
            raise Invalid("Say whether it passed.", pointer="/result", code="blank")
        made = commands.record_calibration(
            code=unit.code,
            certificate=given.get("certificate", ""),
            done_by=given.get("done_by", ""),
            done_on=_day(request, "done_on"),
            due_on=_day(request, "due_on"),
            is_passed=given["result"] == "passed",
            act=act_of_request(request),
        )
        return f"Certificate {made.certificate} is recorded. Quality accepts it."

    return answer(request, code, act)


def _day(request: HttpRequest, name: str) -> date:
    found = day_in(request.POST, name)
    if found is None:
        raise Invalid("A day is needed.", pointer=f"/{name}", code="blank")
    return found


def _own(unit: Equipment, calibration_id: int) -> int:
    """Return the id of a calibration of this unit.

    Raises:
        NotFound: it is another unit's.
    """
    if not unit.calibrations.filter(pk=calibration_id).exists():
        raise NotFound("There is no such calibration.")
    return calibration_id


@require_POST
@roles_required("qa")
def accept(request: HttpRequest, code: str, calibration_id: int) -> HttpResponse:
    """Accept a calibration, with a signature."""

    def act(unit: Equipment) -> str:
        proof = proof_of_signer(request)
        made = commands.accept_calibration(
            calibration_id=_own(unit, calibration_id),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
        return f"Certificate {made.certificate} is accepted."

    return answer(request, code, act)


@require_POST
@roles_required("qa")
def decline(request: HttpRequest, code: str, calibration_id: int) -> HttpResponse:
    """Decline what was recorded of a calibration."""

    def act(unit: Equipment) -> str:
        made = commands.decline_calibration(
            calibration_id=_own(unit, calibration_id),
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
        return f"Certificate {made.certificate} is declined."

    return answer(request, code, act)


@require_POST
@roles_required("engineer")
def connect(request: HttpRequest, code: str) -> HttpResponse:
    """Say on which line a scale is read."""

    def act(unit: Equipment) -> str:
        commands.connect_scale(
            code=unit.code,
            line=request.POST.get("line", ""),
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
        return f"{unit.name} is connected. Quality declares it qualified before it is used."

    return answer(request, code, act)


@require_POST
@roles_required("operator", "qa")
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Record what a scale shows with its check weight on it."""

    def act(unit: Equipment) -> str:
        made = commands.check_scale(
            code=unit.code, entered=request.POST.get("shown", ""), act=act_of_request(request)
        )
        verdict = "passed" if made.is_passed else "failed: the scale may not be used"
        return f"The check of {unit.name} {verdict}."

    return answer(request, code, act)


@require_POST
@roles_required("engineer", "qa")
def place(request: HttpRequest, code: str) -> HttpResponse:
    """Say on which level a unit stands, and what it is part of."""

    def act(unit: Equipment) -> str:
        made = commands.place_part(
            code=unit.code,
            level=request.POST.get("level", ""),
            parent_code=request.POST.get("parent_code", ""),
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
        told = f"is part of {made.parent.name}" if made.parent else "is part of nothing"
        return f"{made.name} {told}."

    return answer(request, code, act)
