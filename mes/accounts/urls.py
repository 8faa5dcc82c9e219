"""The routes of accounts: of all that allauth could do, only second factors are here."""

from allauth.mfa.recovery_codes.views import generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, remove_webauthn
from allauth.socialaccount.providers.openid_connect.views import callback
from allauth.socialaccount.providers.openid_connect.views import login as ask_provider
from django.contrib.auth.views import LogoutView
from django.urls import path

from mes.accounts.factor_views import Again, SecondFactor, factors
from mes.accounts.factors import told
from mes.accounts.views import password, password_link, session
from mes.views import SignIn

urlpatterns = [
    path("login/", SignIn.as_view(), name="login"),
    path("login/", SignIn.as_view(), name="account_login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("oidc/<str:provider_id>/login/", ask_provider, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", callback, name="openid_connect_callback"),
    path("session/", session, name="session"),
    path("password/", password, name="password"),
    path("password/link/", password_link, name="password-link"),
    path("again/", Again.as_view(), name="account_reauthenticate"),
    path("factors/", factors, name="mfa_index"),
    path("factors/", factors, name="mfa_list_webauthn"),
    path("factors/authenticate/", SecondFactor.as_view(), name="mfa_authenticate"),
    path("factors/codes/", view_recovery_codes, name="mfa_view_recovery_codes"),
    path("factors/codes/new/", told(generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("factors/app/", told(activate_totp), name="mfa_activate_totp"),
    path("factors/app/remove/", told(deactivate_totp), name="mfa_deactivate_totp"),
    path("factors/passkey/", told(add_webauthn), name="mfa_add_webauthn"),
    path("factors/passkey/<int:pk>/remove/", told(remove_webauthn), name="mfa_remove_webauthn"),
]
