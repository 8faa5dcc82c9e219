"""About: which version, build, schema and configuration runs here (21 CFR 11.10(k))."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.permissions import SETTING_CHANGERS, holds
from audit.queries import set_up_items
from audit.views import EVERYBODY, roles_required
from audit.views.asking import person_of
from mes.build import (
    build_digest,
    configuration_digest,
    product_version,
    schema_version,
    source_commit,
)


@require_safe
@roles_required(*EVERYBODY, "admin")
def about(request: HttpRequest) -> HttpResponse:
    """Show what runs, as it stands in the validation pack and in a qualification."""
    facts = (
        ("Version", product_version()),
        ("Build", build_digest()),
        ("Commit", source_commit() or "not known here"),
        ("Schema", schema_version()),
        ("Configuration", configuration_digest()),
    )
    context = {
        "facts": facts,
        "items": set_up_items(),
        "may_set_up": holds(person_of(request), *SETTING_CHANGERS),
    }
    return render(request, "audit/about.html", context)
