"""What django-allauth is allowed to do here: second factors, and nothing that it could do else.

Accounts are opened by people who look after access: nobody signs up, no mail is sent, and no
session is remembered longer than any other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpRequest
from django.urls import reverse

from audit.keys import secret

NONCE = 12


class Accounts(DefaultAccountAdapter):
    """Closed: people come in by the door only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the page that follows does."""

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: there are no addresses here."""

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the one way in which somebody shows again who they are: the password."""
        return [
            {
                "id": "reauthenticate",
                "description": "Use your password",
                "url": reverse("account_reauthenticate"),
            }
        ]


class Factors(DefaultMFAAdapter):
    """Second factors: their seeds are encrypted with a key that is not in the database."""

    def encrypt(self, text: str) -> str:
        """Return a seed as it is stored."""
        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(_key()).encrypt(nonce, text.encode(), b"factor")
        return base64.b64encode(nonce + sealed).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored seed."""
        whole = base64.b64decode(encrypted_text)
        return AESGCM(_key()).decrypt(whole[:NONCE], whole[NONCE:], b"factor").decode()

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: the ledger is told."""

    def _get_site_name(self) -> str:
        return "OneLot"


def _key() -> bytes:
    return hmac.new(secret("vault"), b"seeds of second factors", hashlib.sha256).digest()
