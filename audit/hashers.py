"""Password hashing with a profile that OWASP ASVS 5.0 appendix C approves."""

from __future__ import annotations

import os
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# Note [Room beside the hash]: a hash takes a core for twenty milliseconds on purpose. When many
# sign at once they wait for each other here, and the other half of the cores shows pages meanwhile.
_room = BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))


class OwaspArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: many may sign at once on two cores."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, when there is room."""
        with _room:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, when there is room."""
        with _room:
            return super().verify(password, encoded)
