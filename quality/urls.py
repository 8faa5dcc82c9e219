"""Pages of the quality app."""

from django.urls import path

from quality.views import decisions, deviations, queue, release, review, trail

BATCH = "batches/<str:number>"
EXCEPTION = f"{BATCH}/review/exceptions/<int:exception_id>"

urlpatterns = [
    path("review/", queue.queue, name="review-queue"),
    path(f"{BATCH}/review/", review.review, name="review"),
    path(f"{BATCH}/review/sections/<int:place>/", review.review_section, name="review-section"),
    path(f"{BATCH}/review/signatures/", review.review_signatures, name="review-signatures"),
    path(f"{EXCEPTION}/open/", decisions.open_one, name="exception-open"),
    path(f"{EXCEPTION}/accept/", decisions.accept_one, name="exception-accept"),
    path(f"{EXCEPTION}/deviation/", decisions.escalate_one, name="exception-escalate"),
    path(f"{BATCH}/review/production/", decisions.sign_production, name="review-production"),
    path(f"{BATCH}/review/quality/", decisions.sign_quality, name="review-quality"),
    path(f"{BATCH}/review/return/", decisions.give_back, name="review-return"),
    path(f"{BATCH}/trail/", trail.trail_page, name="trail"),
    path(f"{BATCH}/trail/sign/", trail.sign_trail, name="trail-sign"),
    path(f"{BATCH}/release/", release.release_page, name="release"),
    path(f"{BATCH}/release/sign/", release.sign_release, name="release-sign"),
    path(f"{BATCH}/release/reject/", release.sign_rejection, name="release-reject"),
    path("deviations/", deviations.deviation_list, name="deviations"),
    path("deviations/<str:number>/", deviations.deviation_page, name="deviation"),
    path("deviations/<str:number>/classify/", deviations.classify, name="deviation-classify"),
    path(
        "deviations/<str:number>/investigate/", deviations.investigate, name="deviation-investigate"
    ),
    path("deviations/<str:number>/assess/", deviations.assess, name="deviation-assess"),
    path("deviations/<str:number>/return/", deviations.send_back, name="deviation-return"),
    path("deviations/<str:number>/close/", deviations.close, name="deviation-close"),
    path("deviations/<str:number>/reopen/", deviations.reopen, name="deviation-reopen"),
]
