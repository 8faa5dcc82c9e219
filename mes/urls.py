"""Every route of the house, floor by floor."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from mes.about import about
from mes.accounts.factor_views import factors_lost
from mes.accounts.views import send_link, sessions_end
from mes.live.presence import here
from mes.record_api import Events, ProductionRecord, Record, RecordPackage, RecordPdf
from mes.scanner_page import scanner, scanner_code
from mes.verification_pages import (
    package_page,
    stop_verification,
    verification,
    verifications,
    verify_all,
    verify_one,
)
from mes.views import ApiDocs, healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("about/", about, name="about"),
    path("scanner/", scanner, name="scanner"),
    path("scanner/<str:name>.svg", scanner_code, name="scanner-code"),
    path("accounts/", include("mes.accounts.urls")),
    path("people/<str:username>/password-link/", send_link, name="send-link"),
    path("people/<str:username>/factors/lost/", factors_lost, name="factors-lost"),
    path("people/<str:username>/sessions/end/", sessions_end, name="sessions-end"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/events/", Events.as_view(), name="api-events"),
    path("api/v1/batches/<str:number>/record/", Record.as_view(), name="api-record"),
    path(
        "api/v1/batches/<str:number>/production-record/",
        ProductionRecord.as_view(),
        name="api-production-record",
    ),
    path("api/v1/batches/<str:number>/record.pdf", RecordPdf.as_view(), name="api-record-pdf"),
    path("api/v1/batches/<str:number>/package.zip", RecordPackage.as_view(), name="api-package"),
    path("api/docs/", ApiDocs.as_view(), name="api-docs"),
    path("batches/<str:number>/steps/<str:code>/here/", here, name="step-here"),
    path("batches/<str:number>/verify/", verify_one, name="batch-verify"),
    path("verification/", verifications, name="verifications"),
    path("verification/ask/", verify_all, name="verification-ask"),
    path("verification/package/", package_page, name="verify-package"),
    path("verification/<int:job_id>/", verification, name="verification"),
    path("verification/<int:job_id>/stop/", stop_verification, name="verification-stop"),
    path("", include("audit.urls")),
    path("", include("supply.urls")),
    path("", include("recipes.urls")),
    path("", include("batches.urls")),
    path("", include("quality.urls")),
    path("", include("monitoring.urls")),
]

handler400 = "mes.views.bad_request"
handler403 = "mes.views.forbidden"
handler404 = "mes.views.not_found"
handler500 = "mes.views.broken"
