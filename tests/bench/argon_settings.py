"""Settings of a server that checks passwords as in production."""

from tests.settings import *  # noqa: F403

PASSWORD_HASHERS = ["audit.hashers.OwaspArgon2"]
