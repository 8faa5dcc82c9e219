"""Pages and resources of the batches app."""

from django.urls import path

from batches import views
from batches.api.amendments import AmendmentsOfBatch
from batches.api.batches import Batches, OneBatch
from batches.api.collections import Collections, CollectionsOfOrder
from batches.api.orders import OneOrder, Orders

BATCH = "batches/<str:number>/"
STEP = f"{BATCH}steps/<str:code>/"
ROOM = "equipment/<str:code>/changeovers/"
ORDER = "orders/<str:number>/"

urlpatterns = [
    path("api/v1/orders/", Orders.as_view(), name="api-orders"),
    path("api/v1/orders/<str:number>/", OneOrder.as_view(), name="api-order"),
    path(
        "api/v1/orders/<str:number>/collections/",
        CollectionsOfOrder.as_view(),
        name="api-order-collections",
    ),
    path("api/v1/batches/", Batches.as_view(), name="api-batches"),
    path("api/v1/batches/<str:number>/", OneBatch.as_view(), name="api-batch"),
    path(
        "api/v1/batches/<str:number>/amendments/",
        AmendmentsOfBatch.as_view(),
        name="api-batch-amendments",
    ),
    path("api/v1/collections/", Collections.as_view(), name="api-collections"),
    path("", views.my_work, name="home"),
    path("work/cards/", views.my_work_cards, name="my-work-cards"),
    path("work/scan/", views.open_scanned, name="open-scanned"),
    path("orders/", views.order_list, name="orders"),
    path("orders/new/", views.order_new, name="order-new"),
    path(ORDER, views.order_page, name="order"),
    path(f"{ORDER}reveal/", views.order_reveal, name="order-reveal"),
    path(f"{ORDER}collect/", views.order_collect, name="order-collect"),
    path(f"{ORDER}cancel/", views.order_cancel, name="order-cancel"),
    path("receipt/", views.receipt_list, name="receipt"),
    path("receipt/choose/", views.receipt_choose, name="receipt-choose"),
    path("receipt/<str:number>/", views.receipt_order, name="receipt-order"),
    path("receipt/<str:number>/scan/", views.receipt_scan, name="receipt-scan"),
    path("batches/", views.batch_list, name="batches"),
    path(ROOM, views.changeovers, name="room-changeovers"),
    path(f"{ROOM}begin/", views.changeover_begin, name="changeover-begin"),
    path(f"{ROOM}point/", views.changeover_point, name="changeover-point"),
    path(f"{ROOM}sign/", views.changeover_sign, name="changeover-sign"),
    path(f"{ROOM}plan/", views.changeover_plan, name="changeover-plan"),
    path(f"{ROOM}plan/approve/", views.changeover_plan_approve, name="changeover-plan-approve"),
    path(f"{ROOM}plan/withdraw/", views.changeover_plan_withdraw, name="changeover-plan-withdraw"),
    path("batches/plan/", views.plan, name="batch-plan"),
    path("recipes/<str:code>/<int:number>/replay/", views.replay, name="recipe-replay"),
    path("recipes/<str:code>/<int:number>/rehearse/", views.rehearse, name="recipe-rehearse"),
    path("rehearsals/<int:number>/", views.rehearsal, name="rehearsal"),
    path("rehearsals/<int:number>/leave/", views.rehearsal_leave, name="rehearsal-leave"),
    path("rehearsals/<int:number>/confirm/", views.rehearsal_confirm, name="rehearsal-confirm"),
    path(BATCH, views.batch_page, name="batch"),
    path(f"{BATCH}issue/", views.issue, name="batch-issue"),
    path(f"{BATCH}start/", views.start, name="batch-start"),
    path(f"{BATCH}hold/", views.hold, name="batch-hold"),
    path(f"{BATCH}resume/", views.resume, name="batch-resume"),
    path(f"{BATCH}abort/", views.abort, name="batch-abort"),
    path(f"{BATCH}cancel/", views.cancel, name="batch-cancel"),
    path(f"{BATCH}amendments/", views.amendments, name="batch-amendments"),
    path(f"{BATCH}amendments/new/", views.amendment_new, name="amendment-new"),
    path(
        f"{BATCH}amendments/<int:amendment>/approve/",
        views.amendment_approve,
        name="amendment-approve",
    ),
    path(
        f"{BATCH}amendments/<int:amendment>/reject/",
        views.amendment_reject,
        name="amendment-reject",
    ),
    path(
        f"{BATCH}amendments/<int:amendment>/withdraw/",
        views.amendment_withdraw,
        name="amendment-withdraw",
    ),
    path(STEP, views.step_page, name="step"),
    path(f"{STEP}status/", views.step_status, name="step-status"),
    path(f"{STEP}start/", views.start_step, name="step-start"),
    path(f"{STEP}value/", views.enter_value, name="step-value"),
    path(f"{STEP}sign/", views.sign_step, name="step-sign"),
    path(f"{STEP}verify/", views.verify_step, name="step-verify"),
    path(f"{STEP}phase/", views.move_phase, name="step-phase"),
    path(f"{STEP}file/", views.attach, name="step-file"),
    path(f"{STEP}weigh/<str:gesture>/", views.weigh, name="step-weigh"),
    path(f"{STEP}labels/", views.labels, name="step-labels"),
    path(f"{STEP}labels/replace/", views.replace_label, name="step-label-replace"),
    path(f"{BATCH}files/<int:file_id>/", views.batch_file, name="batch-file"),
    path(f"{STEP}test/", views.enter_test, name="step-test"),
    path(f"{BATCH}files/", views.batch_files, name="batch-files"),
    path(f"{BATCH}files/certify/", views.certify_copy, name="batch-certify"),
    path(f"{BATCH}copies/<int:copy>/", views.certified_copy, name="batch-copy"),
    path(f"{STEP}correct/", views.correct_value, name="step-correct"),
]
