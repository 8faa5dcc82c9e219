"""Keys that never enter the database: the seal of signatures and checkpoints, and named secrets.

Note [Trust boundary]: whoever owns the database but not these files cannot forge a seal. Whoever
owns both, and the checkpoint file, can; keep them with different people (21 CFR 11.200(a)(3)).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.x509.oid import NameOID
from django.conf import settings

from kernel.errors import Unavailable

# The named secrets of the house: what wraps the keys of the vault and blinds its index, and what
# warrants that an entry of the ledger was written by the application.
SECRETS = ("ledger", "vault")


def _folder() -> Path:
    return Path(settings.KEY_DIR)


def _create(path: Path, content: bytes) -> None:
    """Write a new key file, mode 0600; a file that appeared meanwhile is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its own name for each thread: two that find the key missing at once both end with the first.
    partial = path.with_suffix(f".{secrets.token_hex(8)}.new")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _fresh_seal() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def made_keys() -> list[str]:
    """Make the key files that are missing, in production too, and return the names of all."""
    wanted = {"seal.pem": _fresh_seal, "paper.pem": _fresh_paper}
    wanted |= {f"{name}.key": _fresh_secret for name in SECRETS}
    for name, fresh in wanted.items():
        if not (_folder() / name).exists():
            _create(_folder() / name, fresh())
    return sorted(wanted)


def changed_seal() -> tuple[str, str]:
    """Retire the sealing key into ``seal-<id>.pub`` and make a new one; return both ids.

    What the old key sealed stays verifiable; its private part is gone.

    Raises:
        Unavailable: there is no sealing key to change.
    """
    old_id, private = sealing_key()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _create(_folder() / f"seal-{old_id}.pub", public)
    fresh = _folder() / "seal.next"
    fresh.unlink(missing_ok=True)
    _create(fresh, _fresh_seal())
    fresh.replace(_folder() / "seal.pem")
    sealing_key.cache_clear()
    known_keys.cache_clear()
    return old_id, sealing_key()[0]


def _fresh_secret() -> bytes:
    return os.urandom(32)


def key_id_of(public: Ed25519PublicKey) -> str:
    """Return the short name of a key: 16 hexadecimal digits of the SHA-256 of its raw bytes."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


@cache
def sealing_key() -> tuple[str, Ed25519PrivateKey]:
    """Return the key that seals now, and its id; it is made on first use outside production.

    Raises:
        Unavailable: in production, when there is no key file.
    """
    path = _folder() / "seal.pem"
    if not path.exists():
        if settings.ONELOT_ENV == "prod":
            raise Unavailable("The sealing key is missing: no signature can be taken.")
        _create(path, _fresh_seal())
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable("The sealing key is not an Ed25519 key.")
    return key_id_of(private.public_key()), private


@cache
def known_keys() -> dict[str, Ed25519PublicKey]:
    """Return every public key a seal may carry: today's, and those retired into ``seal-*.pub``."""
    key_id, private = sealing_key()
    known = {key_id: private.public_key()}
    for path in sorted(_folder().glob("seal-*.pub")):
        public = serialization.load_pem_public_key(path.read_bytes())
        if isinstance(public, Ed25519PublicKey):
            known[key_id_of(public)] = public
    return known


def _fresh_paper() -> bytes:
    """Return a key for printed records and its certificate, signed by itself.

    Its dates say nothing: who trusts it, trusts its fingerprint.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OneLot batch records")])
    not_for = "key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    usage = dict.fromkeys((*not_for.split(), "encipher_only", "decipher_only"), False)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1))  # noqa: DTZ001 - X.509 has no zones
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59))  # noqa: DTZ001 - RFC 5280, 4.1.2.5
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
        )
        .sign(private, hashes.SHA256())
    )
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


@cache
def paper_key() -> tuple[bytes, bytes]:
    """Return the key that signs printed records (PKCS 8) and its certificate, both as DER.

    ``paper.pem`` holds both; a site may put there what its own authority issued.

    Raises:
        Unavailable: in production, when there is no key file.
    """
    path = _folder() / "paper.pem"
    if not path.exists():
        if settings.ONELOT_ENV == "prod":
            raise Unavailable("The key of printed records is missing: run make_keys.")
        _create(path, _fresh_paper())
    content = path.read_bytes()
    private = serialization.load_pem_private_key(content, password=None)
    certificate = x509.load_pem_x509_certificate(content)
    return private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ), certificate.public_bytes(serialization.Encoding.DER)


def seal(text: str) -> tuple[str, str]:
    """Return (key id, Ed25519 signature in hexadecimal) over the UTF-8 of ``text``."""
    key_id, private = sealing_key()
    return key_id, private.sign(text.encode()).hex()


def is_sealed(text: str, *, key_id: str, signature: str) -> bool:
    """Say whether ``signature`` is the seal of a known key over ``text``."""
    public = known_keys().get(key_id)
    if public is None:
        # The key may have been changed while this process was running.
        known_keys.cache_clear()
        sealing_key.cache_clear()
        public = known_keys().get(key_id)
    if public is None:
        return False
    try:
        public.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def secret(name: str) -> bytes:
    """Return the 32 secret bytes kept under ``name``; made on first use outside production."""
    path = _folder() / f"{name}.key"
    if not path.exists():
        if settings.ONELOT_ENV == "prod":
            raise Unavailable(f"The key file {name}.key is missing.")
        _create(path, _fresh_secret())
    content = path.read_bytes()
    if len(content) != 32:
        raise Unavailable(f"The key file {name}.key is not 32 bytes long.")
    return content


@cache
def _warrant_pads() -> tuple[Any, Any]:
    """Return the hash states behind HMAC-SHA256 (RFC 2104), begun once: half the time per entry."""
    key = secret("ledger").ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))
    return inner, outer


def warrants_in(stream: str) -> Callable[[str], str]:
    """Return what makes the warrants of one stream, with all that is the same for each done once."""
    inner, outer = _warrant_pads()
    of_stream = inner.copy()
    of_stream.update(f"{stream}\n".encode())
    begun, ended = of_stream.copy, outer.copy

    def warrant(text: str) -> str:
        first, second = begun(), ended()
        first.update(text.encode())
        second.update(first.digest())
        return str(second.hexdigest())

    return warrant


def warrant_of(stream: str, text: str) -> str:
    """Return the proof that this application wrote ``text`` into ``stream``: HMAC-SHA256 in hex.

    Whoever owns the database can add an entry through the trigger, properly chained; only who
    holds the key can make its warrant.
    """
    return warrants_in(stream)(text)
