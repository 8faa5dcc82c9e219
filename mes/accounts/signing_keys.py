"""Passkeys as the private component of a signature (21 CFR 11.200): see ``audit/passkeys.py``."""

from __future__ import annotations

import json
import struct
from typing import Any

from allauth.mfa.webauthn.internal.auth import get_credentials, get_server
from fido2.utils import websafe_encode
from fido2.webauthn import UserVerificationRequirement

from audit.models import User

LONGEST = 8_192


class SigningKeys:
    """The passkeys that people have added as second factors."""

    def options(self, user: User, challenge: bytes) -> dict[str, Any]:
        """Return what the browser is asked: one of the person's keys, which verifies them."""
        keys = [
            {"type": "public-key", "id": websafe_encode(one.credential_id)}
            for one in get_credentials(user)
        ]
        return {
            "publicKey": {
                "challenge": websafe_encode(challenge),
                "rpId": get_server().rp.id,
                "allowCredentials": keys,
                "userVerification": "required",
            }
        }

    def is_shown(self, user: User, credential: str, challenge: bytes) -> bool:
        """Say whether a key of this person signed the challenge, and verified them."""
        state = {
            "challenge": websafe_encode(challenge),
            "user_verification": UserVerificationRequirement.REQUIRED,
        }
        if len(credential) > LONGEST:
            return False
        try:
            get_server().authenticate_complete(state, get_credentials(user), json.loads(credential))
        except (ValueError, TypeError, LookupError, AttributeError, struct.error):
            return False
        return True
