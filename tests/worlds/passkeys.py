"""A passkey in software: it answers as a security key would (WebAuthn level 3, packed by hand)."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


class Passkey:
    """One key for one address; ``is_verified`` says whether it saw a finger, a face or a PIN."""

    def __init__(self, host: str = "testserver") -> None:
        self.host = host
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)

    def made(self, options: dict[str, Any], *, is_verified: bool = True) -> str:
        """What the browser sends when the key is added."""
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        held = b"\0" * 16 + len(self.id).to_bytes(2, "big") + self.id + public
        seen = self._seen(is_verified, HAS_KEY) + held
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": seen})
        client = self._client("webauthn.create", options["publicKey"]["challenge"])
        return self._sent({"clientDataJSON": client, "attestationObject": attested})

    def shown(self, options: dict[str, Any], *, is_verified: bool = True, origin: str = "") -> str:
        """What the browser sends when the key is used."""
        seen = self._seen(is_verified, 0)
        client = self._client("webauthn.get", options["publicKey"]["challenge"], origin)
        signature = self.key.sign(seen + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": seen, "signature": signature}
        return self._sent(parts)

    def _seen(self, is_verified: bool, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if is_verified else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + b"\0\0\0\1"

    def _client(self, kind: str, challenge: Any, origin: str = "") -> bytes:
        text = challenge if isinstance(challenge, str) else websafe_encode(challenge)
        assert websafe_decode(text)
        told = {"type": kind, "challenge": text, "origin": origin or f"https://{self.host}"}
        return json.dumps({**told, "crossOrigin": False}).encode()

    def _sent(self, parts: dict[str, bytes]) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: websafe_encode(part) for name, part in parts.items()},
            }
        )
