"""Files of a step, the screens: handed in, and opened again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request
from audit.views import EVERYBODY, roles_required
from batches import commands
from batches.queries import batch_numbered, file_found
from batches.views.forms import go, noted, person_of, seen_version
from batches.views.step_screen import Typed
from batches.views.steps import MAKERS, found_step, path_of, refused
from kernel.errors import Invalid, Refusal

# What is read of a form before it is refused; what a site lets in is a setting below this.
MOST = 32 * 2**20


@require_POST
@roles_required(*MAKERS)
def attach(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Take the photo or the file of a step; then the signature is asked for at once."""
    step = found_step(request, number, code)
    typed = Typed(reason=request.POST.get("reason", ""), form="file")
    try:
        sent = request.FILES.get("file")
        if sent is None:
            raise Invalid("Choose a file.", pointer="/file", code="blank")
        with noted(request, "attach", step.batch, step):
            commands.attach_file(
                step_id=step.pk,
                seen=seen_version(request),
                content=sent.read(MOST),
                name=sent.name or "",
                reason=typed.reason[:1100],
                act=act_of_request(request),
            )
    except Refusal as refusal:
        typed.refusal = refusal
        return refused(request, number, code, typed)
    return go(path_of(step) + "?sign=1")


@require_safe
@roles_required(*EVERYBODY)
def batch_file(request: HttpRequest, number: str, file_id: int) -> HttpResponse:
    """Give out a file of a batch exactly as it is kept, to be saved and never to be run."""
    one = file_found(batch_numbered(number, person_of(request)), file_id)
    answer = HttpResponse(bytes(one.content), content_type=one.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{one.name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer
