"""Pages of second factors: the one at the door, and the list of one's own."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from audit.commands import note_access
from audit.edges import act_of_request, now, origin_of
from audit.models import AccessEvent
from audit.permissions import ROLE_ASKERS
from audit.queries import person_seen
from audit.views import roles_required
from audit.views.asking import person_of
from audit.views.people import LONGEST_REASON, person_screen
from kernel.errors import Refusal
from mes.accounts.factors import is_second_missing, is_too_far, revoke_factors


class SecondFactor(AuthenticateView):
    """The second question at the door; a wrong answer stands in the access log."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Note the attempt, and ask again."""
        user = self.stage.login.user
        note_access(
            username=user.get_username(),
            outcome=AccessEvent.Outcome.FAILED,
            origin=origin_of(self.request),
            path=self.request.path,
            agent=self.request.META.get("HTTP_USER_AGENT", ""),
            at=now(),
        )
        answer: HttpResponse = super().form_invalid(form)
        answer.status_code = 401
        return answer


class Again(ReauthenticateView):
    """The password once more, before second factors change: the session goes on under a new key."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Change the key of the session."""
        answer: HttpResponse = super().form_valid(form)
        self.request.session.cycle_key()
        return answer


class FactorList(IndexView):
    """One's own second factors."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether one has to be set up before anything else."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        found["is_too_far"] = is_too_far(self.request, person_of(self.request))
        found["must"] = is_second_missing(self.request, person_of(self.request))
        return found


def factors(request: HttpRequest) -> HttpResponse:
    """Show one's own second factors."""
    answer: HttpResponse = FactorList.as_view()(request)
    return answer


@require_POST
@roles_required(*ROLE_ASKERS)
def factors_lost(request: HttpRequest, username: str) -> HttpResponse:
    """Take the second factors of somebody away who lost one."""
    user = person_seen(username, person_of(request))
    act = act_of_request(request, reason=request.POST.get("reason", "")[:LONGEST_REASON])
    try:
        revoke_factors(username=user.username, act=act)
    except Refusal as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)
