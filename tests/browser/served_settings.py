"""Settings of a server that a browser test starts: the test's database, keys and witness."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

KEY_DIR = Path(os.environ["SERVED_KEY_DIR"])
CHECKPOINT_FILE = Path(os.environ["SERVED_CHECKPOINT_FILE"])
STATIC_ROOT = Path(os.environ["STATIC_ROOT"])
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
