"""Pages of the audit app."""

from django.urls import path

from audit.views import access, house, ledger, people, reviews, signing, training

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/searches/", ledger.keep, name="ledger-keep"),
    path("ledger/searches/<int:search_id>/forget/", ledger.forget, name="ledger-forget"),
    path("access-log/", access.access_log, name="access-log"),
    path("accountability/", signing.statement, name="accountability"),
    path("set-up/", house.set_up, name="set-up"),
    path("set-up/<str:name>/", house.set_up_change, name="set-up-change"),
    path("locks/", signing.locks, name="locks"),
    path("people/", people.people, name="people"),
    path("open-account/", people.account_open, name="account-open"),
    path("people/<str:username>/", people.person, name="person"),
    path("people/<str:username>/roles/", people.role_ask, name="role-ask"),
    path("people/<str:username>/unlock/", signing.account_unlock, name="account-unlock"),
    path("people/<str:username>/activate/", people.account_activate, name="account-activate"),
    path("people/<str:username>/close/", people.account_close, name="account-close"),
    path("people/<str:username>/training/", training.training_add, name="training-add"),
    path("roles/<int:grant_id>/revoke/", people.role_revoke, name="role-revoke"),
    path("role-requests/<int:request_id>/approve/", people.role_approve, name="role-approve"),
    path("role-requests/<int:request_id>/decline/", people.role_decline, name="role-decline"),
    path("role-requests/<int:request_id>/withdraw/", people.role_withdraw, name="role-withdraw"),
    path("access-reviews/", reviews.access_reviews, name="access-reviews"),
    path("access-reviews/of/<str:code>/", reviews.access_list, name="access-list"),
    path("access-reviews/of/<str:code>/sign/", reviews.access_sign, name="access-sign"),
    path("access-reviews/<int:review_id>/", reviews.access_review, name="access-review"),
]
