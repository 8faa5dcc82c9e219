"""A laboratory record, the screen: sample, amounts, raw data and result taken together."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.edges import act_of_request
from audit.views import roles_required
from batches import commands
from batches.rules.laboratory import TestData
from batches.views.files import MOST
from batches.views.forms import go, noted, seen_version
from batches.views.laboratory_screen import AMOUNT
from batches.views.step_screen import Typed
from batches.views.steps import MAKERS, found_step, path_of, refused
from kernel.errors import Invalid, Refusal


@require_POST
@roles_required(*MAKERS)
def enter_test(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Take the record of a test; then the analyst's signature is asked for at once."""
    step = found_step(request, number, code)
    form = request.POST
    amounts = {
        name.removeprefix(AMOUNT): str(text)[:40]
        for name, text in form.items()
        if name.startswith(AMOUNT)
    }
    typed = Typed(
        value=form.get("value", "")[:40],
        reason=form.get("reason", "")[:1100],
        happened_at=form.get("happened_at", "")[:40],
        fields={name: str(text)[:64] for name, text in form.items()},
        form="value",
    )
    try:
        sent = request.FILES.get("file")
        if sent is None:
            raise Invalid("Choose the file of raw data.", pointer="/file", code="blank")
        with noted(request, "enter_value", step.batch, step):
            commands.enter_value(
                step_id=step.pk,
                seen=seen_version(request),
                entered=typed.value,
                reason=typed.reason,
                happened_at=typed.happened_at,
                test=TestData(
                    sample=form.get("sample", "")[:64],
                    amounts=amounts,
                    content=sent.read(MOST),
                    file_name=sent.name or "",
                ),
                act=act_of_request(request),
            )
    except Refusal as refusal:
        typed.refusal = refusal
        return refused(request, number, code, typed)
    return go(path_of(step) + "?sign=1")
