"""Password hashing with a profile that OWASP ASVS 5.0 appendix C approves."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class OwaspArgon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: many may sign at once on two cores."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1
