"""Settings of the tests: the real ones, with a fast password hasher and files thrown away."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "ONELOT_TEST_DIR" not in os.environ:
    os.environ["ONELOT_TEST_DIR"] = tempfile.mkdtemp(prefix="onelot-")
    atexit.register(shutil.rmtree, os.environ["ONELOT_TEST_DIR"], ignore_errors=True)
# Workers of one run share the folder, not the files in it.
_thrown_away = f"{os.environ['ONELOT_TEST_DIR']}/{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
os.environ.setdefault("ONELOT_ENV", "test")
os.environ.setdefault("SECRET_KEY", "for-tests-only-" + "x1y2z3" * 10)
os.environ["KEY_DIR"] = f"{_thrown_away}/keys"
os.environ["CHECKPOINT_FILE"] = f"{_thrown_away}/checkpoints.jsonl"
os.environ.setdefault("DATABASE_URL", "postgres://onelot_app@127.0.0.1:1/onelot")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from mes.settings import *  # noqa: E402, F403
from mes.settings import LOGGING  # noqa: E402

ONELOT_ENV = "test"
IS_PROD = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
STATIC_ROOT = Path(_thrown_away) / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A test that fails shows its own log; requests that went well need no line there.
LOGGING["root"]["level"] = "WARNING"
