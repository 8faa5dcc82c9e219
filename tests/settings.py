"""Settings of the tests: the real ones, with a fast password hasher and files thrown away."""

import os
import tempfile

_thrown_away = os.environ.setdefault("ONELOT_TEST_DIR", tempfile.mkdtemp(prefix="onelot-"))
os.environ.setdefault("ONELOT_ENV", "test")
os.environ.setdefault("SECRET_KEY", "for-tests-only-" + "x1y2z3" * 10)
os.environ["KEY_DIR"] = f"{_thrown_away}/keys"
os.environ["CHECKPOINT_FILE"] = f"{_thrown_away}/checkpoints.jsonl"
os.environ.setdefault("DATABASE_URL", "postgres://onelot_app@127.0.0.1:1/onelot")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from mes.settings import *  # noqa: E402, F403

ONELOT_ENV = "test"
IS_PROD = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
