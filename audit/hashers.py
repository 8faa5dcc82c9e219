"""Password hashing with a profile that OWASP ASVS 5.0 appendix C approves."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import get_native_id

from django.contrib.auth.hashers import Argon2PasswordHasher

# Note [Room beside the hash]: a hash takes a core for twenty milliseconds on purpose. When many
# sign at once they wait for each other here, and the other half of the cores shows pages
# meanwhile. A page that needs this half, too, comes first: threads that hash are nicer.
ROOM = max(1, (os.cpu_count() or 1) // 2)
NICER = 10


class OwaspArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: many may sign at once on two cores."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, when there is room."""
        return _room(os.getpid()).submit(super().encode, password, salt).result()

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, when there is room."""
        return _room(os.getpid()).submit(super().verify, password, encoded).result()


@cache
def _room(_process: int) -> ThreadPoolExecutor:
    """Return the threads that hash; a forked process has none of its parent's, and makes its own."""
    return ThreadPoolExecutor(ROOM, thread_name_prefix="hash", initializer=_be_nicer)


def _be_nicer() -> None:
    # Linux counts niceness by thread; elsewhere the whole process would be slowed down.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICER)
